"""When something is due: the one door to APScheduler.

A slot is the answer to "which was the latest moment due?", a calculation; the rows of the database decide
whether that moment still has work to do. The ``Ticker`` only wakes somebody who asks that question, every
few seconds, and keeps nothing: its jobs live in memory.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


Trigger = CronTrigger


def daily(at: time, zone: ZoneInfo) -> CronTrigger:
    """Return the trigger of every day at a local time."""
    return CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=zone)


def latest_due(trigger: CronTrigger, now: datetime, *, lookback: timedelta) -> datetime | None:
    """Return the latest slot at or before ``now`` within ``lookback``, in UTC; None when there is none."""
    latest = None
    for slot in _slots(trigger, now - lookback):
        if slot > now:
            break
        latest = slot
    return latest


def upcoming(trigger: CronTrigger, now: datetime, count: int) -> list[datetime]:
    """Return the next ``count`` slots after ``now``, in UTC."""
    return list(islice((slot for slot in _slots(trigger, now) if slot > now), count))


def _slots(trigger: CronTrigger, start: datetime) -> Iterator[datetime]:
    zone: Any = trigger.timezone
    slot = trigger.get_next_fire_time(None, start.astimezone(zone))
    while slot is not None:
        # Two moments of one zone are compared by wall clock, which is wrong where clocks change.
        yield slot.astimezone(UTC)
        slot = trigger.get_next_fire_time(slot, slot)


class Ticker:
    """Calls ``step`` every few seconds in a thread of its own, never twice at once.

    APScheduler plans by the wall clock: after a step back of nine minutes it would be silent for nine
    minutes. Whoever holds a ticker calls ``nudge`` when it has been silent for too long.
    """

    def __init__(self, step: Callable[[], object], *, every: timedelta) -> None:
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._job = self._scheduler.add_job(
            step,
            "interval",
            seconds=every.total_seconds(),
            id="tick",
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )

    def start(self) -> None:
        """Begin to tick, at once."""
        self._scheduler.start()

    def nudge(self) -> None:
        """Tick now, whatever the wall clock did, and go on from here."""
        self._job.modify(next_run_time=datetime.now(UTC))

    def stop(self) -> None:
        """End; a step that is running ends first."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
