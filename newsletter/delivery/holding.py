"""Copies that wait for something else before they go: their batches are due later.

The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from newsletter.delivery.states import BatchState
from newsletter.delivery.tables import Batch
from newsletter.editions.edition import Edition
from newsletter.mailing import Mailing

# What happens when an edition was just frozen, before the first copy leaves and in the same transaction.
OnFrozen = Callable[[Session, Edition, Mailing, datetime], None]


def hold(session: Session, edition_id: int, *, until: datetime) -> None:
    """Let nothing of an edition begin before ``until``."""
    _due(session, edition_id, until)


def let_go(session: Session, edition_id: int, *, now: datetime) -> None:
    """Let an edition begin now. What a lane or a refusal put off stays put off."""
    _due(session, edition_id, now)


def _due(session: Session, edition_id: int, at: datetime) -> None:
    session.execute(
        update(Batch)
        .where(
            Batch.edition_id == edition_id,
            Batch.state == BatchState.WAITING,
            Batch.deferrals == 0,
            Batch.walked_to == 0,
        )
        .values(due_at=at)
        .execution_options(synchronize_session=False)
    )
