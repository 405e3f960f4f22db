"""Before a fence is opened: has the database all that the journals know, and are they the right ones?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import control
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.errors import NewsletterError
from newsletter.journal.entry import Entry
from newsletter.journal.file import JournalFile
from newsletter.journal.replay import Replayed, replay
from newsletter.journal.tables import JournalWaiting
from subscribers import Lasting, Subscriber

# A person who joined after the backup was made has a number that is unknown here, and links with it in their
# mailbox. Whoever joins next must not get that number.
NUMBERS_LEFT_FREE = 1_000_000


class NotReplayed(NewsletterError):
    """The journal knows more than the database. Replay it before the fence opens."""


class WrongJournal(NewsletterError):
    """The journal knows less than the database. Find the one that is meant."""


def require_replayed(database: Database, journals: Sequence[JournalFile]) -> None:
    """Raise unless the database knows all that the journals do, and they know what began in it."""
    entries: list[Entry] = []
    opened_at: list[datetime] = []
    for journal in journals:
        entries += journal.entries()
        opened_at.append(journal.opened_at())
    lacks = replay(database, entries, dry=True)
    if lacks:
        raise NotReplayed(
            f"the database does not know all of the journal ({_counted(lacks)}): run "
            "`newsletter journal replay`"
        )
    with database.readers() as session:
        for edition in _begun(session, since=max(opened_at)):
            if not _is_told(session, edition, entries):
                raise WrongJournal(
                    f"the database has the edition {edition.label}, and the journal does not: is it an old "
                    "copy, or another host's?"
                )


def _begun(session: Session, *, since: datetime) -> Sequence[Edition]:
    return session.scalars(select(Edition).where(Edition.frozen_at >= since)).all()


def _is_told(session: Session, edition: Edition, entries: Sequence[Entry]) -> bool:
    key = {
        "newsletter": edition.newsletter,
        "day": edition.day.isoformat(),
        "kind": edition.kind.value,
        "serial": edition.serial,
    }
    facts = [entry.fact.about for entry in entries if entry.fact.what is Lasting.BEGUN]
    waiting = session.scalars(select(JournalWaiting).where(JournalWaiting.what == Lasting.BEGUN.value))
    return any(key.items() <= about.items() for about in [*facts, *(row.about for row in waiting)])


def _counted(lacks: Replayed) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in lacks.as_json().items() if count)


def settle_in(session: Session, *, because: str, now: datetime) -> Sequence[Edition]:
    """Make a restored database fit to go on; return the editions that were paused for it.

    What was going out when the backup was made may have reached people since, so a person decides. And
    nobody gets a number that somebody had in the database that is gone.
    """
    paused = session.scalars(select(Edition).where(Edition.state == State.SENDING)).all()
    for edition in paused:
        control.pause(session, edition, because=because)
    _leave_numbers_free(session, now)
    return paused


def _leave_numbers_free(session: Session, now: datetime) -> None:
    last = session.scalar(select(func.max(Subscriber.id))) or 0
    if session.get_bind().dialect.name == "sqlite":
        # It gives the number after the highest there is, so somebody must have that: nobody, forgotten.
        digest = f"nobody, {now.isoformat()}".encode().ljust(32, b"\0")[:32]
        session.add(
            Subscriber(
                id=last + NUMBERS_LEFT_FREE, address_hash=digest, attributes={}, created_at=now, erased_at=now
            )
        )
        session.flush()
        return
    session.execute(
        select(func.setval(func.pg_get_serial_sequence("subscriber", "id"), last + NUMBERS_LEFT_FREE))
    )
