"""After a restore: nobody who left since is mailed, no edition begins twice, and newer words stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import subscribers
from newsletter.database import Database
from newsletter.editions import edition as editions
from newsletter.editions.states import Happening, State
from newsletter.journal.entry import Entry
from newsletter.journal.file import JournalFile
from newsletter.journal.opening import NotReplayed, WrongJournal, require_replayed, settle_in
from newsletter.journal.replay import Replayed, replay
from subscribers import Address, Event, Fact, Lasting, Reason, Status, Subscriber
from tests.journal.support import a_journal, happen, keeping, listed
from tests.support import DAY, KEYS, SEVEN, SLUG, add, frozen, new_edition, open_database, readers

LATER = SEVEN + timedelta(hours=1)


def digest(name: str) -> str:
    return KEYS.addresses.digest(Address(f"{name}@example.com")).hex()


def fact(what: Lasting, name: str, hours: float = 0, **about: str | int) -> Fact:
    if what in (Lasting.LEFT, Lasting.RETURNED):
        about["newsletter"] = SLUG
    return Fact(what=what, at=SEVEN + timedelta(hours=hours), about={"hash": digest(name), **about})


def entries(*facts: Fact) -> Iterable[Entry]:
    return [Entry(number=number, fact=each) for number, each in enumerate(facts, 1)]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database as it was restored: five readers, and nothing that happened since."""
    database = open_database(database_url)
    with database.sessions.begin() as session:
        add(session, readers(5), now=SEVEN - timedelta(days=1))
    yield database
    database.close()


def status(database: Database, name: str) -> Status:
    with database.readers() as session:
        return listed(session, f"{name}@example.com").status


def test_whoever_left_is_off_the_list_again(database: Database) -> None:
    done = replay(database, entries(fact(Lasting.LEFT, "r1")))

    assert done == Replayed(left=1)
    assert (status(database, "r1"), status(database, "r2")) == (Status.LEFT, Status.ACTIVE)


def test_twice_is_the_same_as_once(database: Database) -> None:
    told = entries(
        fact(Lasting.LEFT, "r1"), fact(Lasting.ERASED, "r2"), fact(Lasting.SUPPRESSED, "r3", reason="bounced")
    )
    assert replay(database, told) == Replayed(left=1, erased=1, suppressed=1)

    assert not replay(database, told)


def test_trying_it_changes_nothing(database: Database) -> None:
    told = entries(fact(Lasting.LEFT, "r1"), fact(Lasting.ERASED, "r2"))

    assert replay(database, told, dry=True) == Replayed(left=1, erased=1)
    assert status(database, "r1") is Status.ACTIVE


def test_whoever_came_back_by_themselves_stays(database: Database) -> None:
    replay(database, entries(fact(Lasting.LEFT, "r1", 1), fact(Lasting.RETURNED, "r1", 2)))
    replay(database, entries(fact(Lasting.RETURNED, "r2", 1), fact(Lasting.LEFT, "r2", 2)))

    assert (status(database, "r1"), status(database, "r2")) == (Status.ACTIVE, Status.LEFT)


def test_a_newer_word_in_the_database_stands(database: Database) -> None:
    happen(database, "r1@example.com", Event.LEFT, now=SEVEN)
    happen(database, "r1@example.com", Event.UNDONE, now=LATER)

    assert not replay(database, entries(fact(Lasting.LEFT, "r1"), fact(Lasting.ERASED, "r1")))
    assert status(database, "r1") is Status.ACTIVE


def test_the_erased_are_forgotten_again(database: Database) -> None:
    replay(database, entries(fact(Lasting.ERASED, "r1")))

    with database.readers() as session:
        person = session.get_one(Subscriber, 1)
        assert (person.address, person.erased_at) == (None, SEVEN)
    assert replay(database, entries(fact(Lasting.ERASED, "r1"))) == Replayed()


def test_whoever_moved_and_left_leaves_by_the_address_we_know(database: Database) -> None:
    moved = fact(Lasting.MOVED, "r1", to=digest("new"))

    replay(database, entries(moved, fact(Lasting.LEFT, "new", 1)))

    assert status(database, "r1") is Status.LEFT


def test_suppressions_come_back_and_lifted_ones_do_not(database: Database) -> None:
    replay(
        database,
        entries(
            fact(Lasting.SUPPRESSED, "r1", reason="bounced"),
            fact(Lasting.SUPPRESSED, "r1", 1, reason="complained"),
            fact(Lasting.SUPPRESSED, "r2", reason="bounced"),
            fact(Lasting.LIFTED, "r2", 1),
            Fact(what=Lasting.SUPPRESSED, at=SEVEN, about={"domain": "example.org", "reason": "blocked"}),
        ),
    )

    with database.readers() as session:
        reasons = [
            said.reason if said else None
            for number in (1, 2)
            for said in [subscribers.suppression_of(session, session.get_one(Subscriber, number))]
        ]
        assert reasons == [Reason.COMPLAINED, None]
        assert subscribers.is_suppressed(session, b"h" * 32, "example.org")


def begun(serial: int = 1) -> Fact:
    about: dict[str, str | int] = {
        "id": 41,
        "newsletter": SLUG,
        "day": DAY.isoformat(),
        "kind": "daily",
        "serial": serial,
        "title": "今天的新闻",
        "digest": "d" * 64,
        "digest_key": "2026-11-23",
        "digest_day": DAY.isoformat(),
    }
    return Fact(what=Lasting.BEGUN, at=SEVEN, about=about)


@pytest.mark.parametrize("state", [None, *(State.MISSING, State.HELD, State.READY, State.SKIPPED)])
def test_an_edition_that_began_elsewhere_never_begins_here(database: Database, state: State | None) -> None:
    if state:
        with database.sessions.begin() as session:
            edition = new_edition()
            edition.state = state
            session.add(edition)

    assert replay(database, entries(begun())) == Replayed(editions=1)

    with database.sessions() as session:
        edition = editions.find(session, SLUG, DAY)
        assert edition is not None
        assert (edition.state, edition.used_hash) == (State.CANCELLED, "d" * 64)
        assert "not sent again" in (edition.stopped_because or "")
        assert state or edition.id == 41
        assert editions.is_used(
            session, SLUG, key="renamed", title="今天的新闻", day=DAY, digest_hash="mended"
        )
        with pytest.raises(Exception, match="cannot be frozen"):
            edition.becomes(Happening.FROZEN)


def test_an_edition_that_is_known_stays_as_it_is(database: Database) -> None:
    frozen(database)

    assert not replay(database, entries(begun()))


# ---- before the fence opens ----


@pytest.fixture
def journal(tmp_path: Path) -> JournalFile:
    return a_journal(tmp_path / "journal")


def test_the_fence_waits_until_the_journal_is_replayed(database: Database, journal: JournalFile) -> None:
    journal.append([fact(Lasting.LEFT, "r1"), begun()])

    with pytest.raises(NotReplayed, match="left 1, editions 1"):
        require_replayed(database, [journal])

    replay(database, journal.entries())
    require_replayed(database, [journal])


def test_an_old_copy_of_the_journal_does_not_open_it(database_url: str, journal: JournalFile) -> None:
    database = keeping(database_url, journal)
    with database.sessions.begin() as session:
        add(session, readers(1))
    happen(database, "r1@example.com", Event.LEFT)
    old = journal.path.read_bytes()
    frozen(database)
    require_replayed(database, [journal])
    journal.path.write_bytes(old)

    with pytest.raises(WrongJournal, match="ai_daily-2026-11-23"):
        require_replayed(database, [journal])
    database.close()


def test_what_was_going_out_is_paused_and_nobody_gets_a_number_twice(database: Database) -> None:
    frozen(database)

    with database.sessions.begin() as session:
        paused = settle_in(session, because="restored", now=SEVEN)
        assert [edition.state for edition in paused] == [State.PAUSED]

    with database.sessions.begin() as session:
        new = Subscriber(address_hash=b"n" * 32, attributes={}, created_at=SEVEN)
        session.add(new)
        session.flush()
        assert new.id > 1_000_000
