"""What is told of an edition that stopped itself because too much of it is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.alarms.message import REPLIES_TOLD
from newsletter.delivery import books
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Delivery
from newsletter.editions.edition import Edition


def about(edition: Edition, now: datetime) -> str:
    """Return the name of the occasion: after ``resume`` there may be another."""
    return f"{edition.id}@{now:%Y%m%dT%H%M%S}"


def facts(session: Session, edition: Edition) -> dict[str, Any]:
    """Return the numbers, and what the other side said most often."""
    counted = books.of_edition(session, edition)
    # As the limit counts them: since the last time somebody let it go on.
    accepted, refused = session.execute(
        select(func.sum(Batch.accepted), func.sum(Batch.refused)).where(Batch.edition_id == edition.id)
    ).one()
    known, refused = int(accepted or 0) + int(refused or 0), int(refused or 0)
    replies = session.execute(
        select(Delivery.reply, func.count())
        .where(
            Delivery.edition_id == edition.id,
            Delivery.state == State.REFUSED,
            Delivery.reply.is_not(None),
        )
        .group_by(Delivery.reply)
        .order_by(func.count().desc(), Delivery.reply)
        .limit(REPLIES_TOLD)
    )
    return {
        "kind": edition.kind.value,
        "known": known,
        "refused": refused,
        "percent": round(refused * 100 / max(known, 1)),
        "left": counted.open,
        "replies": [[" ".join((reply or "").split()), count] for reply, count in replies],
    }
