"""Copies that wait for something else before they go: their batches are due later.

The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
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


def earliest(session: Session, edition_id: int, *, now: datetime) -> datetime:
    """Return when a copy that is added now may go: not before those that wait, if they are held."""
    due = session.scalar(select(func.min(Batch.due_at)).where(*_untouched(edition_id)))
    return max(now, due) if due else now


def _due(session: Session, edition_id: int, at: datetime) -> None:
    session.execute(
        update(Batch)
        .where(*_untouched(edition_id))
        .values(due_at=at)
        .execution_options(synchronize_session=False)
    )


def _untouched(edition_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Batch.edition_id == edition_id,
        Batch.state == BatchState.WAITING,
        Batch.deferrals == 0,
        Batch.walked_to == 0,
    )
