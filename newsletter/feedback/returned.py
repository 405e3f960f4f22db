"""The mails that came back, one row each, so that none takes effect twice and none is passed over.

What took effect keeps no address. What waits for a person keeps who wrote it until that is settled. The
caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import LargeBinary, String, Text, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.feedback.sorting import Sort
from subscribers import Base, BigId, Choice, UtcDateTime

KEPT, KEPT_QUEUED = timedelta(days=60), timedelta(days=180)


class Fate(StrEnum):
    """What became of one."""

    DONE = "done"
    QUEUED = "queued"  # a person decides
    UNREADABLE = "unreadable"  # nobody could say what it is
    UNSIGNED = "unsigned"  # about nothing that we can prove to be ours


OPEN = (Fate.QUEUED, Fate.UNREADABLE, Fate.UNSIGNED)


class ReturnedMail(Base):
    """One mail that came back."""

    __tablename__ = "returned_mail"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sort: Mapped[Sort] = mapped_column(Choice(Sort))
    fate: Mapped[Fate] = mapped_column(Choice(Fate), index=True)
    about: Mapped[str | None] = mapped_column(String(60))  # our name for the copy or the notice
    why: Mapped[str | None] = mapped_column(String(200))
    sender: Mapped[str | None] = mapped_column(String(320))  # while a person has to decide
    subject: Mapped[str | None] = mapped_column(String(300))
    words: Mapped[str | None] = mapped_column(Text)


def is_new(
    session: Session, fingerprint: bytes, *, sort: Sort, about: str | None, received_at: datetime
) -> bool:
    """Write a mail down; False when it was taken in before."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    written = session.scalars(
        dialect.insert(ReturnedMail)
        .values(fingerprint=fingerprint, received_at=received_at, sort=sort, fate=Fate.DONE, about=about)
        .on_conflict_do_nothing(index_elements=[ReturnedMail.fingerprint])
        .returning(ReturnedMail.id)
    )
    return written.first() is not None


def leave_open(
    session: Session, fingerprint: bytes, fate: Fate, *, why: str, sender: str, subject: str, words: str
) -> None:
    """Leave a mail to a person, with what they need in order to decide."""
    session.execute(
        update(ReturnedMail)
        .where(ReturnedMail.fingerprint == fingerprint)
        .values(
            fate=fate, why=why[:200], sender=sender[:320] or None, subject=subject[:300], words=words[:4000]
        )
    )


def waiting(session: Session, *, limit: int = 100) -> Sequence[ReturnedMail]:
    """Return what waits for a person, the oldest first."""
    return session.scalars(
        select(ReturnedMail).where(ReturnedMail.fate.in_(OPEN)).order_by(ReturnedMail.id).limit(limit)
    ).all()


def counts(session: Session) -> dict[Fate, int]:
    """Count the mails by what became of them."""
    rows = session.execute(select(ReturnedMail.fate, func.count()).group_by(ReturnedMail.fate))
    return {fate: count for fate, count in rows}  # noqa: C416 - rows, not pairs, to a type checker


def settle(session: Session, mail: ReturnedMail, *, why: str) -> None:
    """Take a mail for settled by a person, and forget who wrote it and what."""
    mail.fate, mail.why = Fate.DONE, why[:200]
    mail.sender = mail.subject = mail.words = None


def forget(session: Session, *, now: datetime) -> None:
    """Forget what is old."""
    session.execute(
        delete(ReturnedMail).where(ReturnedMail.fate == Fate.DONE, ReturnedMail.received_at < now - KEPT)
    )
    session.execute(delete(ReturnedMail).where(ReturnedMail.received_at < now - KEPT_QUEUED))
