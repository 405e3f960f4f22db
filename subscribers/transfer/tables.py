"""A table of any kind: a header and numbered records, from a CSV or JSON file or from a ZIP of them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from subscribers.transfer.archives import Archive, label_of, looks_packed
from subscribers.transfer.encodings import Record, delimiter_of, encoding_of, lines, records
from subscribers.transfer.jsons import cell, objects
from subscribers.transfer.rows import UnreadableList

COLUMNS = 500
_SEPARATOR_LINE = re.compile(r'"?sep=[,;\t]"?\s*', re.IGNORECASE)  # which Excel writes for itself
_SPACES = re.compile(r"\s+")
_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "this is an old Excel workbook; save the sheet as “CSV UTF-8” and import that"),
    (b"\x1f\x8b", "this is packed with gzip; unpack it first"),
    (b"%PDF", "this is a PDF; export the list as CSV"),
)


def column(name: str) -> str:
    """Return a column's name as it is compared: NFKC, lower case, single spaces."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file, or a member of an archive, that can be opened again and again."""

    file: str  # its name, for people
    size: int  # bytes
    open: Callable[[], BufferedReader]


@dataclass(slots=True, kw_only=True)
class Table:
    """One part, opened. Names are as ``column`` compares them; ``records`` can be read once."""

    file: str
    encoding: str
    names: Sequence[str]  # as they stand in the file
    header: Sequence[str]  # as they were renamed
    records: Iterator[Record]
    position: Callable[[], int]  # how many bytes were read


@contextmanager
def opened(path: Path) -> Iterator[tuple[list[Part], bool]]:
    """Open a file; yield what there is to read in it, and whether it is an archive.

    Raises ``UnreadableList`` for what is no list at all.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UnreadableList(f"the file cannot be read: {error.strerror}") from None
    with stream:
        start = stream.read(8)
        stream.seek(0)
        for mark, advice in _OTHER_KINDS:
            if start.startswith(mark):
                raise UnreadableList(advice)
        if not looks_packed(start):
            size = path.stat().st_size
            yield [Part(file=label_of(path.name), size=size, open=lambda: path.open("rb"))], False
            return
        archive = Archive(stream)
        yield (
            [
                Part(
                    file=label_of(name),
                    size=archive.size(name),
                    open=lambda name=name: archive.open(name),
                )
                for name in archive.names()
            ],
            True,
        )


@contextmanager
def table_of(part: Part, *, encoding: str | None, renames: Mapping[str, str]) -> Iterator[Table]:
    """Open a part and read its header; ``renames`` gives columns other names, by compared names.

    Raises ``UnreadableList``, also while the records are read; its message names the file.
    """
    try:
        with part.open() as stream:
            found = encoding_of(stream, asked=encoding)
        with part.open() as stream:
            start = stream.peek(4096).decode(found, "ignore").lstrip("\ufeff \t\r\n")
            names, numbered = (_json if start[:1] in ("[", "{") else _csv)(stream, found)
            with closing(numbered):
                compared = _checked(names)
                yield Table(
                    file=part.file,
                    encoding=found,
                    names=compared,
                    header=[renames.get(name, name) for name in compared],
                    records=numbered,
                    position=stream.tell,
                )
    except UnreadableList as error:
        raise UnreadableList(f"{part.file}: {error}") from None


Records = Generator[Record]


def _csv(stream: BinaryIO, encoding: str) -> tuple[list[str], Records]:
    text, skipped = lines(stream, encoding), 0
    first = next(text, "")
    while first and (not first.strip() or _SEPARATOR_LINE.fullmatch(first)):
        first, skipped = next(text, ""), skipped + 1
    found = records(chain([first], text), delimiter_of(first))
    header = next(found, None)

    def numbered() -> Records:
        for record in found:
            yield record._replace(number=record.number + skipped)

    return header.cells if header else [], numbered() if skipped else found


def _json(stream: BinaryIO, encoding: str) -> tuple[list[str], Records]:
    found = objects(stream, encoding)
    first = next(found, None)
    names = list(first[1]) if first else []

    def numbered() -> Records:
        for number, entry in chain([first] if first else [], found):
            yield Record(
                number, [cell(entry.get(name)) for name in names], json.dumps(entry, ensure_ascii=False)
            )

    return names, numbered()


def _checked(names: list[str]) -> list[str]:
    compared = [column(name) for name in names]
    if not any(compared):
        raise UnreadableList("there is nothing in it")
    if len(names) > COLUMNS:
        raise UnreadableList(f"{len(names):,} columns; the limit is {COLUMNS}")
    if any("@" in name for name in compared):
        raise UnreadableList("the first line has no names of columns; put email,… above the people")
    return compared
