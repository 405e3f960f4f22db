"""The ledger's promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import books, calls, ledger
from newsletter.delivery.calls import Became, Taken
from newsletter.delivery.states import BatchState, Event, LeaseLost, State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.edition import Edition, StoredMailing
from newsletter.mailing import Mailing
from subscribers import Address, Cadence, Reason, Status, suppress_address, suppress_domain
from tests.support import (
    DAY,
    KEYS,
    SEVEN,
    SLUG,
    Reader,
    a_mailing,
    add,
    frozen,
    new_edition,
    open_database,
    readers,
)

LEASE = timedelta(minutes=3)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def states(database: Database) -> dict[int, State]:
    with database.readers() as session:
        return {row.subscriber_id: row.state for row in session.scalars(select(Delivery))}


def claim(database: Database, owner: str = "a", **changes: object) -> Batch | None:
    settings = {"now": SEVEN, "lease": LEASE, **changes}
    with database.sessions.begin() as session:
        return ledger.claim(session, owner=owner, **settings)


def open_call(database: Database, batch: Batch, ids: list[int], *, now: datetime = SEVEN) -> Call:
    """Take up exactly these copies, which follow each other."""
    with database.sessions.begin() as session:
        call = calls.open_call(batch, transport="memory", now=now)
        assert [id_ for id_, _ in take(session, batch, call, ids[0] - 1, len(ids), now=now).readers] == ids
    return call


def take(
    session: Session, batch: Batch, call: Call, after_id: int = 0, limit: int = 10, *, now: datetime = SEVEN
) -> Taken:
    return calls.take(
        session,
        batch,
        call,
        newsletter=SLUG,
        day=DAY,
        after_id=after_id,
        limit=limit,
        now=now,
        lease=LEASE,
    )


def test_the_audience_is_exactly_those_owed_and_every_other_is_counted_by_reason(database: Database) -> None:
    with database.sessions.begin() as session:
        suppress_address(
            session, KEYS.addresses.digest(Address("sup@example.com")), reason=Reason.BOUNCED, now=SEVEN
        )
        suppress_domain(session, "blocked.example", reason=Reason.BLOCKED, now=SEVEN)

    edition = frozen(
        database,
        [
            *readers(3),
            Reader(address="p@example.com", status=Status.PENDING),
            Reader(address="l@example.com", status=Status.LEFT),
            Reader(address="sup@example.com"),
            Reader(address="x@blocked.example"),
            Reader(address="paused@example.com", paused_until=DAY + timedelta(days=1)),
            Reader(address="back@example.com", paused_until=DAY),
            Reader(address="weekly@example.com", cadence=Cadence.WEEKLY),
            Reader(address="weekdays@example.com", cadence=Cadence.WEEKDAYS),
        ],
    )

    with database.readers() as session:
        kept = books.of_edition(session, edition)
    assert set(states(database)) == {1, 2, 3, 9, 11}
    assert kept.considered == 11
    assert kept.owed == 5
    assert kept.excluded == {"pending": 1, "left": 1, "suppressed": 2, "paused": 1, "cadence": 1}
    assert kept.balanced


def test_weekday_readers_rest_at_the_weekend(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, [Reader(address="w@example.com", cadence=Cadence.WEEKDAYS)])
    with database.snapshot() as session:
        saturday = new_edition(date(2026, 11, 28))
        ledger.freeze(session, saturday, {"zh-CN": a_mailing()}, batch_size=10, now=SEVEN)

    assert saturday.excluded == {"cadence": 1}


def test_an_edition_without_readers_is_frozen_with_balanced_books(database: Database) -> None:
    edition = frozen(database)

    with database.sessions.begin() as session:
        assert ledger.finish(session, session.get_one(Edition, edition.id), now=SEVEN)
    with database.readers() as session:
        assert books.of_edition(session, edition).balanced


def test_a_second_edition_of_the_same_day_is_impossible(database: Database) -> None:
    frozen(database, readers(2))

    with pytest.raises(IntegrityError):
        frozen(database)

    assert len(states(database)) == 2


def test_batches_hold_one_lane_and_one_mailing_and_at_most_their_size(database: Database) -> None:
    people = [
        *readers(5, domain="qq.com"),
        *readers(3, domain="foxmail.com"),
        *readers(2),
        Reader(address="en@qq.com", language="en"),
        Reader(address="fr@example.com", language="fr"),
    ]

    edition = frozen(
        database, people, batch_size=3, mailings={"zh-CN": a_mailing(), "en": a_mailing(language="en")}
    )

    with database.readers() as session:
        rows = session.execute(
            select(Batch, StoredMailing.language).join(StoredMailing).where(Batch.edition_id == edition.id)
        ).all()
    found = sorted((language, batch.lane.value, batch.size) for batch, language in rows)
    assert found == [
        ("en", "qq", 1),
        ("zh-CN", "other", 3),
        ("zh-CN", "qq", 2),
        ("zh-CN", "qq", 3),
        ("zh-CN", "qq", 3),
    ]


def test_a_mailing_is_stored_byte_for_byte(database: Database) -> None:
    mailing = a_mailing(body="逐字“保存”🙂")
    frozen(database, readers(1), mailings={"zh-CN": mailing})

    with database.readers() as session:
        stored = session.scalars(select(StoredMailing)).one()

    assert stored.content == mailing.to_bytes()
    assert stored.fingerprint == mailing.fingerprint
    assert dataclasses.asdict(Mailing.from_bytes(stored.content)) == dataclasses.asdict(mailing)


def test_no_two_workers_hold_the_same_batch(database: Database) -> None:
    frozen(database, readers(4), batch_size=2)

    first, second, third = claim(database, "a"), claim(database, "b"), claim(database, "c")

    assert first
    assert second
    assert first.id != second.id
    assert third is None


def test_a_batch_is_not_claimed_before_it_is_due(database: Database) -> None:
    frozen(database, readers(1), now=SEVEN + timedelta(minutes=1))

    assert claim(database) is None
    assert claim(database, now=SEVEN + timedelta(minutes=1)) is not None


def test_an_intent_is_refused_once_the_lease_has_ended(database: Database) -> None:
    frozen(database, readers(2))
    batch = claim(database)
    assert batch

    with pytest.raises(LeaseLost):
        open_call(database, batch, [1, 2], now=SEVEN + LEASE)

    assert set(states(database).values()) == {State.WAITING}


def test_a_copy_that_is_taken_up_is_not_taken_up_again(database: Database) -> None:
    frozen(database, readers(3))
    batch = claim(database)
    assert batch
    open_call(database, batch, [1])

    with database.sessions.begin() as session:
        call = calls.open_call(batch, transport="memory", now=SEVEN)
        taken = take(session, batch, call)

    assert [id_ for id_, _ in taken.readers] == [2, 3]
    assert taken.is_last


def test_taking_up_says_whether_more_is_left(database: Database) -> None:
    frozen(database, readers(3))
    batch = claim(database)
    assert batch

    with database.sessions.begin() as session:
        call = calls.open_call(batch, transport="memory", now=SEVEN)
        first = take(session, batch, call, limit=2)
        second = take(session, batch, call, first.last_id, limit=1)

    assert (first.last_id, first.is_last) == (2, False)
    assert (second.last_id, second.is_last) == (3, True)


def test_what_was_taken_up_without_our_knowing_is_put_back(database: Database) -> None:
    frozen(database, readers(3))
    batch = claim(database)
    assert batch
    call = open_call(database, batch, [1, 2])

    with database.sessions.begin() as session:
        calls.untake(session, batch, call, after_id=1)

    assert states(database) == {1: State.IN_FLIGHT, 2: State.WAITING, 3: State.WAITING}


def test_what_a_dead_worker_had_in_flight_is_in_doubt_and_the_rest_is_sent(database: Database) -> None:
    frozen(database, readers(4))
    batch = claim(database)
    assert batch
    open_call(database, batch, [1, 2])

    with database.sessions.begin() as session:
        early = ledger.reconcile(session, now=SEVEN + timedelta(minutes=1))
    with database.sessions.begin() as session:
        late = ledger.reconcile(session, now=SEVEN + LEASE)
    again = claim(database, "b", now=SEVEN + LEASE)

    assert (early, late) == (0, 1)
    assert states(database) == {1: State.IN_DOUBT, 2: State.IN_DOUBT, 3: State.WAITING, 4: State.WAITING}
    assert again
    with database.sessions.begin() as session:
        call = calls.open_call(again, transport="memory", now=SEVEN + LEASE)
        assert [id_ for id_, _ in take(session, again, call, now=SEVEN + LEASE).readers] == [3, 4]


def test_the_sole_sender_need_not_wait_for_the_lease_of_a_dead_worker(database: Database) -> None:
    frozen(database, readers(2))
    claim(database)

    with database.sessions.begin() as session:
        assert ledger.reconcile(session, now=SEVEN, sole_sender=True) == 1


def test_an_answer_that_comes_late_settles_doubt(database: Database) -> None:
    frozen(database, readers(3))
    batch = claim(database)
    assert batch
    call = open_call(database, batch, [1, 2, 3])
    with database.sessions.begin() as session:
        ledger.reconcile(session, now=SEVEN + LEASE)

    with database.sessions.begin() as session:
        results = [
            Became(1, Event.ACCEPTED),
            Became(2, Event.REFUSED, reply="550 no"),
            Became(3, Event.DEFERRED),
        ]
        calls.record(session, batch, call, results, now=SEVEN)

    # A deferred copy could be sent again, so doubt may not turn into it by a late word.
    assert states(database) == {1: State.ACCEPTED, 2: State.REFUSED, 3: State.IN_DOUBT}


def test_an_answer_to_an_older_call_changes_nothing(database: Database) -> None:
    frozen(database, readers(1))
    batch = claim(database)
    assert batch
    old = open_call(database, batch, [1])
    with database.sessions.begin() as session:
        calls.record(session, batch, old, [Became(1, Event.RELEASED)], now=SEVEN)
    open_call(database, batch, [1])

    with database.sessions.begin() as session:
        calls.record(session, batch, old, [Became(1, Event.REFUSED)], now=SEVEN)

    assert states(database) == {1: State.IN_FLIGHT}


def test_a_worker_whose_batch_went_to_another_cannot_give_it_back(database: Database) -> None:
    frozen(database, readers(2))
    stale = claim(database)
    assert stale
    with database.sessions.begin() as session:
        ledger.reconcile(session, now=SEVEN + LEASE)
    current = claim(database, "b", now=SEVEN + LEASE)
    assert current
    open_call(database, current, [1], now=SEVEN + LEASE)

    with pytest.raises(LeaseLost), database.sessions.begin() as session:
        ledger.release(session, stale, now=SEVEN + LEASE)

    assert states(database)[1] is State.IN_FLIGHT


def test_the_provider_s_name_for_a_call_is_kept_once_and_a_copy_s_own_with_the_copy(
    database: Database,
) -> None:
    frozen(database, readers(4), batch_size=2)
    whole, single = claim(database), claim(database)
    assert whole
    assert single
    first, second = open_call(database, whole, [1, 2]), open_call(database, single, [3, 4])

    with database.sessions.begin() as session:
        calls.record(
            session,
            whole,
            first,
            [Became(n, Event.ACCEPTED, provider_id="call-id") for n in (1, 2)],
            now=SEVEN,
        )
        calls.record(
            session,
            single,
            second,
            [Became(n, Event.ACCEPTED, provider_id=f"q{n}") for n in (3, 4)],
            now=SEVEN,
        )

    with database.readers() as session:
        named = {call.id: call.provider_id for call in session.scalars(select(Call))}
        copies = {row.subscriber_id: row.provider_id for row in session.scalars(select(Delivery))}
    assert named == {first.id: "call-id", second.id: None}
    assert copies == {1: None, 2: None, 3: "q3", 4: "q4"}


def test_a_batch_is_done_when_none_of_its_copies_is_open(database: Database) -> None:
    edition = frozen(database, readers(2))
    now, states_of_batch, closed = SEVEN, [], False
    for walk in range(5):
        batch = claim(database, now=now)
        assert batch
        call = open_call(database, batch, [2] if walk else [1, 2], now=now)
        with database.sessions.begin() as session:
            accepted = [] if walk else [Became(1, Event.ACCEPTED)]
            calls.record(session, batch, call, [*accepted, Became(2, Event.DEFERRED)], now=now)
            states_of_batch.append(ledger.release(session, batch, now=now))
            closed = ledger.finish(session, session.get_one(Edition, edition.id), now=now)
        now += timedelta(hours=1)

    assert states_of_batch == [*[BatchState.WAITING] * 4, BatchState.DONE]
    assert closed
    assert states(database) == {1: State.ACCEPTED, 2: State.REFUSED}


def test_a_walk_that_was_interrupted_counts_no_deferral_and_goes_on_where_it_was(database: Database) -> None:
    frozen(database, readers(3))
    batch = claim(database)
    assert batch
    call = open_call(database, batch, [1])
    with database.sessions.begin() as session:
        calls.record(session, batch, call, [Became(1, Event.DEFERRED)], now=SEVEN)
        ledger.release(session, batch, now=SEVEN, walked_to=1)

    again = claim(database)

    assert again
    assert (again.deferrals, again.walked_to) == (0, 1)
