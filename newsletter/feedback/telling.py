"""What feedback finds is told as alarms: once, to the people of ``[alarms]``."""

from __future__ import annotations

import logging
import shlex
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.alarms import Alarms, Cause
from newsletter.editions.edition import Edition
from newsletter.feedback.troubles import Sort, Trouble

logger = logging.getLogger(__name__)

CAUSES = {
    Sort.ACCOUNT: Cause.ACCOUNT,
    Sort.DROPPED: Cause.DROPPED,
    Sort.BLOCKED: Cause.BLOCKED,
    Sort.FAILED: Cause.UNAPPLIED,
    Sort.QUIET: Cause.FEEDBACK,
    Sort.QUEUED: Cause.QUEUED,
}


@dataclass(frozen=True)
class Telling:
    """Tells one trouble, in the transaction that found it."""

    alarms: Alarms

    def __call__(self, session: Session, trouble: Trouble) -> None:
        """Sound the alarm that fits, or only write a log where nobody has to act."""
        logger.warning("feedback: %s", trouble.words, extra={"sort": trouble.sort.value})
        now = self.alarms.clock()
        edition = session.get(Edition, trouble.edition_id) if trouble.edition_id is not None else None
        if trouble.sort is Sort.HEARD and edition is not None:
            causes = [Cause.FEEDBACK]
            self.alarms.clear(session, newsletter=edition.newsletter, day=edition.day, causes=causes, now=now)
        day = edition.day if edition else trouble.day or now.date()
        if trouble.sort is Sort.DECIDED:
            self.alarms.clear(session, newsletter="", day=day, causes=[Cause.QUEUED], now=now)
        cause = CAUSES.get(trouble.sort)
        if cause is None:
            return
        self.alarms.sound(
            session,
            cause,
            newsletter=edition.newsletter if edition else "",
            day=day,
            about=trouble.about,
            facts={**trouble.facts, "because": trouble.words, "quoted": shlex.quote(trouble.about)},
            now=now,
        )
