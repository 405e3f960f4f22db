"""What must not take effect twice is known by its name. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.feedback.tables import FeedbackSeen
from subscribers import bulk

AT_ONCE = 500
KEPT = timedelta(days=8)  # providers tell an event again for a day, and replays older than that are refused


def first_time(session: Session, keys: Iterable[bytes], *, now: datetime) -> set[bytes]:
    """Return which of these names were never seen before, and remember them."""
    every = sorted(set(keys))
    known: set[bytes] = set()
    for start in range(0, len(every), AT_ONCE):
        some = every[start : start + AT_ONCE]
        known.update(map(bytes, session.scalars(select(FeedbackSeen.key).where(FeedbackSeen.key.in_(some)))))
    new = [key for key in every if key not in known]
    if new:
        bulk.insert(session, FeedbackSeen, {"key": new, "day": [now.date()] * len(new)}, bulk.give_way)
    return set(new)


def forget(session: Session, *, now: datetime) -> None:
    """Forget the names that can hardly come again."""
    session.execute(delete(FeedbackSeen).where(FeedbackSeen.day < (now - KEPT).date()))
