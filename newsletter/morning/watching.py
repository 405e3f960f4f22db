"""What a watcher makes of a morning: which alarms are due, which are over, and whether it went well.

Pure: a view of one day goes in, and what to tell comes out. Saying the same again is for the alarms to
pass over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from newsletter.alarms.cause import Cause
from newsletter.delivery.books import Books
from newsletter.delivery.states import State as Copy
from newsletter.editions.states import State
from newsletter.morning.waits import holds as holds_of
from newsletter.morning.waits import only_unreachable, only_waits
from newsletter.timetable import Moments

SILENT_AFTER = timedelta(minutes=10)
SLOW_AFTER = timedelta(minutes=60)
SLOW_BEFORE_END = timedelta(hours=2)  # where lanes have limits, an hour says nothing
DOUBT_AFTER = timedelta(minutes=30)
VERDICT_BY = timedelta(seconds=30)  # after the hour: until then the look that decides may be under way
LEAST_DONE = 0.8  # of what is owed

BEFORE_IT_BEGINS = frozenset({Cause.MISSING, Cause.HELD, Cause.UNAPPROVED, Cause.LATE, Cause.SOURCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One day of one newsletter, as the rows show it at a moment."""

    now: datetime
    moments: Moments
    goes: bool  # whether the timetable has an edition on this day
    state: State | None = None  # None: no row yet
    findings: Collection[Mapping[str, Any]] = ()
    examined_at: datetime | None = None
    frozen_at: datetime | None = None
    finished_at: datetime | None = None
    books: Books | None = None  # of an edition that began
    is_limited: bool = False  # whether any lane has a pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to tell; ``again`` names the moment at which it is told anew."""

    cause: Cause
    again: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: Collection[Mapping[str, Any]] = ()


def alerts(view: View) -> Iterator[Alert]:
    """Yield what people must be told of a day."""
    if not view.goes and view.books is None:
        return
    match view.state:
        case None | State.MISSING | State.HELD | State.READY:
            yield from _not_begun(view)
        case State.SKIPPED if view.examined_at and view.examined_at >= view.moments.latest:
            yield Alert(cause=Cause.LATE, facts={"state": view.state.value})
        case State.SENDING | State.FINISHED | State.PAUSED if view.books:
            yield from _on_its_way(view, view.books)


def over(view: View) -> frozenset[Cause]:
    """Return the causes that no longer hold, so that whoever was told can be told so."""
    match view.state:
        case State.READY:
            return BEFORE_IT_BEGINS - ({Cause.LATE} if view.now > view.moments.latest else set())
        case State.SKIPPED:
            return BEFORE_IT_BEGINS - {Cause.LATE}
        case State.MISSING | State.HELD if not only_unreachable(view.findings):
            return frozenset({Cause.SOURCE})
        case State.SENDING | State.PAUSED | State.CANCELLED:
            accepted = view.books[Copy.ACCEPTED] if view.books else 0
            return BEFORE_IT_BEGINS | ({Cause.SILENT} if accepted else set())
        case State.FINISHED:
            return frozenset(Cause) - {alert.cause for alert in alerts(view)} - _NEVER_OVER_BY_ITSELF
        case _:
            return frozenset()


def is_good(view: View) -> bool:
    """Say whether the morning went well; so did one that has no edition, by its timetable."""
    if not view.goes and view.state is State.SKIPPED:
        return True
    if view.state is not State.FINISHED or view.books is None:
        return False
    books = view.books
    done = books[Copy.ACCEPTED] >= LEAST_DONE * books.owed
    return done and books.owed > 0 and books.balanced and not books[Copy.IN_DOUBT]


# Known to other parts, which take them back themselves.
_NEVER_OVER_BY_ITSELF = frozenset(
    {
        Cause.FEEDBACK,
        Cause.ACCOUNT,
        Cause.BLOCKED,
        Cause.DROPPED,
        Cause.UNAPPLIED,
        Cause.BACKUP,
        Cause.JOURNAL,
        Cause.CANARY,
        Cause.UNREACHED,
        Cause.QUEUED,
        Cause.CLOCK,
        Cause.FENCE,
        Cause.HOLIDAYS,
    }
)


def _not_begun(view: View) -> Iterator[Alert]:
    # What was approved although the gate holds it keeps its findings, and is ready all the same.
    holds = holds_of(view.findings) if view.state is not State.READY else []
    again = _last_moment(view)
    if view.now > view.moments.latest:
        yield Alert(cause=Cause.LATE, facts={"state": view.state or State.MISSING}, findings=holds)
    elif only_unreachable(holds):  # it may answer in time
        if again:
            yield Alert(cause=Cause.SOURCE, again=again, findings=view.findings)
    elif holds:  # a digest that cannot be read is one of them
        cause = Cause.UNAPPROVED if only_waits(holds) else Cause.HELD
        yield Alert(cause=cause, again=again, findings=view.findings)
    elif view.state is State.READY:
        if view.now >= max(view.moments.send_at, view.examined_at or view.moments.send_at) + SILENT_AFTER:
            yield Alert(cause=Cause.SILENT, facts={"state": view.state.value})
    elif again:
        yield Alert(cause=Cause.MISSING, again=again)


def _last_moment(view: View) -> str:
    hour = view.moments.send_at
    is_decided = view.examined_at is not None and view.examined_at >= hour
    if view.now >= hour and (is_decided or view.now >= hour + VERDICT_BY):
        return "T"
    return "T-30" if view.now >= view.moments.prepare_at else ""


def _on_its_way(view: View, books: Books) -> Iterator[Alert]:
    if not books.balanced:
        yield Alert(cause=Cause.BOOKS, facts=_counts(books))
    if view.state is State.SENDING and view.frozen_at is not None and books.owed:
        age = view.now - view.frozen_at
        done = 1 - books.open / books.owed
        if age >= SILENT_AFTER and not books[Copy.ACCEPTED] and books.open:
            yield Alert(cause=Cause.SILENT, facts=_counts(books))
        near_end = view.now >= view.moments.deliver_until - SLOW_BEFORE_END
        if done < LEAST_DONE and (near_end if view.is_limited else age >= SLOW_AFTER):
            yield Alert(cause=Cause.SLOW, facts=_counts(books))
    if books[Copy.IN_DOUBT] and view.finished_at and view.now >= view.finished_at + DOUBT_AFTER:
        yield Alert(cause=Cause.DOUBT, facts=_counts(books))


def _counts(books: Books) -> dict[str, int]:
    return {
        "owed": books.owed,
        "accepted": books[Copy.ACCEPTED],
        "refused": books[Copy.REFUSED],
        "in_doubt": books[Copy.IN_DOUBT],
        "left": books.open,
    }
