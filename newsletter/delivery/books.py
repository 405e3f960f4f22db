"""The books of an edition: every copy accounted for, at every moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery import folding
from newsletter.delivery.states import OPEN, BatchState, State
from newsletter.delivery.tables import Batch, Delivery
from newsletter.editions.edition import Edition
from newsletter.lanes import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """considered = excluded + owed; owed = the sum of all states."""

    considered: int
    excluded: dict[str, int] = field(default_factory=dict)  # by reason
    owed: int
    by_state: dict[State, int]
    by_lane: Mapping[Lane, Mapping[State, int]] = field(default_factory=dict)  # the same copies

    @property
    def balanced(self) -> bool:
        """Whether both sums hold. One that does not is an alarm."""
        return self.considered == sum(self.excluded.values()) + self.owed and self.owed == sum(
            self.by_state.values()
        )

    @property
    def open(self) -> int:
        """How many copies are still to be handed over."""
        return sum(self.by_state[state] for state in OPEN)

    def __getitem__(self, state: State) -> int:
        return self.by_state[state]

    def as_json(self) -> dict[str, object]:
        """Return the books for ``--json``: plain names and numbers."""
        return {
            "considered": self.considered,
            "excluded": dict(self.excluded),
            "owed": self.owed,
            **{state.value: count for state, count in self.by_state.items()},
            "balanced": self.balanced,
        }


def of_edition(session: Session, edition: Edition) -> Books:
    """Count the books of one edition.

    What is owed comes from the batches, as it was frozen, and the states from the deliveries, so that a
    row that vanished would show. Those of an old edition may be folded into counts.
    """
    batches = session.execute(
        select(Batch.number, Batch.lane, Batch.size).where(Batch.edition_id == edition.id)
    ).all()
    lanes = {number: lane for number, lane, _ in batches}
    by_state = dict.fromkeys(State, 0)
    by_lane: dict[Lane, dict[State, int]] = {lane: dict.fromkeys(State, 0) for lane in lanes.values()}
    for number, state, count in session.execute(
        select(Delivery.batch_number, Delivery.state, func.count())
        .where(Delivery.edition_id == edition.id)
        .group_by(Delivery.batch_number, Delivery.state)
    ):
        by_state[state] += count
        if number in lanes:
            by_lane[lanes[number]][state] += count
    for (number, state, _), count in folding.counted(session, edition.id).items():
        by_state[state] += count
        by_lane[lanes[number]][state] += count
    return Books(
        considered=edition.considered or 0,
        excluded=dict(edition.excluded),
        owed=sum(size for _, _, size in batches),
        by_state=by_state,
        by_lane=by_lane,
    )


def next_due(session: Session, edition: Edition) -> datetime | None:
    """Return when the next batch of the edition may be tried, or None when all are done."""
    return session.scalar(
        select(func.min(Batch.due_at)).where(Batch.edition_id == edition.id, Batch.state != BatchState.DONE)
    )
