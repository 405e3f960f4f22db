"""When a newsletter is due: pure calculation, and the one door to APScheduler's CronTrigger.

Nothing here fires anything. A slot is the answer to "which was the latest moment due?"; the rows of
the database decide whether that moment still has work to do.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator


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
