"""The timetable of a newsletter: which days it goes out, and the moments of each. Pure calculation.

An edition is known by its local date, never by an instant: where clocks change, an hour comes twice or
not at all, and the day still has one edition: at the first of the two, or when the clock would have shown
the hour without the change. (APScheduler's CronTrigger passes over a day whose midnight does not exist, so
it is not asked.) All moments are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from newsletter import holidays
from newsletter.config import ScheduleSettings
from newsletter.config.newsletters import WEEKDAYS

LATEST_AFTER = timedelta(hours=3, minutes=30)  # where the schedule does not set `latest`
LEAST_TIME = timedelta(hours=2)  # that an edition has to go out, however late it begins


class Reason(StrEnum):
    """Why a day has no edition, or has one against its place in the week."""

    DAYS = "days"  # not among schedule.days
    SKIP = "skip"  # listed in schedule.skip
    HOLIDAY = "holiday"
    WORKDAY = "workday"  # made up for a holiday: it goes out


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a day has an edition, and why when that does not go without saying."""

    day: date
    goes: bool
    reason: Reason | None = None
    name_zh: str = ""  # of the holiday
    name_en: str = ""
    is_known: bool = True  # False: the tables of holidays end before this day

    @property
    def because(self) -> str:
        """The reason as the rows keep it."""
        return {
            None: "",
            Reason.DAYS: "not one of schedule.days",
            Reason.SKIP: "listed in schedule.skip",
            Reason.HOLIDAY: f"a public holiday ({self.name_en})",
            Reason.WORKDAY: f"made up for a holiday ({self.name_en})",
        }[self.reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The moments of one day's edition."""

    day: date
    prepare_at: datetime  # the last look before
    send_at: datetime
    latest: datetime  # after it nothing begins by itself
    deliver_until: datetime  # what is left then expires


@dataclass(frozen=True, slots=True)
class Timetable:
    """The days and hours of one newsletter; ``moved`` are the days for which a person chose another hour."""

    schedule: ScheduleSettings
    moved: Mapping[date, datetime] = field(default_factory=dict)

    def decide(self, day: date) -> Decision:
        """Say whether ``day`` has an edition."""
        schedule = self.schedule
        if day in schedule.skip:
            return Decision(day=day, goes=False, reason=Reason.SKIP)
        is_known = True
        if schedule.holidays:
            is_known = day <= holidays.known_until(schedule.holidays)
            if off := holidays.off(day, schedule.holidays):
                return Decision(
                    day=day,
                    goes=not off.is_holiday,
                    reason=Reason.HOLIDAY if off.is_holiday else Reason.WORKDAY,
                    name_zh=off.name_zh,
                    name_en=off.name_en,
                )
        if WEEKDAYS[day.weekday()] not in schedule.days:
            return Decision(day=day, goes=False, reason=Reason.DAYS, is_known=is_known)
        return Decision(day=day, goes=True, is_known=is_known)

    def moments(self, day: date) -> Moments:
        """Return the moments of a day, whether it has an edition or not."""
        schedule = self.schedule
        send_at = _at(day, schedule.send_at, schedule)
        until = _at(day, schedule.deliver_until, schedule)
        latest = _at(day, schedule.latest, schedule) if schedule.latest else send_at + LATEST_AFTER
        if chosen := self.moved.get(day):
            send_at, until = chosen, max(until, chosen + LEAST_TIME)
            latest = max(latest, chosen + LATEST_AFTER)
        return Moments(
            day=day,
            prepare_at=send_at - timedelta(minutes=schedule.prepare_minutes),
            send_at=send_at,
            latest=min(latest, until),
            deliver_until=until,
        )

    def due(self, now: datetime) -> Moments:
        """Return the day whose hour came last."""
        today = self.moments(now.astimezone(self.schedule.tz).date())
        return today if today.send_at <= now else self.moments(today.day - timedelta(days=1))

    def before(self, day: date) -> Moments:
        """Return the moments of the last day before ``day`` that has an edition, within a fortnight."""
        days = (day - timedelta(days=back) for back in range(1, 15))
        return self.moments(next((one for one in days if self.decide(one).goes), day - timedelta(days=14)))

    def next(self, now: datetime) -> Moments:
        """Return the next day that has an edition and whose hour is still to come."""
        return next(
            moments
            for decision in self.days(now)
            if decision.goes and (moments := self.moments(decision.day)).send_at > now
        )

    def days(self, now: datetime) -> Iterator[Decision]:
        """Yield the decision on each day from the one whose hour comes next, for ever."""
        day = self.due(now).day + timedelta(days=1)
        while True:
            yield self.decide(day)
            day += timedelta(days=1)


def _at(day: date, at: time, schedule: ScheduleSettings) -> datetime:
    return datetime.combine(day, at, schedule.tz).astimezone(UTC)
