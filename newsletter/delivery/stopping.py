"""Being told to end: a wish first, and after a time of grace an order."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

FOR_EVER = timedelta(days=1)


class Stopping(threading.Event):
    """Set when we are told to end; ``is_overdue`` once the grace since then has passed."""

    def __init__(self, grace: timedelta = FOR_EVER) -> None:
        super().__init__()
        self._grace = grace.total_seconds()
        self._set_at: float | None = None

    def set(self) -> None:
        """Tell everybody to end; the grace begins with the first time."""
        if self._set_at is None:
            self._set_at = time.monotonic()
        super().set()

    @property
    def is_overdue(self) -> bool:
        """Whether what is still in flight must be let go of."""
        return self._set_at is not None and time.monotonic() - self._set_at >= self._grace

    def left(self) -> float:
        """Return the seconds of grace that are left."""
        if self._set_at is None:
            return self._grace
        return max(0.0, self._grace - (time.monotonic() - self._set_at))
