"""An engine in a hurry, work that remembers, and ways to wait for them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import text

from newsletter.database import Database
from newsletter.delivery.cluster import ProcrastinateEngine

DEAD_AFTER = timedelta(seconds=1.5)
SOON = timedelta(seconds=0.2)
DEADLINE_SECONDS = 60  # only a failing test waits so long


def an_engine(url: str) -> ProcrastinateEngine:
    """Return an engine in a hurry, so that a test need not wait for it."""
    return ProcrastinateEngine(url, dead_after=DEAD_AFTER, patience=timedelta(seconds=1), poll=SOON)


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
