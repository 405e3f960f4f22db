"""Mail that the stub SendGrid holds until its time, and batches that may be cancelled before."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime, timedelta
from typing import Any

MOST_OPEN = 10  # batches paused or cancelled at one time
# SendGrid promises to heed a cancellation that comes earlier than this before the hour.
NOTICE = timedelta(minutes=10)


class Scheduled:
    """The batches of one account. ``heeds_late`` says that even a late cancellation is heeded."""

    def __init__(self) -> None:
        self.heeds_late = True
        self._issued: set[str] = set()
        self._status: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def issue(self) -> str:
        """Return a new batch id."""
        batch_id = secrets.token_urlsafe(24)
        with self._lock:
            self._issued.add(batch_id)
        return batch_id

    def is_issued(self, batch_id: str) -> bool:
        """Say whether this is a batch of ours."""
        return batch_id in self._issued

    def set(self, batch_id: str, status: str, *, now: datetime) -> str | None:
        """Pause or cancel a batch, and return why that cannot be."""
        with self._lock:
            if batch_id not in self._issued:
                return "batch id not found"
            if status not in ("cancel", "pause"):
                return "status must be either cancel or pause"
            if batch_id not in self._status and len(self._status) >= MOST_OPEN:
                return "the maximum number of cancelled or paused scheduled sends was reached"
            self._status[batch_id] = (status, now)
        return None

    def clear(self, batch_id: str) -> bool:
        """Let a batch go out again; say whether it was held."""
        with self._lock:
            return self._status.pop(batch_id, None) is not None

    def statuses(self, batch_id: str | None = None) -> list[dict[str, Any]]:
        """Return what is paused or cancelled."""
        with self._lock:
            return [
                {"batch_id": one, "status": status}
                for one, (status, _) in self._status.items()
                if batch_id in (None, one)
            ]

    def is_out(self, *, send_at: datetime | None, batch_id: str | None, now: datetime) -> bool:
        """Say whether mail with these has gone out by ``now``."""
        if send_at is not None and now < send_at:
            return False
        if batch_id not in self._status:
            return True
        _, asked_at = self._status[batch_id]
        if send_at is None or asked_at >= send_at:
            return True  # it was out already
        return asked_at > send_at - NOTICE and not self.heeds_late
