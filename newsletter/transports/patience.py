"""How long to leave a far side alone that is down, full or answering nothing but errors.

A first trouble costs seconds and each that follows twice as much, up to five minutes, always
shortened by a share of chance so that workers do not come back all at once. What the far side asks
for itself is heeded instead. While one waits, nobody else tries: a thousand batches must not find
out one by one what the first has found out.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from hashlib import sha256

FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=5)


def pause(troubles: int, *, key: str) -> timedelta:
    """Return how long to wait after so many troubles in a row: half of it sure, half by ``key``."""
    whole = min(FIRST * 2 ** min(troubles - 1, 16), LONGEST)
    share = int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32
    return whole / 2 + whole / 2 * share


class Patience:
    """What is known of one far side's troubles. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._troubles = 0
        self._until: datetime | None = None
        self._reason = ""

    def trouble(self, reason: str, *, now: datetime, key: str, asked: timedelta | None = None) -> timedelta:
        """Note a trouble, and return how long nobody shall try; ``asked`` is the far side's own word."""
        with self._lock:
            # Calls that were on their way together have met with the same trouble.
            if self._until is None or now >= self._until:
                self._troubles += 1
            until = now + (asked or pause(self._troubles, key=key))
            self._until = max(until, self._until or until)
            self._reason = reason
            return self._until - now

    def worked(self, *, now: datetime) -> None:
        """Note that the far side does its work, unless it has asked to be left alone since."""
        if self._until is not None:
            with self._lock:
                if self._until is not None and now >= self._until:
                    self._troubles, self._until = 0, None

    def left(self, now: datetime) -> tuple[timedelta, str] | None:
        """Return how long to wait still, and why; None when one may try."""
        with self._lock:
            if self._until is None or now >= self._until:
                return None
            return self._until - now, self._reason
