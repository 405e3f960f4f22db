"""Doing things beside each other: each has a name, and is not begun again while it is still being done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor


class Beside:
    """Runs steps in up to ``at_once`` threads; without threads, at once and in turn."""

    def __init__(self, at_once: int = 0, *, name: str = "beside") -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=name) if at_once else None
        self._running: set[Hashable] = set()
        self._lock = threading.Lock()

    def run(self, name: Hashable, step: Callable[[], None]) -> bool:
        """Do ``step``; False when the last one of that name has not ended yet. It may not raise."""
        if self._pool is None:
            step()
            return True
        with self._lock:
            if name in self._running:
                return False
            self._running.add(name)

        def do() -> None:
            try:
                step()
            finally:
                with self._lock:
                    self._running.discard(name)

        self._pool.submit(do)
        return True

    def is_running(self, name: Hashable) -> bool:
        """Say whether the last step of that name has not ended yet."""
        with self._lock:
            return name in self._running

    def end(self) -> None:
        """Wait for what is being done; nothing is begun any more."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
