"""Writing the journal: every session's facts, before its commit.

A journal that cannot be written (a full disk, a share that is away) must not keep a reader from leaving:
then the fact is committed with the rest, waits in the database, and people are told.
"""

from __future__ import annotations

import logging

from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.errors import NewsletterError
from newsletter.journal.file import JournalFile
from newsletter.journal.tables import JournalWaiting
from subscribers import Fact, Lasting, take

logger = logging.getLogger(__name__)

REPLAYING = "replaying the journal"  # in a session's info: what it does is in the journal already
AT_ONCE = 500


def keep(database: Database, journal: JournalFile) -> None:
    """Write what the sessions of a database do into a journal, from now on."""

    @event.listens_for(database.sessions, "before_commit")
    def _before_commit(session: Session) -> None:
        if session.in_nested_transaction():
            return
        facts = take(session)
        if not facts or session.info.get(REPLAYING):
            return
        try:
            journal.append(facts)
        except (OSError, NewsletterError) as error:
            logger.error("the journal cannot be written: %s", error, extra={"facts": len(facts)})
            session.add_all(
                JournalWaiting(what=fact.what.value, at=fact.at, about=dict(fact.about)) for fact in facts
            )

    @event.listens_for(database.sessions, "after_rollback")
    def _after_rollback(session: Session) -> None:
        take(session)


def waiting(session: Session) -> int:
    """Return how many facts wait for the journal."""
    return session.scalar(select(func.count()).select_from(JournalWaiting)) or 0


def catch_up(database: Database, journal: JournalFile) -> int:
    """Write what waits; return how many facts that was. Raises as ``append`` does.

    Two who do so at once may write a fact twice, which means the same as once.
    """
    done = 0
    while True:
        with database.readers() as session:
            rows = session.scalars(select(JournalWaiting).order_by(JournalWaiting.id).limit(AT_ONCE)).all()
        if not rows:
            return done
        journal.append([Fact(what=Lasting(row.what), at=row.at, about=row.about) for row in rows])
        with database.sessions.begin() as session:
            session.execute(delete(JournalWaiting).where(JournalWaiting.id.in_([row.id for row in rows])))
        done += len(rows)
