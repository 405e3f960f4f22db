"""When an edition will be finished, and what will not go in time. Pure.

Two answers: what to expect at the speed we have seen lately, and the *floor*, the earliest finish that
the lanes' limits allow whatever the machine. Both are reckoned by letting the lanes run on paper from
now until ``deliver_until``: each at its limit, within the day's warm-up, after its pause, all of them
together no faster than the machine. Lanes share the machine as they did lately; what one leaves over,
the others get.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from math import ceil, inf

from newsletter.delivery.pacing import LaneState, Limits
from newsletter.lanes import Lane

LATER = timedelta(minutes=5)  # a lane that ends so much after the rest is named by itself
_TICK = 1e-6  # seconds
_NONE_LEFT = 1e-3  # copies, after arithmetic with fractions


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneWork:
    """What is still to be done in a lane, and how it went lately."""

    waiting: int  # copies
    limits: Limits = field(default_factory=Limits)
    state: LaneState = field(default_factory=LaneState)
    per_second: float | None = None  # copies, in the last minutes; None: not seen at work


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How it ends: None is not before ``deliver_until``; what expires is what is left then."""

    finishes_at: datetime | None
    expires: int  # copies


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What to expect of an edition. Without a speed to go by, ``expected`` is the floor."""

    now: datetime
    until: datetime
    has_speed: bool
    waiting: Mapping[Lane, int]
    expected: Mapping[Lane, Course]
    floor: Mapping[Lane, Course]

    @property
    def overall(self) -> Course:
        """How the whole edition ends."""
        return _together(self.expected, self.now)

    @property
    def overall_floor(self) -> Course:
        """The best end that the limits allow."""
        return _together(self.floor, self.now)

    def as_json(self) -> dict[str, object]:
        """Return the forecast for ``--json``: plain names, numbers and moments."""
        return {
            "has_speed": self.has_speed,
            **_plain(self.overall),
            "floor": _plain(self.overall_floor),
            "lanes": {
                lane.value: {
                    "waiting": self.waiting[lane],
                    **_plain(course),
                    "floor": _plain(self.floor[lane]),
                }
                for lane, course in self.expected.items()
            },
        }


def forecast(
    work: Mapping[Lane, LaneWork], *, per_second: float | None, now: datetime, until: datetime, zone: tzinfo
) -> Forecast:
    """Return what to expect of the copies that wait.

    ``per_second`` is how many copies all lanes together managed lately; None: nothing has been seen
    yet. ``zone`` says when a warm-up's day ends.
    """
    busy = {lane: each for lane, each in work.items() if each.waiting > 0}
    floor = _run(busy, inf, now, until, zone)
    return Forecast(
        now=now,
        until=until,
        has_speed=bool(per_second),
        waiting={lane: each.waiting for lane, each in busy.items()},
        expected=_run(busy, per_second, now, until, zone) if per_second else floor,
        floor=floor,
    )


def in_words(forecast: Forecast, say: Callable[..., str], zone: tzinfo) -> str:
    """Word a forecast for a person, in the language of ``say`` (``Catalog.say``)."""
    if not forecast.waiting:
        return say("forecast.nothing")
    main, later = _main_and_later(forecast)
    parts: list[str] = []
    if main is not None:
        key = "forecast.finishes" if forecast.has_speed else "forecast.earliest"
        lanes = [
            say("forecast.lane_at", lane=say(f"forecast.lane.{lane}"), time=_clock(at, forecast.now, zone))
            for lane, at in later.items()
        ]
        comma = say("forecast.comma")
        parts.append(comma.join([say(key, time=_clock(main, forecast.now, zone)), *lanes]))
    lost = {lane: course.expires for lane, course in forecast.expected.items() if course.expires}
    if lost:
        names = [
            say("forecast.lane_copies", lane=say(f"forecast.lane.{lane}"), copies=f"{copies:,}")
            for lane, copies in sorted(lost.items(), key=lambda pair: -pair[1])
        ]
        parts.append(
            say(
                "forecast.expire",
                count=sum(lost.values()),
                copies=f"{sum(lost.values()):,}",
                time=_clock(forecast.until, forecast.now, zone),
                lanes=say("forecast.comma").join(names),
            )
        )
    return say("text.separator").join(parts)


def _main_and_later(forecast: Forecast) -> tuple[datetime | None, dict[Lane, datetime]]:
    """Return when the bulk of it is done, and the lanes that end well after that."""
    ends = sorted(
        (course.finishes_at, lane) for lane, course in forecast.expected.items() if course.finishes_at
    )
    if not ends:
        return None, {}
    total, done, bulk_at = sum(forecast.waiting[lane] for _, lane in ends), 0, ends[-1][0]
    for at, lane in ends:
        done += forecast.waiting[lane]
        if done * 2 >= total:
            bulk_at = at
            break
    main = max(at for at, _ in ends if at <= bulk_at + LATER)
    return main, {lane: at for at, lane in ends if at > bulk_at + LATER}


def _clock(moment: datetime, now: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == now.astimezone(zone).date() else f"{local:%m-%d %H:%M}"


def _together(courses: Mapping[Lane, Course], now: datetime) -> Course:
    ends = [course.finishes_at for course in courses.values()]
    expires = sum(course.expires for course in courses.values())
    known = [at for at in ends if at is not None]
    return Course(finishes_at=max(known, default=now) if len(known) == len(ends) else None, expires=expires)


def _plain(course: Course) -> dict[str, object]:
    at = course.finishes_at
    return {"finishes_at": at.isoformat() if at else None, "expires": course.expires}


# --- the run on paper ------------------------------------------------------------------------------


@dataclass(slots=True)
class _Runner:
    """One lane on its way. Moments are seconds from now; copies may be fractions."""

    left: float
    weight: float  # of the machine
    limits: Limits
    ready: float  # when its pause is over
    taken: float  # of the day's warm-up
    share: float = inf  # what the warm-up still allows today
    ended: float | None = None

    @property
    def top(self) -> float:
        """The most copies a second that its rate allows."""
        return inf if self.limits.per_minute is None else self.limits.per_minute / 60

    def rest_at(self, speed: float) -> float:
        """Return how many seconds it can go on at ``speed`` before it is done, or its share is."""
        if speed in (0, inf):
            return inf if speed == 0 else 0
        # A step shorter than a clock can tell would be none at all.
        return max(_TICK, min(self.left, self.share) / speed)

    def go(self, speed: float, begin: float, end: float) -> None:
        """Move on by as much as goes between two moments."""
        gone = min(self.left, self.share, speed * (end - begin) if speed < inf else inf)
        self.left, self.share, self.taken = self.left - gone, self.share - gone, self.taken + gone
        if self.share < _NONE_LEFT:
            self.share = 0
        if self.left < _NONE_LEFT:
            self.ended = end


def _run(
    work: Mapping[Lane, LaneWork], speed: float, now: datetime, until: datetime, zone: tzinfo
) -> dict[Lane, Course]:
    """Let the lanes run from one moment at which something changes to the next."""
    runners = {lane: _runner(each, work, now, zone) for lane, each in work.items()}
    for (begin, day), (end, _) in pairwise(_days(now, until, zone)):
        for runner in runners.values():
            allowed = runner.limits.allowed_today(day)
            runner.taken = runner.taken if begin == 0 else 0
            runner.share = inf if allowed is None else max(0, allowed - runner.taken)
        _run_day(list(runners.values()), speed, begin, end)
    return {
        lane: Course(
            finishes_at=None if runner.ended is None else now + timedelta(seconds=runner.ended),
            expires=0 if runner.ended is not None else ceil(runner.left - _NONE_LEFT),
        )
        for lane, runner in runners.items()
    }


def _run_day(runners: Sequence[_Runner], speed: float, begin: float, end: float) -> None:
    clock = begin
    while clock < end:
        waiting = [runner for runner in runners if runner.ended is None]
        running = [runner for runner in waiting if runner.ready <= clock and runner.share > 0]
        speeds = _speeds(running, speed)
        stops = [end, *(runner.ready for runner in waiting if runner.ready > clock)]
        stops += [clock + each.rest_at(pace) for each, pace in zip(running, speeds, strict=True)]
        for runner, pace in zip(running, speeds, strict=True):
            runner.go(pace, clock, min(stops))
        clock = min(stops) if running or waiting else end


def _runner(each: LaneWork, work: Mapping[Lane, LaneWork], now: datetime, zone: tzinfo) -> _Runner:
    seen = [other.per_second for other in work.values() if other.per_second]
    pause = each.state.paused_until if each.state.is_paused(now) else None
    return _Runner(
        left=each.waiting,
        # A lane that was not seen at work will do about as well as the others.
        weight=each.per_second or (sum(seen) / len(seen) if seen else 1),
        limits=each.limits,
        ready=(pause - now).total_seconds() if pause else 0,
        taken=each.state.taken_today if each.state.day == now.astimezone(zone).date() else 0,
    )


def _days(now: datetime, until: datetime, zone: tzinfo) -> list[tuple[float, date]]:
    """Return the moments between which a warm-up's day lasts, from now to the end, with their days."""
    day = now.astimezone(zone).date()
    moments = [(0.0, day)]
    last = (until - now).total_seconds()
    while moments[-1][0] < last:
        day += timedelta(days=1)
        midnight = datetime.combine(day, time(), zone).astimezone(UTC)
        moments.append((min(last, (midnight - now).total_seconds()), day))
    return moments


def _speeds(running: Sequence[_Runner], speed: float) -> list[float]:
    """Divide the machine's speed by weight; what a lane may not use, the others get."""
    speeds = {id(runner): runner.top for runner in running}
    open_ones = list(running)
    while open_ones and speed < inf:
        weights = sum(runner.weight for runner in open_ones)
        full = [runner for runner in open_ones if runner.top <= speed * runner.weight / weights]
        if not full:
            speeds |= {id(runner): speed * runner.weight / weights for runner in open_ones}
            break
        speed = max(0.0, speed - sum(runner.top for runner in full))
        open_ones = [runner for runner in open_ones if runner not in full]
    return [speeds[id(runner)] for runner in running]
