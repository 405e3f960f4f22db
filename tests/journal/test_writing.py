"""Whoever was told that they have left is in the journal: it is written before the commit."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import subscribers
from newsletter.database import Database
from newsletter.journal.file import JournalFile
from newsletter.journal.writing import catch_up, waiting
from subscribers import Address, Event, Fact, Lasting, Reason, Status, Verdict
from tests.journal.support import a_journal, happen, keeping, listed
from tests.support import KEYS, SEVEN, SLUG, add, frozen, readers
from tests.tools import ROOT

R1 = Address("r1@example.com")


@pytest.fixture
def journal(tmp_path: Path) -> JournalFile:
    return a_journal(tmp_path / "elsewhere" / "journal")


@pytest.fixture
def database(database_url: str, journal: JournalFile) -> Iterator[Database]:
    database = keeping(database_url, journal)
    with database.sessions.begin() as session:
        add(session, readers(5))
    yield database
    database.close()


def told(journal: JournalFile) -> list[Lasting]:
    return [entry.fact.what for entry in journal.entries()] if journal.path.exists() else []


def test_everything_that_must_outlast_the_database_is_written(
    database: Database, journal: JournalFile
) -> None:
    happen(database, "r1@example.com", Event.LEFT)
    happen(database, "r1@example.com", Event.UNDONE)
    with database.sessions.begin() as session:
        subscribers.erase(session, KEYS.addresses, Address("r2@example.com"), now=SEVEN)
    with database.sessions.begin() as session:
        subscribers.suppress_address(session, KEYS.addresses.digest(R1), reason=Reason.BOUNCED, now=SEVEN)
    with database.sessions.begin() as session:
        person = subscribers.find(session, KEYS.addresses, R1)
        assert person is not None
        subscribers.lift(session, person, reason="typo", now=SEVEN)
    with database.sessions.begin() as session:
        subscribers.suppress_addresses(session, {b"h" * 32: Verdict(Reason.COMPLAINED, SEVEN)})
        subscribers.suppress_domain(session, "example.org", reason=Reason.BLOCKED, now=SEVEN)
    frozen(database)

    assert told(journal) == [
        Lasting.LEFT,
        Lasting.RETURNED,
        Lasting.ERASED,
        Lasting.LEFT,
        Lasting.SUPPRESSED,
        Lasting.LIFTED,
        Lasting.SUPPRESSED,
        Lasting.SUPPRESSED,
        Lasting.BEGUN,
    ]
    begun = [entry.fact.about for entry in journal.entries()][-1]
    assert (begun["newsletter"], begun["day"], begun["kind"]) == (SLUG, "2026-11-23", "daily")


def test_what_is_rolled_back_is_not_written(database: Database, journal: JournalFile) -> None:
    with database.sessions() as session:
        subscribers.erase(session, KEYS.addresses, R1, now=SEVEN)
        session.rollback()
        session.commit()

    assert told(journal) == []


def test_the_journal_is_written_before_the_commit(database: Database, journal: JournalFile) -> None:
    seen: list[Status] = []

    def append(facts: Sequence[Fact]) -> None:
        with database.readers() as session:
            seen.append(listed(session, "r1@example.com").status)
        JournalFile.append(journal, facts)

    journal.append = append

    happen(database, "r1@example.com", Event.LEFT)

    assert (seen, told(journal)) == ([Status.ACTIVE], [Lasting.LEFT])


def test_a_savepoint_writes_nothing_by_itself(database: Database, journal: JournalFile) -> None:
    with database.sessions.begin() as session:
        with session.begin_nested():
            subscribers.erase(session, KEYS.addresses, R1, now=SEVEN)
        assert told(journal) == []

    assert told(journal)


def test_a_journal_out_of_reach_keeps_nobody_from_leaving(database: Database, journal: JournalFile) -> None:
    journal.path.parent.parent.mkdir(exist_ok=True)
    journal.path.parent.write_text("a file where the folder should be")

    happen(database, "r1@example.com", Event.LEFT)

    with database.readers() as session:
        assert listed(session, "r1@example.com").status is Status.LEFT
        assert waiting(session) == 1
    journal.path.parent.unlink()
    assert catch_up(database, journal) == 1
    assert told(journal) == [Lasting.LEFT]
    with database.readers() as session:
        assert waiting(session) == 0


def test_a_full_disk_leaves_the_journal_whole(
    database: Database, journal: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(database, "r1@example.com", Event.LEFT)
    before = journal.path.read_bytes()

    def half(handle: int, content: bytes, offset: int, *, write: Any = os.pwrite) -> int:
        return write(handle, content[: len(content) // 2], offset)

    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", half)
        happen(database, "r2@example.com", Event.LEFT)

    assert journal.path.read_bytes() == before
    assert catch_up(database, journal) == 1
    assert told(journal) == [Lasting.LEFT, Lasting.LEFT]


def test_whoever_writes_that_somebody_left_or_is_never_mailed_notes_it_for_the_journal() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for package in ("subscribers", "newsletter")
        for path in (ROOT / package).rglob("*.py")
        if re.search(
            r"status=Status\.LEFT|\.status = Status\.LEFT|add\(Suppression|insert\((session, )?Suppression",
            text := path.read_text(encoding="utf-8"),
        )
        and "class Suppression(" not in text
        and "subscribers.lasting import" not in text
        and "note_suppressed" not in text
    ]

    assert silent == ["newsletter/rehearsal/copying.py"]  # a stage that is thrown away
