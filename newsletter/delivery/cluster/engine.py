"""The engine itself: writes jobs, works them and cleans up after those who died at it.

Jobs are written on the caller's own connection, so they exist exactly when its transaction commits.
procrastinate's locks, retries and timetable are not used: the ledger knows better when a batch is due, and
a failed job that may come back could wait for its own twin for ever (procrastinate#1543).

``run`` outlives the database: when it goes away, the queue's worker ends and a new one is started.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, cast

import psycopg
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.manager import JobManager
from psycopg import errors
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from newsletter.delivery.cluster import schema
from newsletter.delivery.cluster.connections import BoundedConnector, conninfo
from newsletter.delivery.engine import EngineUnavailable
from newsletter.errors import ConfigError, NewsletterError

logger = logging.getLogger(__name__)

TASK = "send_batch"
QUEUE = "batches"
AT_ONCE = 5000  # jobs in one statement
KEPT_HOURS = 24  # how long the row of a stalled job can still be looked at
SPARE_THREADS = 4
STOP_POLL = timedelta(seconds=0.1)
LONGEST_PAUSE = timedelta(seconds=15)
LOST = (ConnectorException, psycopg.Error, TimeoutError)  # the database does not answer
NOT_INSTALLED = "the queue is not installed in this database; run `newsletter migrate`"


class ProcrastinateEngine:
    """Wakes workers on any number of hosts. Holds no connection between two calls."""

    def __init__(
        self,
        database_url: str,
        *,
        dead_after: timedelta = timedelta(seconds=30),  # a worker silent for so long is dead
        patience: timedelta = timedelta(seconds=10),  # how long to wait for a connection
        poll: timedelta = timedelta(seconds=1),  # how late a job may start that was not announced
    ) -> None:
        self._conninfo = conninfo(database_url)
        self._dead_after = dead_after
        self._patience = patience
        self._poll = poll
        # Never opened: it writes on the connections of others only.
        self._writer = JobManager(SyncPsycopgConnector(conninfo=self._conninfo))

    # ---- writing jobs ----

    def enqueue(self, session: Session, batch_ids: Sequence[int], *, due_at: datetime | None = None) -> None:
        """Write a job for every batch, inside the caller's transaction.

        Raises ``ConfigError`` when the queue is not installed; the transaction is lost in that case.
        """
        if batch_ids:
            self._write(cast(Any, session.connection().connection.driver_connection), batch_ids, due_at)

    def _write(
        self, connection: psycopg.Connection[Any], batch_ids: Sequence[int], due_at: datetime | None
    ) -> None:
        jobs = [
            Job(
                queue=QUEUE,
                task_name=TASK,
                task_kwargs={"batch_id": batch_id},
                scheduled_at=due_at,
                lock=None,
                queueing_lock=None,
            )
            for batch_id in batch_ids
        ]
        with connection.cursor(row_factory=tuple_row) as cursor:
            (path,) = cursor.execute("SELECT current_setting('search_path')").fetchone() or ("",)
            # The queue's SQL names its tables without their schema. The caller gets its own path back; if
            # anything fails before that, the end of the transaction brings it back.
            cursor.execute("SET LOCAL search_path TO queue, public")
            try:
                for start in range(0, len(jobs), AT_ONCE):
                    self._writer.batch_defer_jobs(jobs[start : start + AT_ONCE], connection=connection)
            except ConnectorException as error:
                if isinstance(error.__cause__, errors.UndefinedObject | errors.UndefinedFunction):
                    raise ConfigError(NOT_INSTALLED) from error
                raise EngineUnavailable("the queue took no jobs; roll back and try again") from error
            cursor.execute("SELECT set_config('search_path', %s, true)", [path])

    def _put_back(self, batch_id: int) -> None:
        try:
            with psycopg.connect(self._conninfo) as connection:
                self._write(connection, [batch_id], None)
        except (psycopg.Error, NewsletterError) as error:
            # The reconciler finds the batch in the ledger.
            logger.warning("batch not put back", extra={"batch_id": batch_id, "reason": type(error).__name__})

    # ---- working jobs ----

    def run(self, work: Callable[[int], None], *, concurrency: int, stopping: threading.Event) -> None:
        """Work what is due until ``stopping``; start again, with growing pauses, when the database goes away.

        Raises ``ConfigError`` when the queue is not installed.
        """
        pause = timedelta(0)
        while not stopping.is_set():
            started = time.monotonic()
            try:
                asyncio.run(self._serve(work, concurrency, stopping))
            except ConfigError:
                raise
            except Exception as error:
                # The loop must survive, whatever it was; what was in flight is in the ledger.
                trace = None if isinstance(error, LOST) else error
                logger.error("queue lost", exc_info=trace, extra={"reason": type(error).__name__})
            if stopping.is_set():
                return
            if time.monotonic() - started > LONGEST_PAUSE.total_seconds():
                pause = timedelta(0)
            pause = min(pause * 2 or self._poll, LONGEST_PAUSE)
            logger.info("queue worker starts again", extra={"pause_seconds": pause.total_seconds()})
            stopping.wait(pause.total_seconds())

    async def _serve(self, work: Callable[[int], None], concurrency: int, stopping: threading.Event) -> None:
        def send_batch(*, batch_id: int) -> None:
            if stopping.is_set():
                self._put_back(batch_id)
                return
            try:
                work(batch_id)
            except Exception as error:
                # A job never fails: the ledger says what is to be done about the batch.
                # What a person can be told in one sentence needs no stack.
                trace = None if isinstance(error, NewsletterError) else error
                logger.error("batch failed: %s", error, exc_info=trace, extra={"batch_id": batch_id})

        # Jobs run in the loop's own threads, of which there are few by default. The spare ones look up the
        # database's address: a lost connection must come back while every job is busy.
        asyncio.get_running_loop().set_default_executor(
            ThreadPoolExecutor(concurrency + SPARE_THREADS, thread_name_prefix="batch")
        )
        app = self._app()
        app.task(name=TASK, queue=QUEUE)(send_batch)
        worker = asyncio.create_task(self._worker(app, concurrency))
        while not worker.done() and not stopping.is_set():
            await asyncio.wait({worker}, timeout=STOP_POLL.total_seconds())
        worker.cancel()  # it takes up nothing more, and ends when the jobs in flight have ended
        with contextlib.suppress(asyncio.CancelledError):
            await worker

    async def _worker(self, app: App, concurrency: int) -> None:
        async with app.open_async():
            if not await app.check_connection_async():
                raise ConfigError(NOT_INSTALLED)
            await app.run_worker_async(
                queues=[QUEUE],
                concurrency=concurrency,
                install_signal_handlers=False,
                delete_jobs=DeleteJobCondition.SUCCESSFUL,
                # Its listener may die unseen (procrastinate#1597), and what becomes due is not announced.
                fetch_job_polling_interval=self._poll.total_seconds(),
                update_heartbeat_interval=self._dead_after.total_seconds() / 3,
                stalled_worker_timeout=self._dead_after.total_seconds(),
            )

    # ---- keeping the queue clean ----

    def sweep(self) -> int:
        """Finish, as failed, the jobs that dead workers had taken up; forget dead workers and old jobs.

        Never puts a job back: the reconciler does, from the ledger. Raises ``EngineUnavailable``.
        """
        try:
            return asyncio.run(self._sweep())
        except LOST as error:
            raise EngineUnavailable("the queue could not be swept") from error

    async def _sweep(self) -> int:
        silence = self._dead_after.total_seconds()
        async with self._app().open_async() as app:
            jobs = app.job_manager
            finished = 0
            for job in await jobs.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=silence):
                try:
                    await jobs.finish_job(job, Status.FAILED, delete_job=False)
                    finished += 1
                except ConnectorException as error:
                    # Another sweeper, or the worker itself after all, was faster.
                    if not isinstance(error.__cause__, errors.RaiseException):
                        raise
            # A worker that lives on without a heartbeat finds itself forgotten, and starts anew.
            await jobs.prune_stalled_workers(silence)
            await jobs.delete_old_jobs(
                KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
            )
            return finished

    def install(self) -> None:
        """Make the schema ``queue``, or bring it to the version of the library; waits for others who do."""
        schema.install(self._conninfo)

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def _app(self) -> App:
        # A new one every time: its connections belong to one event loop.
        return App(connector=BoundedConnector(self._conninfo, patience=self._patience))
