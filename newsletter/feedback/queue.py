"""Mails that wait for a person too long: somebody asked to leave, and nobody has looked.

The caller owns the transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.feedback.returned import Fate, ReturnedMail
from newsletter.feedback.tables import FeedbackMark
from newsletter.feedback.troubles import Sort, Trouble

AFTER = timedelta(hours=12)  # the big providers give two days for whoever asks to leave
MARK = "mails-waiting"


def look(session: Session, *, now: datetime) -> list[Trouble]:
    """Return that mails have waited too long, once, or that none does any more."""
    count, oldest_at = session.execute(
        select(func.count(), func.min(ReturnedMail.received_at)).where(ReturnedMail.fate == Fate.QUEUED)
    ).one()
    is_late = oldest_at is not None and now - oldest_at >= AFTER
    mark = session.get(FeedbackMark, MARK)
    if is_late and mark is None:
        session.add(FeedbackMark(name=MARK, at=oldest_at))
        words = f"{count:,} mails of readers wait for a person"
        facts = {"mails": count, "since": oldest_at}
        return [Trouble(sort=Sort.QUEUED, words=words, day=oldest_at.date(), facts=facts)]
    if not is_late and mark is not None:
        session.delete(mark)
        return [Trouble(sort=Sort.DECIDED, words="no mail waits for a person", day=mark.at.date())]
    return []
