"""Whom each kind of edition is for: weekly readers, and those who have what a correction corrects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.database import Database
from newsletter.delivery import books, ledger
from newsletter.delivery.states import State
from newsletter.delivery.tables import Delivery
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind
from newsletter.transports.memory import MemoryTransport
from subscribers import Cadence, Status, Subscription
from tests.support import (
    DAY,
    SEVEN,
    Reader,
    a_mailing,
    a_sender,
    add,
    frozen,
    new_edition,
    open_database,
    readers,
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def freeze(database: Database, kind: Kind, *, corrects_id: int | None = None) -> int:
    edition = new_edition()
    edition.kind, edition.corrects_id = kind, corrects_id
    with database.snapshot() as session:
        ledger.freeze(session, edition, {"zh-CN": a_mailing()}, batch_size=100, now=SEVEN)
    return edition.id


def test_a_weekly_edition_is_for_weekly_readers_and_its_books_balance(database: Database) -> None:
    with database.sessions.begin() as session:
        add(
            session,
            [
                Reader(address="daily@example.com"),
                Reader(address="weekdays@example.com", cadence=Cadence.WEEKDAYS),
                Reader(address="weekly@example.com", cadence=Cadence.WEEKLY),
                Reader(address="gone@example.com", cadence=Cadence.WEEKLY, status=Status.LEFT),
                Reader(
                    address="away@example.com", cadence=Cadence.WEEKLY, paused_until=DAY + timedelta(days=2)
                ),
            ],
        )
    weekly = freeze(database, Kind.WEEKLY)
    transport = MemoryTransport()

    drain(a_sender(database, transport), weekly)

    assert [kept.copy.address for kept in transport.kept] == ["weekly@example.com"]
    with database.readers() as session:
        kept = books.of_edition(session, session.get_one(Edition, weekly))
    assert kept.balanced
    assert (kept.considered, kept.excluded) == (5, {"cadence": 2, "left": 1, "paused": 1})


def test_whoever_turns_to_daily_mail_before_the_weekly_comes_does_not_get_it(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, [Reader(address="w@example.com", cadence=Cadence.WEEKLY)])
    weekly = freeze(database, Kind.WEEKLY)
    with database.sessions.begin() as session:
        session.execute(update(Subscription).values(cadence=Cadence.DAILY))
    transport = MemoryTransport()

    drain(a_sender(database, transport), weekly)

    assert transport.kept == []
    with database.readers() as session:
        copy = session.scalars(select(Delivery)).one()
    assert (copy.state, copy.reply) == (State.WITHDRAWN, "cadence")


def test_a_correction_is_for_those_who_have_what_it_corrects(database: Database) -> None:
    frozen(database, readers(8))
    drain(a_sender(database, MemoryTransport()), 1)
    became = {2: State.IN_DOUBT, 3: State.REFUSED, 4: State.WITHDRAWN, 5: State.EXPIRED}
    with database.sessions.begin() as session:
        add(session, [Reader(address="late@example.org")])
        for who, state in became.items():
            session.execute(update(Delivery).where(Delivery.subscriber_id == who).values(state=state))
        changes = {6: {"status": Status.LEFT}, 7: {"cadence": Cadence.WEEKLY}}
        for who, values in changes.items():
            session.execute(update(Subscription).where(Subscription.subscriber_id == who).values(values))
    correction = freeze(database, Kind.CORRECTION, corrects_id=1)
    transport = MemoryTransport()

    drain(a_sender(database, transport), correction)

    assert sorted(kept.copy.address[:2] for kept in transport.kept) == ["r1", "r7", "r8"]
    with database.readers() as session:
        kept = books.of_edition(session, session.get_one(Edition, correction))
    assert kept.balanced
    assert (kept.considered, kept.owed, kept.excluded) == (5, 3, {"in_doubt": 1, "left": 1})


def test_somebody_who_is_on_no_list_any_more_is_counted_as_having_left(database: Database) -> None:
    frozen(database, readers(2))
    drain(a_sender(database, MemoryTransport()), 1)
    with database.sessions.begin() as session:
        session.delete(session.get_one(Subscription, ("ai_daily", 2)))

    correction = freeze(database, Kind.CORRECTION, corrects_id=1)

    with database.readers() as session:
        kept = books.of_edition(session, session.get_one(Edition, correction))
    assert kept.balanced
    assert (kept.considered, kept.excluded) == (2, {"left": 1})


def test_a_copy_of_a_correction_names_the_copy_it_corrects(database: Database) -> None:
    frozen(database, readers(1))
    transport = MemoryTransport()
    drain(a_sender(database, transport), 1)
    drain(a_sender(database, transport), freeze(database, Kind.CORRECTION, corrects_id=1))

    first, correction = (kept.copy.values for kept in transport.kept)

    assert first["message_id"] == correction["corrects"] + "@news.example.com"
    assert "corrects" not in first
