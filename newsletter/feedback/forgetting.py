"""What is forgotten of feedback, and when. In bounded parts: on SQLite everybody else waits meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter.delivery.calls import touched
from newsletter.editions.edition import Edition
from newsletter.feedback import aside, once, returned, trail
from newsletter.feedback.tables import Feedback, FeedbackCount, FeedbackFold

AT_ONCE = 20_000  # copies
COUNTS_KEPT = timedelta(days=400)


def forget_feedback(session: Session, *, now: datetime, kept: timedelta, trail_kept: timedelta) -> bool:
    """Forget a bounded part of what is due; say whether there is more."""
    once.forget(session, now=now)
    aside.forget(session, now=now)
    returned.forget(session, now=now)
    trail.forget(session, before=now - trail_kept)
    session.execute(delete(FeedbackCount).where(FeedbackCount.day < (now - COUNTS_KEPT).date()))
    return _forget_copies(session, before=now - kept)


def _forget_copies(session: Session, *, before: datetime) -> bool:
    """Forget where copies of old editions stood."""
    oldest = session.scalar(select(func.min(Feedback.edition_id)))
    edition = session.get(Edition, oldest) if oldest is not None else None
    if edition is None or edition.created_at >= before:
        return False
    last = session.scalar(
        select(Feedback.subscriber_id)
        .where(Feedback.edition_id == edition.id)
        .order_by(Feedback.subscriber_id)
        .offset(AT_ONCE - 1)
        .limit(1)
    )
    those = [Feedback.edition_id == edition.id]
    if last is not None:
        those.append(Feedback.subscriber_id <= last)
    _fold(session, edition.id, those)
    return touched(session.execute(delete(Feedback).where(*those))) > 0


def _fold(session: Session, edition_id: int, those: Sequence[ColumnElement[bool]]) -> None:
    """Keep how many stood how: the figures of an edition say afterwards what they said before."""
    rows = session.execute(
        select(Feedback.kind, Feedback.meaning, func.count())
        .where(*those)
        .group_by(Feedback.kind, Feedback.meaning)
    ).all()
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(FeedbackFold)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[FeedbackFold.edition_id, FeedbackFold.kind, FeedbackFold.meaning],
            set_={"count": FeedbackFold.count + statement.excluded.count},
        ),
        [
            {"edition_id": edition_id, "kind": kind, "meaning": meaning or "", "count": count}
            for kind, meaning, count in rows
        ],
    )
