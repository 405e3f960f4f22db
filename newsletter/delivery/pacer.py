"""Keeps the lanes' pace over all hosts: what ``pacing`` decides, in one row per lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter.delivery import pacing
from newsletter.delivery.pacing import Grant, LaneState, Limits
from newsletter.delivery.states import BatchState
from newsletter.delivery.tables import Batch, LanePace
from newsletter.lanes import Lane

UNLIMITED = Limits()


@dataclass
class Pacer:
    """Asks for leave before copies are taken up, and tells when the far side wants us slower.

    ``zone`` says whose day a warm-up counts. Threads may share it.
    """

    limits: Mapping[Lane, Limits] = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    _told: set[Lane] = field(default_factory=set)  # throttled, not yet written
    _slowed: set[Lane] = field(default_factory=set)  # known to have been throttled before

    def closed(self, session: Session, now: datetime) -> set[Lane]:
        """Return the lanes from which nothing may be claimed now.

        Lanes whose batches are counted stay locked until the transaction ends, so that two hosts never
        begin the last one allowed together.
        """
        counted = [lane for lane, limits in self.limits.items() if limits.concurrency is not None]
        for lane in counted:
            self._row(session, lane)
        rows = {row.lane: row for row in session.scalars(select(LanePace))}
        for lane, row in rows.items():
            if row.throttles:
                self._slowed.add(lane)
            elif lane not in self._told:
                self._slowed.discard(lane)
        closed: set[Lane] = set()
        for lane in {*rows, *self.limits}:
            state = _state(rows[lane]) if lane in rows else LaneState()
            if self._ask(lane, state, 1, now).copies == 0:
                closed.add(lane)
        if counted:
            claimed = session.execute(
                select(Batch.lane, func.count())
                .where(Batch.state == BatchState.CLAIMED, Batch.lane.in_(counted))
                .group_by(Batch.lane)
            )
            closed |= {lane for lane, count in claimed if count >= (self.limits[lane].concurrency or count)}
        return closed

    def grant(self, session: Session, lane: Lane, wanted: int, now: datetime) -> Grant:
        """Take leave for up to ``wanted`` copies of a lane, and write down that it was given."""
        if lane not in self.limits and lane not in self._slowed:
            return Grant(copies=wanted, state=LaneState(), next_at=None)
        row = self._row(session, lane)
        granted = self._ask(lane, _state(row), wanted, now)
        _keep(row, granted.state)
        return granted

    def refund(self, session: Session, lane: Lane, copies: int) -> None:
        """Take back what was granted and not handed over: it is no part of the day's share."""
        if copies > 0 and lane in self.limits:
            row = self._row(session, lane)
            row.taken = max(0, row.taken - copies)

    def note_throttle(self, lane: Lane) -> None:
        """Remember that the far side told us to go slower; ``write`` makes it known to all hosts."""
        self._told.add(lane)

    def write(self, session: Session, lane: Lane, now: datetime, *, moved: bool) -> None:
        """Write down what a hand-over told of its lane."""
        if lane in self._told:
            row = self._row(session, lane)
            _keep(row, pacing.throttled(_state(row), now))
            self._slowed.add(lane)
        elif moved and lane in self._slowed:
            row = self._row(session, lane)
            _keep(row, pacing.went(_state(row), now))
            if not row.throttles:
                self._slowed.discard(lane)

    def written(self, lane: Lane) -> None:
        """Forget what ``write`` has written: it is committed now."""
        self._told.discard(lane)

    def _ask(self, lane: Lane, state: LaneState, wanted: int, now: datetime) -> Grant:
        today = now.astimezone(self.zone).date()
        tomorrow = datetime.combine(today + timedelta(days=1), time(), self.zone)
        limits = self.limits.get(lane, UNLIMITED)
        return pacing.grant(limits, state, wanted=wanted, now=now, day=today, next_day=tomorrow)

    def _row(self, session: Session, lane: Lane) -> LanePace:
        """Return the row of a lane, made when it is missing and locked against other hosts."""
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        row = session.get(LanePace, lane, with_for_update=True)
        if row is None:
            session.execute(
                dialect.insert(LanePace).values(lane=lane, throttles=0, taken=0).on_conflict_do_nothing()
            )
            row = session.get_one(LanePace, lane, with_for_update=True)
        return row


def _state(row: LanePace) -> LaneState:
    return LaneState(
        free_at=row.free_at,
        paused_until=row.paused_until,
        throttles=row.throttles,
        day=row.day,
        taken_today=row.taken,
    )


def _keep(row: LanePace, state: LaneState) -> None:
    row.free_at, row.paused_until = state.free_at, state.paused_until
    row.throttles, row.day, row.taken = state.throttles, state.day, state.taken_today
