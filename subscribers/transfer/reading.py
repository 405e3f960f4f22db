"""From a file to chunks of people: recognise, read, normalise, and set aside what cannot be taken in.

Nothing here knows a database; what a chunk holds is bounded, whatever the file holds.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from subscribers.addresses import AddressHasher, InvalidAddress, normalise
from subscribers.transfer.formats import IGNORE, IMPORT_FORMATS, Columns, Format, Parse, detect
from subscribers.transfer.rows import Row, Standing, UnreadableList, Unsaid
from subscribers.transfer.tables import Part, Table, column, opened, table_of

CHUNK_ROWS = 500
CHUNK_LETTERS = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a file is to be read, where detection is not to be relied on."""

    format: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict[str, str])  # {"邮箱": "email"}
    at_least: Standing | None = None  # import everybody as left, bounced or complained


class Person(NamedTuple):
    """One row whose address is one."""

    address: str
    domain: str
    digest: bytes
    row: Row
    format: Format
    file: str
    line: int
    text: str  # the row as it stands in the file


class ImportProblem(NamedTuple):
    """One row that was not taken in, or not as it stands."""

    file: str
    line: int
    why: str
    text: str  # the row as it stands in the file


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Some hundred rows, no address twice."""

    people: dict[bytes, Person] = field(default_factory=dict[bytes, Person])  # by digest
    problems: list[ImportProblem] = field(default_factory=list[ImportProblem])
    repeats: list[ImportProblem] = field(default_factory=list[ImportProblem])
    rows: int = 0
    fraction: float = 0.0  # of the file, at the end of this chunk


class Found(NamedTuple):
    """A part of the file that is a list of people."""

    part: Part
    format: Format
    encoding: str


class Reading:
    """A recognised file. Opening it raises ``UnreadableList`` for one that is no list of people."""

    def __init__(self, path: Path, options: ImportOptions, hasher: AddressHasher) -> None:
        self.found: list[Found] = []
        self.skipped: list[str] = []  # members of an archive that are no list
        self._path, self._options, self._hasher = path, options, hasher
        self._renames = {column(old): column(new) for old, new in options.columns.items()}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            parts, packed = stack.enter_context(opened(self._path))
            self._recognise(parts, packed=packed)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def chunks(self) -> Generator[Chunk]:
        """Read the file from the start. Raises ``UnreadableList`` where it cannot be read on."""
        total = sum(found.part.size for found in self.found) or 1
        before = 0
        for found in self.found:
            with table_of(found.part, encoding=found.encoding, renames=self._renames) as table:
                for chunk in self._chunks(table, found.format):
                    chunk.fraction = min(1.0, (before + table.position()) / total)
                    yield chunk
            before += found.part.size

    def _recognise(self, parts: list[Part], *, packed: bool) -> None:
        names: set[str] = set()
        for part in parts:
            with table_of(part, encoding=self._options.encoding, renames=self._renames) as table:
                known = self._format(table, packed=packed)
                if known is None:
                    self.skipped.append(part.file)
                    continue
                names.update(table.names)
                known.reader(part.file, Columns(table.header))  # raises for columns it cannot do with
                self.found.append(Found(part, known, table.encoding))
        # First who is not to be mailed: whoever stands in two members is never active in between.
        self.found.sort(key=lambda one: one.part.file.casefold().startswith("subscribed"))
        if not self.found:
            what = "no list of people is in the archive" if packed else "no column of addresses was found"
            raise UnreadableList(f'{what}; say --map "…=email" or --format, see --help')
        if missing := [name for name in self._renames if name not in names]:
            raise UnreadableList(f"--map: there is no column {missing[0]!r}")

    def _format(self, table: Table, *, packed: bool) -> Format | None:
        header = frozenset(name for name in table.header if name and name != IGNORE)
        asked = self._options.format
        if asked is None:
            # In an archive any list would do: an export holds lists of who was sent what, too.
            return detect(table.file, header, plain=not packed)
        if asked not in IMPORT_FORMATS:
            raise UnreadableList(f"--format: {asked!r} is none of {', '.join(IMPORT_FORMATS)}")
        known = IMPORT_FORMATS[asked]
        if packed and not known.recognises(table.file, header):
            return None
        return known if Columns(table.header).has_email() else None

    def _chunks(self, table: Table, known: Format) -> Iterator[Chunk]:
        parse = known.reader(table.file, Columns(table.header))
        width = len(table.header)
        chunk, letters = Chunk(), 0
        for number, cells, text in table.records:
            chunk.rows += 1
            letters += len(text)
            try:
                row = self._row(cells, width, parse)
                person = self._person(row, known, table.file, number, text)
            except Unsaid as why:
                chunk.problems.append(ImportProblem(table.file, number, str(why), text))
            else:
                if earlier := _add(chunk, person):
                    chunk.repeats.append(ImportProblem(table.file, number, earlier, text))
            if chunk.rows >= CHUNK_ROWS or letters >= CHUNK_LETTERS:
                yield chunk
                chunk, letters = Chunk(), 0
        yield chunk

    def _row(self, cells: list[str], width: int, parse: Parse) -> Row:
        if len(cells) > width and any(cells[width:]):
            raise Unsaid("more cells than columns; is a comma not between quotes?")
        if len(cells) <= width:
            cells += [""] * (width + 1 - len(cells))  # of this row alone: nobody else has the list
        row = parse(cells)
        least = self._options.at_least
        if least and row.standing.severity < least.severity:
            row.standing = least
        return row

    def _person(self, row: Row, known: Format, file: str, line: int, text: str) -> Person:
        try:
            address = normalise(row.email)
        except InvalidAddress as error:
            raise Unsaid(str(error) if row.email.strip() else "there is no address") from None
        digest = self._hasher.digest(address)
        return Person(address.value, address.domain, digest, row, known, file, line, text)


def _add(chunk: Chunk, person: Person) -> str:
    """Put a person into a chunk, or return what to report of a second row about them."""
    other = chunk.people.setdefault(person.digest, person)
    if other is person:
        return ""
    if person.row.standing.overrules(other.row.standing):
        chunk.people[person.digest] = person
    return same_as(other.file, other.line)


def same_as(file: str, line: int) -> str:
    """Return how a second row about a person is reported."""
    return (
        f"the same address as on line {line} of {file}; the first counts, or that they are not to be mailed"
    )
