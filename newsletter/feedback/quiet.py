"""Reports that do not come in at all: half an hour after a large call was accepted, something should.

Then the webhook is switched off, its key was changed, or nobody can reach us; meanwhile we do not know who
bounced or complained. Told once for an edition, and taken back when something comes. The caller owns the
transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.delivery.tables import Batch, Call
from newsletter.feedback.tables import FeedbackMark
from newsletter.feedback.troubles import Sort, Trouble

AFTER = timedelta(minutes=30)  # SendGrid posts within half a minute
UNTIL = timedelta(hours=12)  # older calls are yesterday's
FEWEST = 100  # copies
OPEN, OVER = "open", "over"


def look(session: Session, *, transport: str, now: datetime) -> list[Trouble]:
    """Return what people must know, or need no longer worry about."""
    troubles: list[Trouble] = []
    for edition_id, since, last_heard in session.execute(
        select(Batch.edition_id, func.min(Call.closed_at), func.max(Call.heard_at))
        .join(Batch, Batch.id == Call.batch_id)
        .where(
            Call.transport == transport,
            Call.opened_at > now - UNTIL,
            Call.provider_id.is_not(None),  # accepted
            Call.copies >= FEWEST,
        )
        .group_by(Batch.edition_id)
        .order_by(Batch.edition_id)
    ):
        mark = session.get(FeedbackMark, f"quiet-{edition_id}")
        if last_heard is None and mark is None and since is not None and now - since >= AFTER:
            session.add(FeedbackMark(name=f"quiet-{edition_id}", at=now, words=OPEN))
            words = "no report of the mail provider has come in since this edition began to go out"
            troubles.append(
                Trouble(sort=Sort.QUIET, words=words, edition_id=edition_id, facts={"since": since})
            )
        elif last_heard is not None and mark is not None and mark.words == OPEN:
            mark.words = OVER
            troubles.append(Trouble(sort=Sort.HEARD, words="reports come in again", edition_id=edition_id))
    return troubles
