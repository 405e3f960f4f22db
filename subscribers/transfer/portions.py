"""From a file to portions of people that are ready to be written, no address twice.

``Portions`` reads in this process; ``Apart`` has another one do it, and gives the same.
"""

from __future__ import annotations

import marshal
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from subscribers.addresses import AddressHasher
from subscribers.transfer.entries import ImportTerms, entry_of
from subscribers.transfer.reading import Chunk, ImportOptions, ImportProblem, Reading, same_as
from subscribers.transfer.rows import Ending, Entry
from subscribers.transfer.seen import Seen


class Source(NamedTuple):
    """One list in the file, as it was understood."""

    file: str
    format: str  # its title
    encoding: str
    advice: str


class Said(NamedTuple):
    """What an earlier row of the file says about a person."""

    said: str  # a ``Standing``
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Some hundred rows."""

    entries: Sequence[Entry]  # by digest
    # Whom an earlier portion brought, but of whom this one says worse: what that one said.
    again: Mapping[bytes, Said] = field(default_factory=dict[bytes, Said])
    problems: Sequence[ImportProblem] = ()
    repeats: Sequence[ImportProblem] = ()
    rows: int = 0
    fraction: float = 0.0  # of the file, at the end of this portion

    def to_bytes(self) -> bytes:
        """Return it for ``from_bytes``, in the same version of Python."""
        return marshal.dumps(
            (
                [(*entry[:-1], entry.ending and tuple(entry.ending)) for entry in self.entries],
                [(digest, *said) for digest, said in self.again.items()],
                [tuple(problem) for problem in self.problems],
                [tuple(problem) for problem in self.repeats],
                self.rows,
                self.fraction,
            )
        )

    @classmethod
    def from_bytes(cls, packed: bytes) -> Self:
        """Return what ``to_bytes`` was called on."""
        entries, again, problems, repeats, rows, fraction = marshal.loads(packed)  # noqa: S302 - our own
        return cls(
            entries=[Entry._make((*rest, ending and Ending(*ending))) for *rest, ending in entries],
            again={digest: Said(*said) for digest, *said in again},
            problems=list(map(ImportProblem._make, problems)),
            repeats=list(map(ImportProblem._make, repeats)),
            rows=rows,
            fraction=fraction,
        )


class Portions:
    """Reads here. Opening it raises ``UnreadableList`` for a file that is no list of people."""

    def __init__(self, path: Path, options: ImportOptions, terms: ImportTerms, hasher: AddressHasher) -> None:
        self._terms = terms
        self._reading = Reading(path, options, hasher)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self._reading)
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    @property
    def sources(self) -> Sequence[Source]:
        """What the file was taken for."""
        return [
            Source(one.part.file, one.format.title, one.encoding, one.format.advice)
            for one in self._reading.found
        ]

    @property
    def skipped(self) -> Sequence[str]:
        """The members of an archive that are no list of people."""
        return self._reading.skipped

    def portions(self) -> Generator[Portion]:
        """Read the file, once. Raises ``UnreadableList`` where it cannot be read on."""
        with Seen() as seen:
            for chunk in self._reading.chunks():
                again = _drop_repeated(chunk, seen)
                # One order for all, so that two imports at once wait for each other and do not lock each
                # other up; and neighbours in it are neighbours in an index.
                entries = [entry_of(self._terms, chunk.people[digest]) for digest in sorted(chunk.people)]
                yield Portion(
                    entries=entries,
                    again=again,
                    problems=chunk.problems,
                    repeats=chunk.repeats,
                    rows=chunk.rows,
                    fraction=chunk.fraction,
                )


def _drop_repeated(chunk: Chunk, seen: Seen) -> dict[bytes, Said]:
    """Drop whom an earlier chunk brought; return those who stay, because this one says worse of them."""
    again: dict[bytes, Said] = {}
    found = seen.find(chunk.people)
    for digest, person in [(digest, chunk.people[digest]) for digest in chunk.people if digest in found]:
        earlier = found[digest]
        why = same_as(earlier.file, earlier.line)
        chunk.repeats.append(ImportProblem(person.file, person.line, why, person.text))
        if person.row.standing.overrules(earlier.said):
            again[digest] = Said(earlier.said.value, earlier.listed)
        else:
            del chunk.people[digest]
    seen.note(
        (digest, person.file, person.line, person.row.standing, person.row.listed)
        for digest, person in chunk.people.items()
    )
    return again
