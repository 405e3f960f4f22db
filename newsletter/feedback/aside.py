"""What nobody could use is counted, and the first of it each day is kept for a person to look at.

No address is kept: words that hold one are made discreet. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from newsletter.feedback.events import Event
from newsletter.feedback.tables import FeedbackAside
from newsletter.transports.base import discreet

KEPT_A_DAY = 200
KEPT = timedelta(days=30)
LONGEST = 2_000


class Kept(NamedTuple):
    """Something to be kept: why, and what it was."""

    why: str
    words: str


def foreign(events: Iterable[Event]) -> list[Kept]:
    """Return what is kept of events about mail that we did not send."""
    return [
        Kept("not ours", f"{event.kind} {event.reply or ''} {event.address or ''}".strip())
        for event in events
    ]


def keep(session: Session, provider: str, found: Sequence[Kept], *, now: datetime) -> None:
    """Keep these, as long as there is room on this day."""
    if not found:
        return
    day = now - timedelta(days=1)
    there = session.scalar(
        select(func.count()).select_from(FeedbackAside).where(FeedbackAside.received_at > day)
    )
    room = max(0, KEPT_A_DAY - (there or 0))
    if room:
        session.execute(
            insert(FeedbackAside),
            [
                {
                    "provider": provider,
                    "received_at": now,
                    "why": one.why[:100],
                    "words": discreet(one.words).replace("\0", "")[:LONGEST],
                }
                for one in found[:room]
            ],
        )


def newest(session: Session, *, limit: int) -> Sequence[FeedbackAside]:
    """Return what was kept last."""
    return session.scalars(select(FeedbackAside).order_by(FeedbackAside.id.desc()).limit(limit)).all()


def forget(session: Session, *, now: datetime) -> None:
    """Forget what is old."""
    session.execute(delete(FeedbackAside).where(FeedbackAside.received_at < now - KEPT))
