"""How an edition goes, at a glance: by its batches, which count as outcomes come in.

The books count every delivery, and of a million that takes a second: they are for the edition's own page.
Here a screen is answered in milliseconds, so "on its way" holds what waits, what is in flight and what was
deferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from newsletter.delivery import control
from newsletter.delivery.progress import lane_states
from newsletter.delivery.states import BatchState, State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.lanes import Lane

LOOKED_AT = 50  # batches that may hold copies in doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneGoing:
    """How one lane of an edition goes."""

    owed: int
    accepted: int
    refused: int
    open: int
    per_second: float = 0.0
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """How an edition goes."""

    owed: int
    accepted: int
    refused: int
    open: int  # on its way
    in_doubt: int
    considered: int
    excluded: Mapping[str, int]
    lanes: Mapping[Lane, LaneGoing] = field(default_factory=dict)
    off_because: str | None = None  # all sending is switched off

    @property
    def ended(self) -> int:
        """Copies that were withdrawn or have expired."""
        return max(0, self.owed - self.accepted - self.refused - self.open - self.in_doubt)

    @property
    def percent(self) -> int:
        """How much is done, rounded down: a hundred says all of it."""
        return (self.owed - self.open) * 100 // self.owed if self.owed else 100

    @property
    def per_second(self) -> float:
        """Copies a second in the last minute."""
        return sum(lane.per_second for lane in self.lanes.values())

    @property
    def is_balanced(self) -> bool:
        """Whether considered = excluded + owed."""
        return self.considered == self.owed + sum(self.excluded.values())


def going_of(
    session: Session, edition: Edition, *, now: datetime, speeds: Mapping[Lane, float] | None = None
) -> Going:
    """Return how an edition goes at this moment."""
    left = case((Batch.state != BatchState.DONE, Batch.size - Batch.accepted - Batch.refused), else_=0)
    paces = lane_states(session) if edition.state is EditionState.SENDING else {}
    speeds = speeds or {}
    lanes: dict[Lane, LaneGoing] = {}
    for lane, owed, accepted, refused, still in session.execute(
        select(
            Batch.lane,
            func.sum(Batch.size),
            func.sum(Batch.accepted),
            func.sum(Batch.refused),
            func.sum(case((left > 0, left), else_=0)),
        )
        .where(Batch.edition_id == edition.id)
        .group_by(Batch.lane)
    ):
        pace = paces.get(lane)
        lanes[lane] = LaneGoing(
            owed=int(owed),
            accepted=int(accepted),
            refused=int(refused),
            open=int(still),
            per_second=speeds.get(lane, 0.0),
            paused_until=pace.paused_until if pace and pace.is_paused(now) else None,
        )
    switch = control.switched_off(session)
    doubtful = _in_doubt(session, edition)
    return Going(
        owed=sum(lane.owed for lane in lanes.values()),
        accepted=sum(lane.accepted for lane in lanes.values()),
        refused=sum(lane.refused for lane in lanes.values()),
        open=sum(lane.open for lane in lanes.values()),
        in_doubt=doubtful,
        considered=edition.considered or 0,
        excluded=dict(edition.excluded),
        lanes=lanes,
        off_because=switch.because if switch else None,
    )


def _in_doubt(session: Session, edition: Edition) -> int:
    """Count copies in doubt, in the batches whose calls have left a question open."""
    batches = session.execute(
        select(Batch.number, Batch.first_subscriber_id, Batch.last_subscriber_id)
        .join(Call, Call.batch_id == Batch.id)
        .where(Batch.edition_id == edition.id, Call.settled_at.is_(None))
        .distinct()
        .order_by(Batch.number)
        .limit(LOOKED_AT)
    ).all()
    count = 0
    for number, first, last in batches:
        count += (
            session.scalar(
                select(func.count())
                .select_from(Delivery)
                .where(
                    and_(
                        Delivery.edition_id == edition.id,
                        Delivery.subscriber_id >= first,
                        Delivery.subscriber_id <= last,
                        Delivery.batch_number == number,
                        Delivery.state == State.IN_DOUBT,
                    )
                )
            )
            or 0
        )
    return count
