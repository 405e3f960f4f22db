"""Moving in: one file, chunk by chunk, each written in a transaction of the caller's.

    with Importer(path, options, terms, hasher) as importer:
        for chunks in importer.groups():
            with sessions.begin() as session:
                for chunk in chunks:
                    importer.settle(session, chunk)

The file is read on while a chunk is written. A transaction takes a group of chunks: SQLite writes much
less so, and between two of them others get their turn. Whoever stops in the middle runs it again: those
who are in are known, and nobody is added twice.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, Self

from sqlalchemy.orm import Session

from subscribers.addresses import AddressHasher
from subscribers.transfer.ahead import Ahead
from subscribers.transfer.decisions import Decision
from subscribers.transfer.entries import ImportTerms, entry_of
from subscribers.transfer.reading import Chunk, ImportOptions, ImportProblem, Person, Reading, same_as
from subscribers.transfer.rows import Standing
from subscribers.transfer.seen import Seen
from subscribers.transfer.settling import decide_all, look_up, settle

KINDS_OF_PROBLEMS = 50
GROUP = 50  # chunks in one transaction: some seconds
TURN_SECONDS = 0.1  # between two: whoever waits for SQLite tries again after a tenth of a second
COLLECT_AFTER = 200_000  # new objects


class Source(NamedTuple):
    """One list in the file, as it was understood."""

    file: str
    format: str  # its title
    encoding: str
    advice: str


@dataclass(slots=True, kw_only=True)
class ImportTally:
    """What an import did, or would do. ``people`` counts each address once, by where it stands after."""

    rows: int = 0
    people: Counter[Standing] = field(default_factory=Counter[Standing])
    new: int = 0  # subscriptions that were made
    left: int = 0  # subscriptions that the file ended
    suppressed: int = 0  # addresses that are never mailed from now on
    kept_out: Counter[Standing] = field(default_factory=Counter[Standing])  # by how they stand
    revived: int = 0  # active now, although they had left or were never to be mailed: always 0
    duplicates: int = 0
    problems: Counter[str] = field(default_factory=Counter[str])  # rows not taken in, by why

    def add_problem(self, why: str) -> None:
        """Count a row that was not taken in; of endless reasons only some are kept apart."""
        if why not in self.problems and len(self.problems) >= KINDS_OF_PROBLEMS:
            why = "other reasons"
        self.problems[why] += 1


class Importer:
    """One import. Opening it raises ``UnreadableList`` for a file that is no list of people."""

    def __init__(self, path: Path, options: ImportOptions, terms: ImportTerms, hasher: AddressHasher) -> None:
        self.tally = ImportTally()
        self._terms = terms
        self._reading = Reading(path, options, hasher)
        self._seen = Seen()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._seen)
            stack.enter_context(self._reading)
            stack.callback(gc.set_threshold, *gc.get_threshold())
            self._open = stack.pop_all()
        # Rows refer to nothing that refers to them, so they go by themselves. Looking for circles after
        # every 700 new objects, as Python does, takes a fifth of the time of an import.
        gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
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

    def first(self, most: int) -> Sequence[Person]:
        """Return the first people of the file, for a look at it; whoever does reads no more from here."""
        with closing(self._reading.chunks()) as chunks:
            return list(islice((person for chunk in chunks for person in chunk.people.values()), most))

    def groups(self) -> Iterator[Iterator[Chunk]]:
        """Yield the people of the file in groups of chunks, each to be used up before the next.

        Raises ``UnreadableList`` where the file cannot be read on.
        """
        chunks = self._chunks()
        for first in chunks:
            yield chain([first], islice(chunks, GROUP - 1))
            time.sleep(TURN_SECONDS)

    def _chunks(self) -> Iterator[Chunk]:
        for chunk in self._open.enter_context(Ahead(self._prepared())):
            self._drop_repeated(chunk)
            yield chunk

    def _prepared(self) -> Generator[Chunk]:
        for chunk in self._reading.chunks():
            for digest, person in chunk.people.items():
                chunk.entries[digest] = entry_of(self._terms, person)
            yield chunk

    def settle(self, session: Session, chunk: Chunk) -> None:
        """Write down a chunk."""
        self._count(chunk, settle(session, self._terms, chunk))

    def foresee(self, session: Session, chunk: Chunk) -> None:
        """Count what ``settle`` would do, and change nothing."""
        found = look_up(session, self._terms.newsletter, chunk.people)
        self._count(chunk, decide_all(chunk.people, found))

    def _drop_repeated(self, chunk: Chunk) -> None:
        seen = self._seen.find(chunk.people)
        for digest, person in [(digest, chunk.people[digest]) for digest in chunk.people if digest in seen]:
            earlier = seen[digest]
            why = same_as(earlier.file, earlier.line)
            chunk.repeats.append(ImportProblem(person.file, person.line, why, person.text))
            if person.row.standing.overrules(earlier.said):
                chunk.again[digest] = earlier.stands
            else:
                del chunk.people[digest]

    def _count(self, chunk: Chunk, decisions: Mapping[bytes, Decision]) -> None:
        self._seen.note(
            (digest, person.file, person.line, person.row.standing, decisions[digest].after)
            for digest, person in chunk.people.items()
        )
        tally = self.tally
        tally.rows += chunk.rows
        tally.duplicates += len(chunk.repeats)
        for digest, decision in decisions.items():
            self._count_one(chunk.people[digest], decision, earlier=chunk.again.get(digest))
        for problem in chunk.problems:
            tally.add_problem(problem.why)

    def _count_one(self, person: Person, decision: Decision, *, earlier: Standing | None) -> None:
        tally, said = self.tally, person.row.standing
        tally.people[decision.after] += 1
        if earlier:
            tally.people[earlier] -= 1
        if decision.enters_as and not earlier:
            tally.new += 1
        elif decision.leaves or (earlier and decision.enters_as and said is Standing.LEFT):
            tally.left += 1  # a trial run has not written the earlier row
        if decision.suppress:
            tally.suppressed += 1
        if decision.kept_out:
            tally.kept_out[decision.kept_out] += 1
        new_and_welcome = decision.before is None and said is Standing.ACTIVE
        was_active = decision.before is Standing.ACTIVE
        if decision.after is Standing.ACTIVE and not (new_and_welcome or was_active):
            tally.revived += 1
