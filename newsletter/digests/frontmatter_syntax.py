"""The two languages of front matter, YAML and TOML, read into entries that know their place.

YAML is read as text throughout: its types turn 08:30 into 510, 1.10 into 1.1 and ``no`` into
false. Which entry is a date or a yes is for ``frontmatter`` to say.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import yaml

from newsletter.errors import DigestError

_DEEPEST = 15
_NOTHING = frozenset(["", "~", "null", "Null", "NULL"])
_QUOTES = 'put the text in quotes, as in title: "…"'
# What the parser complains of, and what a person does about it.
_REMEDIES = (
    ("mapping values are not allowed", _QUOTES),
    (r"'\t'", "indent with blanks instead of tabs"),
    ("could not find expected ':'", "write the line as `key: text`, or close the front matter above it"),
    ("unexpected end of stream", "close the quotation mark"),
    ("expected <block end>", "put the whole text in one pair of quotes, and indent all keys alike"),
)
# A word after # and no blank is hardly a comment: title: 周报 #12
_CUT_OFF = re.compile(r"[ \t]+#(?=\S)")
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


class _Mark(Protocol):
    """A place, as both of the YAML library's halves have it."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of the front matter. A YAML value is None, text, a list or a dict of these."""

    key: str
    value: object
    line: int  # of the value, in the file
    column: int | None = None


def read_yaml(text: str, *, file: str, first_line: int) -> list[Entry]:
    """Read a YAML mapping, or raise ``DigestError`` with the place."""

    def wrong(problem: str, remedy: str, mark: _Mark | None) -> DigestError:
        return DigestError(
            problem,
            remedy=remedy,
            file=file,
            line=first_line + (mark.line if mark else 0),
            column=mark.column + 1 if mark else None,
        )

    try:
        _refuse_depth_and_aliases(text, wrong)
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        raise DigestError(
            "the front matter holds a character that YAML does not allow",
            remedy="delete it",
            file=file,
            line=first_line + before.count("\n"),
            column=len(before) - (before.rfind("\n") + 1) + 1,
        ) from None
    except yaml.MarkedYAMLError as error:
        problem = error.problem or "cannot be read"
        # An open quotation mark, or a line without a colon, is found out behind it.
        late = "unexpected end of stream" in problem or "could not find expected ':'" in problem
        mark = error.context_mark if late else error.problem_mark
        remedy = next((remedy for sign, remedy in _REMEDIES if sign in problem), _QUOTES)
        raise wrong(f"the front matter is not valid YAML: {problem}", remedy, mark) from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise wrong("the front matter is no list of `key: text` lines", _QUOTES, root.start_mark)
    _refuse_duplicates(root, wrong, fold=True)
    for _, value in root.value:
        if _is_plain(value) and _CUT_OFF.match(text, value.end_mark.index):
            raise wrong("YAML takes what follows # for a comment and drops it", _QUOTES, value.end_mark)
    return [
        Entry(str(key.value), _value(value), first_line + value.start_mark.line, value.start_mark.column + 1)
        for key, value in root.value
    ]


_Wrong = Callable[[str, str, _Mark | None], DigestError]


def _refuse_depth_and_aliases(text: str, wrong: _Wrong) -> None:
    """Look at the flat events first: the tree is built by recursion, and aliases can multiply it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise wrong("the front matter is nested too deeply", "make it flatter", event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise wrong("a text that starts with * is an alias in YAML", _QUOTES, event.start_mark)


def _refuse_duplicates(node: yaml.Node, wrong: _Wrong, *, fold: bool = False) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, wrong)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise wrong("a key of the front matter is no plain word", _QUOTES, key.start_mark)
        name = key.value.lower() if fold else key.value
        if name in seen:
            raise wrong(f"the key {key.value} is there twice", "delete one of the two", key.start_mark)
        seen.add(name)
        _refuse_duplicates(value, wrong)


def _value(node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _value(value) for key, value in node.value}
    return None if _is_plain(node) and node.value in _NOTHING else str(node.value)


def _is_plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None


def read_toml(text: str, *, file: str, first_line: int) -> list[Entry]:
    """Read a TOML table, or raise ``DigestError`` with the place."""
    lines = text.split("\n")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        problem = _TOML_PLACE.sub("", str(error))
        raise DigestError(
            f"the front matter is not valid TOML: {problem}",
            remedy='write each line as key = "text", and each key once',
            file=file,
            line=first_line + (int(place[1]) if place and place[1] else len(lines)) - 1,
            column=int(place[2]) if place and place[2] else None,
        ) from None
    except RecursionError:
        raise DigestError(
            "the front matter is nested too deeply", remedy="make it flatter", file=file, line=first_line
        ) from None
    entries = [Entry(key, value, *_toml_place(key, lines, first_line)) for key, value in table.items()]
    seen: set[str] = set()
    for entry in entries:
        if entry.key.lower() in seen:
            raise DigestError(
                f"the key {entry.key} is there twice",
                remedy="delete one of the two",
                file=file,
                line=entry.line,
            )
        seen.add(entry.key.lower())
    return entries


def _toml_place(key: str, lines: list[str], first_line: int) -> tuple[int, int | None]:
    """Return where the value of ``key`` stands; the TOML parser does not tell."""
    start = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=\s*""")
    for number, line in enumerate(lines):
        if found := start.match(line):
            return first_line + number, found.end() + 1
    return first_line, None
