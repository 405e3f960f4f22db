"""What a segment is, once read: comparisons, and how they are joined. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias


class Field(StrEnum):
    """What can be asked of a person on a list."""

    STATUS = "status"
    CADENCE = "cadence"
    LANGUAGE = "language"
    DOMAIN = "domain"
    ADDRESS = "address"
    TAG = "tag"
    ID = "id"
    JOINED = "joined"
    CONFIRMED = "confirmed"
    LEFT = "left"
    PAUSED = "paused"
    SUPPRESSED = "suppressed"
    ATTRIBUTE = "attribute"  # attribute.city = "上海"


class Operator(StrEnum):
    """How a field is compared."""

    IS = "="
    IS_NOT = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    NOT_IN = "not in"
    STARTS = "starts"
    CONTAINS = "contains"


class Sort(StrEnum):
    """What a field's values are."""

    WORD = "word"  # one of few
    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a field may be compared with, and how."""

    sort: Sort
    operators: Sequence[Operator]
    words: Sequence[str] = ()  # all there are


_SAME = (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN)
_ORDER = (Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST)
_FLAG = Kind(sort=Sort.YES_NO, operators=(Operator.IS, Operator.IS_NOT), words=("yes", "no"))
_DAY = Kind(sort=Sort.DAY, operators=(Operator.IS, Operator.IS_NOT, *_ORDER))

FIELDS: Mapping[Field, Kind] = {
    Field.STATUS: Kind(sort=Sort.WORD, operators=_SAME, words=("pending", "active", "left")),
    Field.CADENCE: Kind(sort=Sort.WORD, operators=_SAME, words=("daily", "weekdays", "weekly")),
    Field.LANGUAGE: Kind(sort=Sort.WORD, operators=_SAME, words=("zh-CN", "en", "default")),
    Field.DOMAIN: Kind(sort=Sort.TEXT, operators=_SAME),
    Field.ADDRESS: Kind(sort=Sort.TEXT, operators=(*_SAME, Operator.STARTS, Operator.CONTAINS)),
    Field.TAG: Kind(sort=Sort.TEXT, operators=_SAME),
    Field.ID: Kind(sort=Sort.NUMBER, operators=(*_SAME, *_ORDER)),
    Field.JOINED: _DAY,
    Field.CONFIRMED: _DAY,
    Field.LEFT: _DAY,
    Field.PAUSED: _FLAG,
    Field.SUPPRESSED: _FLAG,
    Field.ATTRIBUTE: Kind(sort=Sort.TEXT, operators=_SAME),
}

Value: TypeAlias = str | int | date | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One field and what it is compared with."""

    field: Field
    operator: Operator
    values: tuple[Value, ...]  # several only for ``in`` and ``not in``
    name: str = ""  # of an attribute


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part."""

    part: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; none: everybody."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One part holds at least."""

    parts: tuple[Node, ...]


Node: TypeAlias = Comparison | Not | All | Either


class Problem(StrEnum):
    """What is wrong with the text of a segment. The interface has the words for each."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    CHARACTER = "character"  # one that means nothing here
    QUOTE = "quote"  # opened and never closed
    FIELD = "field"  # no such field
    OPERATOR = "operator"  # not for this field
    VALUE = "value"  # a value is missing
    WORD = "word"  # none of the words the field knows
    DAY = "day"
    NUMBER = "number"
    BRACKET = "bracket"  # a closing one is missing
    END = "end"  # something stands behind the end
    ATTRIBUTE = "attribute"  # which one is not said


# For the command line and the API; the pages have their own words, in two languages.
_SAYS: Mapping[Problem, str] = {
    Problem.EMPTY: "there is no condition",
    Problem.TOO_LONG: "{found} are too many",
    Problem.TOO_DEEP: "too many brackets inside each other",
    Problem.CHARACTER: "{found!r} means nothing here",
    Problem.QUOTE: "the quotation mark is never closed",
    Problem.FIELD: "there is no field {found!r}",
    Problem.OPERATOR: "{found!r} does not compare this",
    Problem.VALUE: "a value is missing",
    Problem.WORD: "{found!r} is not known",
    Problem.DAY: "{found!r} is no day",
    Problem.NUMBER: "{found!r} is no number",
    Problem.BRACKET: "a bracket is missing",
    Problem.END: "the condition has ended before {found!r}",
    Problem.ATTRIBUTE: "which attribute is not said",
}


class SegmentError(ValueError):
    """The text is no segment. ``column`` counts from 1; ``allowed`` is what could stand there."""

    def __init__(self, problem: Problem, column: int, found: str = "", allowed: Sequence[str] = ()) -> None:
        could = f" (possible: {', '.join(allowed)})" if allowed else ""
        super().__init__(f"column {column}: {_SAYS[problem].format(found=found[:40])}{could}")
        self.problem = problem
        self.column = column
        self.found = found
        self.allowed = tuple(allowed)


# ---- joining and taking apart ----


def everybody() -> Node:
    """Return what everybody on a list is."""
    return All()


def both(*nodes: Node) -> Node:
    """Return what holds when all of ``nodes`` do."""
    flat = tuple(part for node in nodes for part in parts(node))
    return flat[0] if len(flat) == 1 else All(flat)


def parts(node: Node) -> tuple[Node, ...]:
    """Return the parts that all must hold: of ``a and b``, these two."""
    if isinstance(node, All):
        return tuple(part for each in node.parts for part in parts(each))
    return (node,)


# ---- writing ----

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*")
_RESERVED = frozenset(("and", "or", "not", "in", "starts", "contains"))


def write(node: Node) -> str:
    """Return the text of a segment; reading it gives the same again."""
    return _write(node, inside=False)


def _write(node: Node, *, inside: bool) -> str:
    if isinstance(node, Comparison):
        return _comparison(node)
    if isinstance(node, Not):
        return f"not {_write(node.part, inside=True)}"
    word = " and " if isinstance(node, All) else " or "
    text = word.join(_write(part, inside=True) for part in node.parts)
    return f"({text})" if inside and len(node.parts) > 1 else text


def _comparison(node: Comparison) -> str:
    field = f"{node.field}.{_text(node.name)}" if node.field is Field.ATTRIBUTE else node.field.value
    if node.operator in (Operator.IN, Operator.NOT_IN):
        return f"{field} {node.operator} ({', '.join(map(_value, node.values))})"
    return f"{field} {node.operator} {_value(node.values[0])}"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text not in _RESERVED:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
