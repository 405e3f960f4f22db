"""How an edition goes at this moment: its lanes, its speed, what holds it up, and when it will end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import control
from newsletter.delivery.books import Books
from newsletter.delivery.forecast import Forecast, LaneWork, forecast
from newsletter.delivery.pacing import LaneState, Limits
from newsletter.delivery.states import OPEN, State
from newsletter.delivery.tables import Batch, Call, LanePace
from newsletter.editions.edition import Edition
from newsletter.lanes import Lane

LATELY = timedelta(minutes=1)  # the time that a speed is measured over
SHORTEST = timedelta(seconds=1)  # what came in less says nothing yet
WITHOUT_END = timedelta(days=7)  # how far a forecast looks for an edition that nothing ends


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneProgress:
    """How one lane of an edition goes."""

    counts: Mapping[State, int]
    per_second: float  # copies, in the last minute
    paused_until: datetime | None  # the far side wants us to wait

    @property
    def open(self) -> int:
        """How many copies are still to be handed over."""
        return sum(self.counts[state] for state in OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How an edition goes."""

    now: datetime
    lanes: Mapping[Lane, LaneProgress]
    stopped_because: str | None  # paused or cancelled
    off_since: datetime | None  # all sending is switched off
    off_because: str | None
    deliver_until: datetime | None  # what is left then expires
    forecast: Forecast

    @property
    def per_second(self) -> float:
        """How many copies a second were handed over in the last minute."""
        return sum(lane.per_second for lane in self.lanes.values())


def of_edition(
    session: Session,
    edition: Edition,
    books: Books,
    *,
    limits: Mapping[Lane, Limits],
    now: datetime,
    zone: tzinfo,
) -> Progress:
    """Say how an edition goes. ``books`` are counted in the same session, so all of it is one moment."""
    switch = control.switched_off(session)
    paces = lane_states(session)
    speeds = speeds_of(session, edition, now)
    lanes = {
        lane: LaneProgress(
            counts=counts,
            per_second=speeds.get(lane, 0.0),
            paused_until=_pause(paces.get(lane), now),
        )
        for lane, counts in books.by_lane.items()
    }
    return Progress(
        now=now,
        lanes=lanes,
        stopped_because=edition.stopped_because,
        off_since=switch.off_at if switch else None,
        off_because=switch.because if switch else None,
        deliver_until=edition.deliver_until,
        forecast=forecast(
            {
                lane: LaneWork(
                    waiting=each.open,
                    limits=limits.get(lane, Limits()),
                    state=paces.get(lane, LaneState()),
                    per_second=each.per_second or None,
                )
                for lane, each in lanes.items()
            },
            per_second=sum(speeds.values()) or None,
            now=now,
            until=edition.deliver_until or now + WITHOUT_END,
            zone=zone,
        ),
    )


def lane_states(session: Session) -> dict[Lane, LaneState]:
    """Return how each lane goes that was ever slowed down."""
    return {
        row.lane: LaneState(
            free_at=row.free_at,
            paused_until=row.paused_until,
            throttles=row.throttles,
            day=row.day,
            taken_today=row.taken,
        )
        for row in session.scalars(select(LanePace))
    }


def _pause(state: LaneState | None, now: datetime) -> datetime | None:
    return state.paused_until if state and state.is_paused(now) else None


def speeds_of(session: Session, edition: Edition, now: datetime) -> dict[Lane, float]:
    """Return the copies a second of each lane in the last minute, by its calls.

    A call that lasted longer counts with the part of its copies that fell into the minute.
    """
    since = now - LATELY
    calls = session.execute(
        select(Batch.lane, Call.copies, Call.opened_at, Call.closed_at)
        .join(Batch, Batch.id == Call.batch_id)
        .where(Batch.edition_id == edition.id, Call.closed_at > since)
    )
    handed: dict[Lane, float] = {}
    first = now
    for lane, copies, opened_at, closed_at in calls:
        if closed_at is None:
            continue
        begin, lasted = max(opened_at, since), closed_at - opened_at
        part = (closed_at - begin) / lasted if lasted else 1
        handed[lane] = handed.get(lane, 0) + copies * part
        first = min(first, begin)
    seconds = max(now - first, SHORTEST).total_seconds()
    return {lane: copies / seconds for lane, copies in handed.items() if copies}
