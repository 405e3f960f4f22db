"""What must hold when two do something at once, or when something ends in the middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import calls, control, ledger, statements
from newsletter.delivery.calls import Became
from newsletter.delivery.control import Chosen
from newsletter.delivery.engine import ThreadsEngine
from newsletter.delivery.pacer import Pacer
from newsletter.delivery.pacing import Limits
from newsletter.delivery.states import BatchState, Event, LeaseLost, State
from newsletter.delivery.stopping import Stopping
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.delivery.worker import courier_of
from newsletter.editions.edition import Edition
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.transports.base import Outcome, Unavailable, Verdict, whole
from newsletter.transports.memory import MemoryTransport
from tests.support import DAY, SEVEN, SLUG, HandClock, a_sender, frozen, new_edition, open_database, readers

LEASE = timedelta(minutes=3)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def states(database: Database) -> dict[int, State]:
    with database.readers() as session:
        return {row.subscriber_id: row.state for row in session.scalars(select(Delivery))}


def taken_up(database: Database, results: list[Became]) -> tuple[Batch, Call]:
    """Claim a batch, take all of it up, and write down what became of it."""
    with database.sessions.begin() as session:
        batch = ledger.claim(session, owner="a", now=SEVEN, lease=LEASE)
        assert batch
        call = calls.open_call(batch, transport="memory", now=SEVEN)
        take(session, batch, call)
        calls.record(session, batch, call, results, now=SEVEN)
    return batch, call


def take(session: Session, batch: Batch, call: Call) -> None:
    calls.take(session, batch, call, newsletter=SLUG, day=DAY, after_id=0, limit=10, now=SEVEN, lease=LEASE)


# ---- a person, and a worker at the same moment ----


def test_a_freeze_is_not_lost_to_another_newsletter_going_out(database: Database) -> None:
    frozen(database, readers(10), batch_size=1)
    courier = courier_of({SLUG: a_sender(database, MemoryTransport())})
    if database.is_sqlite:
        return  # one writer: the other waits

    with database.snapshot() as session:
        other = new_edition(newsletter="other")
        session.add(other)
        session.flush()
        with database.sessions.begin() as elsewhere:
            claimed = ledger.claim(elsewhere, owner="b", now=SEVEN, lease=LEASE)
        courier.wake(session, edition_id=other.id)

    assert claimed


def test_a_copy_tried_again_while_its_batch_is_given_back_is_still_sent(database: Database) -> None:
    edition = frozen(database, readers(2))
    batch, _ = taken_up(database, [Became(1, Event.REFUSED, reply="550"), Became(2, Event.ACCEPTED)])

    def give_back() -> None:
        with database.sessions.begin() as session:
            ledger.release(session, batch, now=SEVEN)

    worker = threading.Thread(target=give_back)
    with database.sessions.begin() as session:
        mine = session.get_one(Edition, edition.id, with_for_update=True)
        again = control.retry(session, mine, Chosen(), now=SEVEN)
        worker.start()
        time.sleep(0.2)  # the worker comes in the middle, and waits
    worker.join()

    assert again == 1
    assert states(database)[1] is State.WAITING
    with database.readers() as session:
        assert session.get_one(Batch, batch.id).state is BatchState.WAITING


def test_a_copy_tried_again_by_a_person_does_not_cost_a_worker_its_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        return  # one writer: the other waits
    edition = frozen(database, readers(4))
    results = [
        Became(1, Event.DEFERRED, reply="4"),
        Became(2, Event.REFUSED, reply="550"),
        Became(3, Event.DEFERRED, reply="4"),
        Became(4, Event.ACCEPTED),
    ]
    batch, call = taken_up(database, results)
    look = statements.look(SLUG, DAY, None)

    with database.sessions.begin() as session:
        before = session.connection().execute

        def then_a_person(statement: object, *args: object, **more: object) -> object:
            done = before(statement, *args, **more)  # type: ignore[arg-type]
            if statement is look:
                with database.sessions.begin() as person:
                    person.connection().exec_driver_sql(
                        f"update delivery set state = 0 where edition_id = {edition.id} and subscriber_id = 2"
                    )
            return done

        monkeypatch.setattr(session.connection(), "execute", then_a_person)
        take(session, batch, call)

    assert states(database) == {1: State.IN_FLIGHT, 2: State.WAITING, 3: State.IN_FLIGHT, 4: State.ACCEPTED}


# ---- what counts against whom ----


def test_a_reader_is_not_given_up_for_the_deferrals_of_others(database: Database) -> None:
    edition = frozen(database, readers(8))
    clock = HandClock()
    transport = MemoryTransport({f"e{edition.id}-s{n}": [Verdict.DEFERRED] for n in range(1, 9)})
    sender = a_sender(database, transport, clock)
    sender.pacer = Pacer({Lane.OTHER: Limits(per_minute=1)})

    for _ in range(40):
        courier_of({SLUG: sender}).send_due()
        clock.forward(timedelta(minutes=61))

    assert set(states(database).values()) == {State.ACCEPTED}


def test_a_warm_up_counts_what_was_taken_up_and_not_what_was_allowed(database: Database) -> None:
    frozen(database, readers(6), batch_size=2)
    sender = a_sender(database, MemoryTransport())
    sender.pacer = Pacer({Lane.OTHER: Limits(warm_up=(6,), warm_up_from=DAY)})

    courier_of({SLUG: sender}).send_due()

    assert set(states(database).values()) == {State.ACCEPTED}


def test_an_outage_does_not_use_up_the_day_s_share_of_a_warm_up(database: Database) -> None:
    edition = frozen(database, readers(6))
    clock = HandClock()
    away = Unavailable("away")
    sender = a_sender(database, MemoryTransport({f"e{edition.id}-s1": [away, away]}), clock)
    sender.pacer = Pacer({Lane.OTHER: Limits(warm_up=(6,), warm_up_from=DAY)})

    for _ in range(4):
        courier_of({SLUG: sender}).send_due()
        clock.forward(timedelta(minutes=3))

    assert set(states(database).values()) == {State.ACCEPTED}


def test_a_throttle_is_kept_when_the_database_was_away_for_a_moment(database: Database) -> None:
    pacer = Pacer()
    pacer.note_throttle(Lane.OTHER)

    for attempt in range(2):
        with suppress(OSError), database.sessions.begin() as session:
            pacer.write(session, Lane.OTHER, SEVEN, moved=False)
            if not attempt:
                raise OSError

    with database.sessions.begin() as session:
        assert pacer.closed(session, SEVEN) == {Lane.OTHER}


# ---- ending, and being stopped ----


def test_an_answer_that_came_is_written_down_although_the_grace_is_over(database: Database) -> None:
    frozen(database, readers(10))
    stopping = Stopping(timedelta(0))

    class Slow(MemoryTransport):
        def send(
            self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
        ) -> Iterator[Outcome]:
            given = whole(copies)
            stopping.set()
            for copy in given:
                yield Outcome(ref=copy.ref, verdict=Verdict.ACCEPTED)

    sender = a_sender(database, Slow())
    sender.stopping = stopping

    courier_of({SLUG: sender}).send_due()

    assert set(states(database).values()) == {State.ACCEPTED}


def test_a_pause_takes_effect_within_two_seconds_however_slow_the_far_side_is(database: Database) -> None:
    edition = frozen(database, readers(60))
    paused_at: list[float] = []

    class OneByOne(MemoryTransport):
        streams = True

        def send(  # type: ignore[override] - it streams, so it yields None, too
            self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
        ) -> Iterator[Outcome | None]:
            for number, copy in enumerate(copies):
                if copy is None:
                    yield None
                    continue
                if number == 2:
                    with database.sessions.begin() as session:
                        control.pause(session, session.get_one(Edition, edition.id), because="test")
                    paused_at.append(time.monotonic())
                ends = time.monotonic() + 0.15
                while time.monotonic() < ends:
                    time.sleep(0.04)
                    yield None
                yield Outcome(ref=copy.ref, verdict=Verdict.ACCEPTED)

    courier_of({SLUG: a_sender(database, OneByOne())}).send_due()

    assert time.monotonic() - paused_at[0] < 2.5
    assert State.WAITING in states(database).values()


def test_a_lease_that_ran_out_is_lost_although_the_same_process_claimed_again(database: Database) -> None:
    frozen(database, readers(3))
    clock = HandClock()
    courier = courier_of({SLUG: a_sender(database, MemoryTransport(), clock)})
    first = courier._claim()
    assert first
    clock.forward(timedelta(hours=1))
    courier.tidy()
    assert courier._claim()

    with database.sessions.begin() as session, pytest.raises(LeaseLost):
        calls.renew(session, first[1], now=clock(), lease=LEASE)


def test_a_call_whose_commit_failed_is_not_used(database: Database) -> None:
    frozen(database, readers(3))
    done: list[datetime] = []

    @event.listens_for(database.engine, "commit")
    def fail(connection: Connection) -> None:
        if connection.exec_driver_sql("select count(*) from call").scalar() and not done:
            done.append(SEVEN)
            raise OperationalError("COMMIT", {}, Exception("the server went away"))

    courier_of({SLUG: a_sender(database, MemoryTransport())}).send_due()

    with database.readers() as session:
        known = set(session.scalars(select(Call.id)))
        used = {row.call_id for row in session.scalars(select(Delivery))}
    assert done
    assert used <= known
    assert set(states(database).values()) == {State.ACCEPTED}


# ---- an engine that only wakes ----


class Queue(ThreadsEngine):
    """An engine that keeps what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def enqueue(self, session: Session, batch_ids: Iterable[int], *, due_at: datetime | None = None) -> None:
        """Keep the ids."""
        self.asked.extend(batch_ids)


def test_a_lane_of_one_batch_at_a_time_goes_on_with_the_next_at_once(database: Database) -> None:
    frozen(database, readers(3), batch_size=1)
    clock, queue = HandClock(), Queue()

    class Busy(MemoryTransport):
        def send(
            self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
        ) -> Iterator[Outcome]:
            while queue.asked:  # the other jobs come while this one is at work, and find the lane closed
                courier.send_one(queue.asked.pop())
            yield from super().send(mailing, copies, call_id=call_id, lane=lane)

    sender = a_sender(database, Busy(), clock)
    sender.pacer = Pacer({Lane.OTHER: Limits(concurrency=1)})
    courier = courier_of({SLUG: sender})
    courier.engine = queue
    with database.sessions.begin() as session:
        courier.wake(session)

    courier.send_one(queue.asked.pop())

    assert set(states(database).values()) == {State.ACCEPTED}


def test_an_edition_goes_on_soon_after_it_is_resumed_with_a_queue(database: Database) -> None:
    edition = frozen(database, readers(2))
    clock, queue = HandClock(), Queue()
    courier = courier_of({SLUG: a_sender(database, MemoryTransport(), clock)})
    courier.engine = queue
    with database.sessions.begin() as session:
        courier.wake(session)
        control.pause(session, session.get_one(Edition, edition.id), because="x")
    while queue.asked:
        assert not courier.send_one(queue.asked.pop())
    clock.forward(timedelta(seconds=2))

    with database.sessions.begin() as session:
        control.resume(session, session.get_one(Edition, edition.id))
    with database.sessions.begin() as session:
        courier.wake(session)

    assert queue.asked
