"""Moving in: one file, portion by portion, each written in a transaction of the caller's.

    with Importer(path, options, terms, hasher) as importer:
        for portions in importer.groups():
            with sessions.begin() as session:
                for portion in portions:
                    importer.settle(session, portion)

The file is read on while a portion is written, by a process of its own where it is large. A transaction
takes a group of portions: SQLite writes much less so, and between two of them others get their turn.
Whoever stops in the middle runs it again: those who are in are known, and nobody is added twice.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Self

from sqlalchemy.orm import Session

from subscribers.addresses import AddressHasher
from subscribers.transfer.ahead import Ahead
from subscribers.transfer.apart import COLLECT_AFTER, Apart
from subscribers.transfer.entries import ImportTerms
from subscribers.transfer.portions import Portion, Portions, Source
from subscribers.transfer.reading import ImportOptions, Person, Reading
from subscribers.transfer.rows import Standing
from subscribers.transfer.settling import Case, cases_of, look_up, settle

KINDS_OF_PROBLEMS = 50
GROUP = 100  # portions in one transaction: some seconds
TURN_SECONDS = 0.1  # between two: whoever waits for SQLite tries again after a tenth of a second
APART_BYTES = 1_000_000  # of a file, from which on a process of its own is soon worth its start


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
        self._terms, self._file = terms, (path, options, hasher)
        is_large = path.is_file() and path.stat().st_size >= APART_BYTES
        self._reader: Apart | Portions = (Apart if is_large else Portions)(path, options, terms, hasher)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._reader)
            stack.callback(gc.set_threshold, *gc.get_threshold())
            self._open = stack.pop_all()
        gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    @property
    def sources(self) -> Sequence[Source]:
        """What the file was taken for."""
        return self._reader.sources

    @property
    def skipped(self) -> Sequence[str]:
        """The members of an archive that are no list of people."""
        return self._reader.skipped

    def first(self, most: int) -> Sequence[Person]:
        """Return the first people of the file, for a look at it."""
        with Reading(*self._file) as reading, closing(reading.chunks()) as chunks:
            return list(islice((person for chunk in chunks for person in chunk.people.values()), most))

    def groups(self) -> Iterator[Iterator[Portion]]:
        """Yield the people of the file in groups of portions, each to be used up before the next.

        Raises ``UnreadableList`` where the file cannot be read on.
        """
        portions = iter(self._open.enter_context(Ahead(self._reader.portions())))
        for first in portions:
            yield chain([first], islice(portions, GROUP - 1))
            time.sleep(TURN_SECONDS)

    def settle(self, session: Session, portion: Portion) -> None:
        """Write down a portion."""
        self._count(portion, settle(session, self._terms, portion))

    def foresee(self, session: Session, portion: Portion) -> None:
        """Count what ``settle`` would do, and change nothing."""
        found = look_up(session, self._terms.newsletter, portion.entries)
        self._count(portion, cases_of(portion, found))

    def _count(self, portion: Portion, cases: Sequence[Case]) -> None:
        tally = self.tally
        tally.rows += portion.rows
        tally.duplicates += len(portion.repeats)
        # There are few cases, and the same one is the same object: that is quicker to count than its value.
        known = {id(case): case for case in cases}
        for number, people in Counter(map(id, cases)).items():
            self._count_alike(known[number], people)
        for problem in portion.problems:
            tally.add_problem(problem.why)

    def _count_alike(self, case: Case, people: int) -> None:
        tally, (said, earlier, decision) = self.tally, case
        tally.people[decision.after] += people
        if earlier:
            tally.people[earlier] -= people
        if decision.enters_as and not earlier:
            tally.new += people
        elif decision.leaves or (earlier and decision.enters_as and said is Standing.LEFT):
            tally.left += people  # a trial run has not written the earlier row
        if decision.suppress:
            tally.suppressed += people
        if decision.kept_out:
            tally.kept_out[decision.kept_out] += people
        new_and_welcome = decision.before is None and said is Standing.ACTIVE
        was_active = decision.before is Standing.ACTIVE
        if decision.after is Standing.ACTIVE and not (new_and_welcome or was_active):
            tally.revived += people
