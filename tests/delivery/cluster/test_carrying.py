"""Batches are carried inside our transaction, to any number of hosts, and each arrives once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from newsletter.clock import utc_now
from newsletter.database import Database
from newsletter.delivery.cluster import ProcrastinateEngine
from newsletter.errors import ConfigError
from tests.delivery.cluster.support import DEADLINE_SECONDS, Worked, an_engine, jobs, running, wait_until

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

# --- writing jobs ------------------------------------------------------------


def test_a_transaction_that_is_rolled_back_leaves_no_job(
    engine: ProcrastinateEngine, database: Database
) -> None:
    with database.sessions() as session:
        engine.enqueue(session, [1, 2])
        session.rollback()

    with database.sessions.begin() as session:
        engine.enqueue(session, [3])

    assert jobs(database) == {"todo": 1}


def test_a_savepoint_that_is_rolled_back_takes_its_jobs_along(
    engine: ProcrastinateEngine, database: Database
) -> None:
    with database.sessions.begin() as session:
        with session.begin_nested() as savepoint:
            engine.enqueue(session, [1])
            savepoint.rollback()
        engine.enqueue(session, [2])

    assert jobs(database) == {"todo": 1}


def test_enqueueing_leaves_the_transaction_where_it_looked_before(
    engine: ProcrastinateEngine, database: Database
) -> None:
    with database.sessions.begin() as session:
        before = session.scalar(text("show search_path"))
        engine.enqueue(session, [1])
        after = session.scalar(text("show search_path"))

    assert after == before


def test_no_batches_make_no_job(engine: ProcrastinateEngine, database: Database) -> None:
    with database.sessions.begin() as session:
        engine.enqueue(session, [])

    assert jobs(database) == {}


def test_a_thousand_batches_are_written_at_once_and_each_is_worked(
    engine: ProcrastinateEngine, database: Database
) -> None:
    work = Worked()
    with database.sessions.begin() as session:
        engine.enqueue(session, range(1, 1001))

    with running(engine, work, concurrency=4):
        wait_until(lambda: len(work.ids) >= 1000, "a thousand batches")

    assert sorted(work.ids) == list(range(1, 1001))
    assert jobs(database) == {}


def test_a_queue_that_is_not_installed_is_told_with_its_remedy(database_url: str, database: Database) -> None:
    engine = an_engine(database_url)

    with pytest.raises(ConfigError, match="newsletter migrate"), database.sessions.begin() as session:
        engine.enqueue(session, [1])
    with pytest.raises(ConfigError, match="newsletter migrate"):
        engine.run(print, concurrency=1, stopping=threading.Event())


# --- working jobs ------------------------------------------------------------


def test_two_engines_share_the_work_and_nothing_is_worked_twice(
    engine: ProcrastinateEngine, database_url: str, database: Database
) -> None:
    one, other = Worked(), Worked()

    def unhurried(worked: Worked) -> Callable[[int], None]:
        def work(batch_id: int) -> None:
            worked(batch_id)
            time.sleep(0.01)  # or the first would have done all before the second looks

        return work

    with running(engine, unhurried(one)), running(an_engine(database_url), unhurried(other)):
        with database.sessions.begin() as session:
            engine.enqueue(session, range(200))
        wait_until(lambda: len(one.ids) + len(other.ids) >= 200, "200 batches")

    assert sorted(one.ids + other.ids) == list(range(200))
    assert one.ids
    assert other.ids


def test_as_many_batches_run_beside_each_other_as_was_asked(
    engine: ProcrastinateEngine, database: Database
) -> None:
    # More than asyncio's own threads on a small machine.
    together = threading.Barrier(24, timeout=DEADLINE_SECONDS)
    met = Worked()

    def work(batch_id: int) -> None:
        together.wait()
        met(batch_id)

    with database.sessions.begin() as session:
        engine.enqueue(session, range(24))
    with running(engine, work, concurrency=24):
        wait_until(lambda: len(met.ids) == 24, "24 batches beside each other")

    assert sorted(met.ids) == list(range(24))


def test_work_that_fails_is_not_repeated_and_does_not_hold_up_the_rest(
    engine: ProcrastinateEngine, database: Database
) -> None:
    work = Worked()

    def failing(batch_id: int) -> None:
        work(batch_id)
        raise RuntimeError("the work of this test fails")

    with database.sessions.begin() as session:
        engine.enqueue(session, [1, 2, 3])
    with running(engine, failing):
        wait_until(lambda: not jobs(database), "an empty queue")

    assert sorted(work.ids) == [1, 2, 3]


def test_work_may_enqueue_and_sweep_itself(engine: ProcrastinateEngine, database: Database) -> None:
    work = Worked()

    def divide(batch_id: int) -> None:
        with database.sessions.begin() as session:
            engine.enqueue(session, [2 * batch_id, 2 * batch_id + 1] if batch_id < 4 else [])
        engine.sweep()
        work(batch_id)

    with database.sessions.begin() as session:
        engine.enqueue(session, [1])
    with running(engine, divide):
        wait_until(lambda: len(work.ids) == 7, "the seven of three generations")

    assert sorted(work.ids) == [1, 2, 3, 4, 5, 6, 7]


def test_a_batch_that_is_due_later_is_not_worked_before(
    engine: ProcrastinateEngine, database: Database
) -> None:
    worked_at = {}
    due_at = utc_now() + timedelta(seconds=1.2)
    with database.sessions.begin() as session:
        engine.enqueue(session, [1], due_at=due_at)
        engine.enqueue(session, [2], due_at=utc_now() + timedelta(hours=1))
        engine.enqueue(session, [3], due_at=utc_now() - timedelta(hours=1))

    with running(engine, lambda batch_id: worked_at.setdefault(batch_id, utc_now())):
        wait_until(lambda: len(worked_at) == 2, "the two that are due")

    assert worked_at[3] < due_at <= worked_at[1]
    assert jobs(database) == {"todo": 1}


def test_stopping_finishes_the_batch_in_flight_and_takes_up_no_other(
    engine: ProcrastinateEngine, database: Database
) -> None:
    started, go_on = threading.Event(), threading.Event()
    finished = Worked()

    def work(batch_id: int) -> None:
        started.set()
        go_on.wait(DEADLINE_SECONDS)
        finished(batch_id)

    with database.sessions.begin() as session:
        engine.enqueue(session, [1, 2, 3])
    with running(engine, work, concurrency=1) as stopping:
        started.wait(DEADLINE_SECONDS)
        stopping.set()
        told_at = time.monotonic()
        go_on.set()
    took_seconds = time.monotonic() - told_at

    assert finished.ids == [1]
    assert jobs(database) == {"todo": 2}
    assert took_seconds < 5


def test_a_batch_taken_up_while_stopping_goes_back(engine: ProcrastinateEngine, database: Database) -> None:
    stopping = threading.Event()
    work = Worked()

    def stop_at_the_first(batch_id: int) -> None:
        work(batch_id)
        stopping.set()

    with database.sessions.begin() as session:
        engine.enqueue(session, range(50))
    engine.run(stop_at_the_first, concurrency=1, stopping=stopping)

    assert work.ids == [0]
    assert jobs(database) == {"todo": 49}
