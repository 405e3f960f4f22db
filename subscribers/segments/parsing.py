"""From the text of a segment to its tree, or to what is wrong with it and where. Pure.

    any        = all { "or" all }
    all        = one { "and" one }
    one        = "not" one | "(" any ")" | comparison
    comparison = field operator value | field [ "not" ] "in" "(" value { "," value } ")"

What a Chinese keyboard types is understood: （）, ， = “”, and 且 或 非.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from subscribers.segments.tree import (
    FIELDS,
    All,
    Comparison,
    Either,
    Field,
    Kind,
    Node,
    Not,
    Operator,
    Problem,
    SegmentError,
    Sort,
    Value,
)

LONGEST = 2_000  # characters
DEEPEST = 20  # brackets in brackets
MOST_VALUES = 500  # in one list
YEARS = range(1970, 2200)  # a day of which every database can tell the moment
_HIGHEST = 2**63 - 1  # what a number may be

_TYPED = str.maketrans("（），＝！＜＞“”＂、　", '(),=!<>""", ')
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<open>")
      | (?P<sign><=|>=|!=|<>|[=<>(),])
      | (?P<word>[^\s"=<>!(),]+)
      | (?P<odd>\S)
    )""",
    re.VERBOSE,
)
_MEANS = {"且": "and", "并且": "and", "或": "or", "或者": "or", "非": "not", "不": "not"}
_KEYWORDS = frozenset(("and", "or", "not", "in"))


class Token(NamedTuple):
    """One word, sign or quoted text, and where it stands."""

    kind: str  # word, text, sign or end
    value: str
    column: int

    @property
    def keyword(self) -> str:
        """The word in lower case, when it is not quoted."""
        return _MEANS.get(self.value, self.value.casefold()) if self.kind == "word" else ""

    def is_sign(self, sign: str) -> bool:
        """Say whether it is this sign."""
        return self.kind == "sign" and self.value == sign


def read(text: str) -> Node:
    """Return the tree of a segment, or raise ``SegmentError``."""
    if len(text) > LONGEST:
        raise SegmentError(Problem.TOO_LONG, LONGEST + 1, found=f"{len(text):,}", allowed=[f"{LONGEST:,}"])
    reader = _Reader(list(_tokens(text.translate(_TYPED))))
    if reader.now.kind == "end":
        raise SegmentError(Problem.EMPTY, 1, allowed=list(Field))
    node = reader.any(0)
    if reader.now.kind != "end":
        raise SegmentError(Problem.END, reader.now.column, reader.now.value, ["and", "or"])
    return node


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text) and (found := _TOKEN.match(text, at)):
        kind = found.lastgroup or "odd"
        value, column = found[kind], found.start(kind) + 1
        if kind == "odd":
            raise SegmentError(Problem.CHARACTER, column, value)
        if kind == "open":
            raise SegmentError(Problem.QUOTE, column, value)
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        yield Token(kind, "!=" if value == "<>" and kind == "sign" else value, column)
        at = found.end()
    yield Token("end", "", len(text) + 1)


class _Reader:
    """Reads tokens from left to right, one ahead."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def now(self) -> Token:
        return self._tokens[self._at]

    def take(self) -> Token:
        token = self.now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def any(self, depth: int) -> Node:
        parts = [self.all(depth)]
        while self.now.keyword == "or":
            self.take()
            parts.append(self.all(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def all(self, depth: int) -> Node:
        parts = [self.one(depth)]
        while self.now.keyword == "and":
            self.take()
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise SegmentError(Problem.TOO_DEEP, self.now.column, self.now.value)
        if self.now.keyword == "not":
            self.take()
            return Not(self.one(depth + 1))
        if self.now.is_sign("("):
            opened = self.take()
            node = self.any(depth + 1)
            if not self.now.is_sign(")"):
                raise SegmentError(Problem.BRACKET, self.now.column, self.now.value or opened.value, [")"])
            self.take()
            return node
        return self.comparison()

    def comparison(self) -> Comparison:
        token = self.take()
        field, name = _field(token)
        kind = FIELDS[field]
        if field is Field.ATTRIBUTE and not name and self.now.kind == "text":
            name = self.take().value  # attribute."name with spaces"
        if field is Field.ATTRIBUTE and not name:
            raise SegmentError(Problem.ATTRIBUTE, token.column, token.value, ['attribute.city = "上海"'])
        operator = self.operator(kind)
        if operator in (Operator.IN, Operator.NOT_IN):
            return Comparison(field=field, name=name, operator=operator, values=self.values(kind))
        return Comparison(field=field, name=name, operator=operator, values=(self.value(kind),))

    def operator(self, kind: Kind) -> Operator:
        token = self.take()
        word = token.value if token.kind == "sign" else token.keyword
        if word == "not" and self.now.keyword == "in":
            self.take()
            word = Operator.NOT_IN.value
        if word not in kind.operators:
            raise SegmentError(Problem.OPERATOR, token.column, token.value, list(kind.operators))
        return Operator(word)

    def values(self, kind: Kind) -> tuple[Value, ...]:
        if not self.now.is_sign("("):
            raise SegmentError(Problem.BRACKET, self.now.column, self.now.value, ["("])
        self.take()
        found = [self.value(kind)]
        while self.now.is_sign(","):
            self.take()
            found.append(self.value(kind))
        if not self.now.is_sign(")"):
            raise SegmentError(Problem.BRACKET, self.now.column, self.now.value, [")", ","])
        if len(found) > MOST_VALUES:
            raise SegmentError(Problem.TOO_LONG, self.now.column, f"{len(found):,}", [f"{MOST_VALUES:,}"])
        self.take()
        return tuple(found)

    def value(self, kind: Kind) -> Value:
        token = self.take()
        if token.kind not in ("word", "text") or token.keyword in _KEYWORDS:
            raise SegmentError(Problem.VALUE, token.column, token.value, kind.words)
        return _value(token, kind)


def _field(token: Token) -> tuple[Field, str]:
    head, dot, name = token.value.partition(".")
    known = head.casefold()
    if token.kind == "word" and known in tuple(Field) and (not dot or known == Field.ATTRIBUTE):
        return Field(known), name
    raise SegmentError(Problem.FIELD, token.column, token.value, list(Field))


def _value(token: Token, kind: Kind) -> Value:
    text = token.value
    if kind.sort in (Sort.WORD, Sort.YES_NO):
        found = next((word for word in kind.words if word.casefold() == text.casefold()), None)
        if found is None:
            raise SegmentError(Problem.WORD, token.column, text, kind.words)
        return found == "yes" if kind.sort is Sort.YES_NO else found
    if kind.sort is Sort.DAY:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = date.min
        if day.year not in YEARS:
            raise SegmentError(Problem.DAY, token.column, text, ["2026-01-31"])
        return day
    if kind.sort is Sort.NUMBER:
        if not (text.isascii() and text.isdecimal() and int(text) <= _HIGHEST):
            raise SegmentError(Problem.NUMBER, token.column, text, ["12345"])
        return int(text)
    if "\0" in text:
        raise SegmentError(Problem.CHARACTER, token.column, "\\0")
    return text
