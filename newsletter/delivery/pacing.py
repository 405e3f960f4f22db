"""How fast a lane may go: how many copies may be taken up now, and when to ask again. Pure.

A lane's state is one row for all hosts. Who wants to take up copies asks ``grant`` and writes the
state it gives back in the same transaction, so the limits hold however many ask. In no minute more
than ``per_minute`` copies and one burst are let go, and on no day more than its warm-up allows.

A far side that says "too fast" is left alone for longer each time: 2 minutes, 15, then an hour. That
is about us and never counts against a reader.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil

# NetEase asks for two minutes and counts by the quarter of an hour, QQ by the minute and the hour.
PAUSES = (timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=1))
_SKEW = timedelta(minutes=1)  # by which hosts' clocks may differ


class Why(StrEnum):
    """Why fewer copies may go than were wanted."""

    PAUSED = "paused"  # the far side told us to go slower
    WARM_UP = "warm_up"  # the day's share is used up
    RATE = "rate"  # the next copy is not due yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a lane may do, over all hosts. What is not set is not limited."""

    per_minute: float | None = None  # copies
    concurrency: int | None = None  # batches at once
    messages_per_connection: int | None = None
    warm_up: tuple[int, ...] = ()  # copies on the first day, the second …
    warm_up_from: date | None = None

    def __post_init__(self) -> None:
        if self.per_minute is not None and not self.per_minute > 0:
            raise ValueError("pacing.<lane>.per_minute must be above zero")
        if self.concurrency is not None and self.concurrency < 1:
            raise ValueError("pacing.<lane>.concurrency must be at least 1")
        if self.warm_up and self.warm_up_from is None:
            raise ValueError("pacing.<lane>.warm_up needs warm_up_from, the day of its first step")

    @property
    def burst(self) -> int:
        """How many copies may be let go at once: a second's worth, at least one."""
        return max(1, int((self.per_minute or 0) / 60))

    def allowed_today(self, day: date) -> int | None:
        """Return the warm-up's share of ``day``; None before its first day and after its last."""
        if self.warm_up_from is None:
            return None
        step = (day - self.warm_up_from).days
        return self.warm_up[step] if 0 <= step < len(self.warm_up) else None

    def time_for(self, copies: int) -> timedelta:
        """Return how long so many copies take at full speed, rounded up."""
        if self.per_minute is None:
            return timedelta(0)
        return timedelta(microseconds=ceil(copies * 60_000_000 / self.per_minute))


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """How a lane goes at this moment."""

    free_at: datetime | None = None  # when the next copy may go
    paused_until: datetime | None = None
    throttles: int = 0  # in a row
    day: date | None = None  # the local day that ``taken_today`` counts
    taken_today: int = 0

    def is_paused(self, now: datetime) -> bool:
        """Whether the far side is being left alone."""
        # A moment no pause can reach was written by a host whose clock was wrong.
        return self.paused_until is not None and now < self.paused_until <= now + PAUSES[-1] + _SKEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The answer to who wants to take up copies: ``state`` is to be written down with it."""

    copies: int  # how many may go now
    state: LaneState = field(default_factory=LaneState)
    next_at: datetime | None = None  # when to ask for the rest; None: now is fine
    reason: Why | None = None  # why it is not all of them


def grant(
    limits: Limits, state: LaneState, *, wanted: int, now: datetime, day: date, next_day: datetime
) -> Grant:
    """Return how many of ``wanted`` copies may be taken up now.

    ``day`` is today's local date, as warm-ups count, and ``next_day`` the moment it ends.
    """
    if state.is_paused(now):
        return Grant(copies=0, state=state, next_at=state.paused_until, reason=Why.PAUSED)
    day, taken = _counted(state, day)
    share = limits.allowed_today(day)
    left = None if share is None else max(0, share - taken)
    due = _due(limits, state, now)
    copies = min(number for number in (max(0, wanted), left, due) if number is not None)
    after = replace(
        state,
        free_at=_free_after(limits, state, copies, now),
        day=day,
        taken_today=taken + copies,
    )
    if copies >= wanted:
        return Grant(copies=copies, state=after)
    if copies == left:
        return Grant(copies=copies, state=after, next_at=next_day, reason=Why.WARM_UP)
    next_at = _worth_asking(limits, after.free_at or now, wanted - copies)
    return Grant(copies=copies, state=after, next_at=next_at, reason=Why.RATE)


def throttled(state: LaneState, now: datetime) -> LaneState:
    """Return the state after the far side said "too fast". Said again within a pause, it is the same one."""
    if state.is_paused(now):
        return state
    pause = PAUSES[min(state.throttles, len(PAUSES) - 1)]
    return replace(state, throttles=state.throttles + 1, paused_until=now + pause)


def went(state: LaneState, now: datetime) -> LaneState:
    """Return the state after something was accepted: past a pause, all is forgiven."""
    # What is accepted within a pause was under way before it.
    if not state.throttles or state.is_paused(now):
        return state
    return replace(state, throttles=0, paused_until=None)


def may_begin(limits: Limits, claimed: int) -> bool:
    """Whether another batch may be begun while so many are at work."""
    return limits.concurrency is None or claimed < limits.concurrency


def _counted(state: LaneState, day: date) -> tuple[date, int]:
    """Return the day that copies are counted under, and how many it has had."""
    if state.day is None:
        return day, 0
    # Around midnight a host with a slow clock still has yesterday; it must not wipe out today's count.
    if state.day == day + timedelta(days=1):
        return state.day, state.taken_today
    return day, state.taken_today if state.day == day else 0


def _due(limits: Limits, state: LaneState, now: datetime) -> int | None:
    """Return how many copies are due by the rate; None: any number."""
    if limits.per_minute is None:
        return None
    free_at = _believed(limits, state.free_at, now)
    if free_at is None:
        return limits.burst
    if free_at > now:
        return 0
    since = (now - free_at) / timedelta(minutes=1) * limits.per_minute
    return min(limits.burst, int(since) + 1)


def _free_after(limits: Limits, state: LaneState, copies: int, now: datetime) -> datetime | None:
    """Return when the next copy may go after ``copies`` more."""
    if limits.per_minute is None:
        return None
    free_at = _believed(limits, state.free_at, now)
    # Who comes late may catch up, but with one burst at most.
    earliest = now - limits.time_for(limits.burst - 1)
    start = earliest if free_at is None else max(free_at, earliest)
    return start + limits.time_for(copies)


def _worth_asking(limits: Limits, free_at: datetime, wanted: int) -> datetime:
    """Return when a tenth of a burst is due: asking for one copy at a time would wear out the row."""
    return free_at + limits.time_for(min(wanted, ceil(limits.burst / 10)) - 1)


def _believed(limits: Limits, free_at: datetime | None, now: datetime) -> datetime | None:
    """Return ``free_at``, or None when it is further off than a burst can push it: some clock was wrong."""
    if free_at is not None and free_at > now + limits.time_for(1) + _SKEW:
        return None
    return free_at
