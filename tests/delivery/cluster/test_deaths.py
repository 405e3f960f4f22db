"""Workers and databases die, networks fall silent: the work goes on, and nothing is worked twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from newsletter.database import Database, connect
from newsletter.delivery.cluster import ProcrastinateEngine
from newsletter.delivery.engine import EngineUnavailable
from tests.delivery.cluster.breaking import OwnServer, Wire
from tests.delivery.cluster.support import DEADLINE_SECONDS, Worked, an_engine, jobs, running, wait_until

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def _take_up_and_die(session: Session) -> None:
    session.execute(text("set local search_path to queue"))
    session.execute(text("update procrastinate_jobs set status = 'doing'"))


def _hang(url: str, started: object) -> None:
    def work(_batch_id: int) -> None:
        started.set()  # type: ignore[attr-defined]
        time.sleep(3600)

    an_engine(url).run(work, concurrency=1, stopping=threading.Event())


def test_the_job_of_a_worker_that_was_killed_is_finished_and_never_repeated(
    engine: ProcrastinateEngine, database_url: str, database: Database
) -> None:
    spawn = multiprocessing.get_context("spawn")
    started = spawn.Event()
    worker = spawn.Process(target=_hang, args=(database_url, started))
    worker.start()
    with database.sessions.begin() as session:
        engine.enqueue(session, [1])
    assert started.wait(DEADLINE_SECONDS)

    alive = engine.sweep()
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join()
    swept: list[int] = []
    wait_until(lambda: swept.append(engine.sweep()) or sum(swept), "the worker to count as dead")

    work = Worked()
    with running(engine, work):
        with database.sessions.begin() as session:
            engine.enqueue(session, [2])
        wait_until(lambda: work.ids, "the next batch")
    assert alive == 0
    assert sum(swept) == 1
    assert work.ids == [2]
    assert jobs(database) == {"failed": 1}


def test_many_sweepers_at_once_finish_a_job_once(engine: ProcrastinateEngine, database: Database) -> None:
    with database.sessions.begin() as session:
        engine.enqueue(session, range(20))
        _take_up_and_die(session)

    with ThreadPoolExecutor(4) as sweepers:
        swept = [future.result() for future in [sweepers.submit(engine.sweep) for _ in range(4)]]

    assert sum(swept) == 20
    assert jobs(database) == {"failed": 20}


def test_what_is_long_finished_is_swept_away(engine: ProcrastinateEngine, database: Database) -> None:
    with database.sessions.begin() as session:
        engine.enqueue(session, [1, 2])
        _take_up_and_die(session)
    engine.sweep()
    with database.sessions.begin() as session:
        session.execute(
            text(
                "update queue.procrastinate_events set at = at - interval '25 hours' "
                "where job_id = (select min(id) from queue.procrastinate_jobs)"
            )
        )

    engine.sweep()

    assert jobs(database) == {"failed": 1}


@pytest.fixture
def own_server(database_url: str, testrun_uid: str) -> Iterator[OwnServer]:
    # After database_url: the system user the servers run as is made by then.

    server = OwnServer(Path(tempfile.gettempdir()) / f"newsletter-own-{testrun_uid[:8]}-{os.getpid()}")
    yield server
    server.remove()


@pytest.mark.parametrize("away_seconds", [0, 4])
def test_the_work_goes_on_when_the_database_was_killed(own_server: OwnServer, away_seconds: float) -> None:
    url = own_server.url.render_as_string(hide_password=False)
    engine, database, work = an_engine(url), connect(url), Worked()
    engine.install()

    with running(engine, work):
        with database.sessions.begin() as session:
            engine.enqueue(session, [1])
        wait_until(lambda: work.ids == [1], "the first batch")
        own_server.kill()
        time.sleep(away_seconds)  # four times as long as the engine's patience
        own_server.start()
        with database.sessions.begin() as session:
            engine.enqueue(session, [2])
        wait_until(lambda: 2 in work.ids, "the batch after the crash")
    database.close()

    assert work.ids == [1, 2]


def test_stopping_does_not_wait_for_a_database_that_is_away(own_server: OwnServer) -> None:
    url = own_server.url.render_as_string(hide_password=False)
    engine, database, work = an_engine(url), connect(url), Worked()
    engine.install()

    with running(engine, work):
        with database.sessions.begin() as session:
            engine.enqueue(session, [1])
        wait_until(lambda: work.ids, "the first batch")
        own_server.kill()
        told_at = time.monotonic()
    took_seconds = time.monotonic() - told_at
    with pytest.raises(EngineUnavailable):
        engine.sweep()
    own_server.start()
    database.close()

    assert took_seconds < 10


@pytest.fixture
def wire(database_url: str) -> Iterator[Wire]:
    made = Wire(make_url(database_url))
    yield made
    made.close()


@pytest.mark.parametrize("is_mended", [True, False])
def test_a_database_that_falls_silent_holds_nobody(
    engine: ProcrastinateEngine, database: Database, wire: Wire, *, is_mended: bool
) -> None:
    work = Worked()

    with running(an_engine(wire.url.render_as_string(hide_password=False)), work):
        with database.sessions.begin() as session:
            engine.enqueue(session, [1])
        wait_until(lambda: work.ids, "the first batch")
        wire.cut()
        with database.sessions.begin() as session:
            engine.enqueue(session, [2])
        if is_mended:
            time.sleep(5)  # longer than a question may take
            wire.mend()
            with database.sessions.begin() as session:
                engine.enqueue(session, [3])
            wait_until(lambda: 3 in work.ids, "the batch after the silence")

    # It ended in time, or ``running`` would have failed. The second may be lost: a fetch that arrives late
    # takes it up for a worker that is gone. The sweeper finishes it, and the reconciler puts it back.
    assert [batch_id for batch_id in work.ids if batch_id != 2] == ([1, 3] if is_mended else [1])
