"""Revisions of a day's text: what an editor has put in the place of the source, kept with its author.

A revision is never changed or removed; the newest of a day decides what goes out: a text, or the source
again. A text leaves stories out without losing them: it is kept whole, with the places that are left out.
Each knows the source as its author saw it, so that a source that changes afterwards is not passed over in
silence. The caller owns the transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import JSON, Date, Select, String, Text, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.errors import NewsletterError
from subscribers import Base, BigId, UtcDateTime


class RevisedMeanwhile(NewsletterError):
    """Somebody else has revised the same day since this text was opened. Look at theirs, then choose."""


class Revision(Base):
    """One person's word on what the text of a day is."""

    __tablename__ = "revision"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)  # of the edition
    number: Mapped[int]  # counts from 1 on each day
    text: Mapped[str | None] = mapped_column(Text)  # Markdown, whole; None: the source as it is
    left_out: Mapped[list[int]] = mapped_column(JSON, default=list)  # places in digest.stories
    source_hash: Mapped[str | None] = mapped_column(String(64))  # of the source then; None: there was none
    source_key: Mapped[str | None] = mapped_column(Text)  # its place
    author: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(Text, default="")  # why, or what
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("newsletter", "day", "number"),)

    @property
    def is_text(self) -> bool:
        """Whether it stands in the place of the source."""
        return self.text is not None


def newest(session: Session, newsletter: str, day: date) -> Revision | None:
    """Return the revision that decides; None: the source does."""
    return session.scalars(_of(newsletter, day).order_by(Revision.number.desc()).limit(1)).one_or_none()


def history(session: Session, newsletter: str, day: date) -> Sequence[Revision]:
    """Return the revisions of a day, the newest first."""
    return session.scalars(_of(newsletter, day).order_by(Revision.number.desc())).all()


def numbered(session: Session, newsletter: str, day: date, number: int) -> Revision | None:
    """Return one revision."""
    return session.scalars(_of(newsletter, day).where(Revision.number == number)).one_or_none()


def add(
    session: Session,
    newsletter: str,
    day: date,
    *,
    text: str | None,
    author: str,
    after: int,
    source_hash: str | None,
    source_key: str | None,
    left_out: Collection[int] = (),
    note: str = "",
    now: datetime,
) -> Revision:
    """Write the next revision down; ``after`` is the number its author has seen, 0 for none.

    Raises ``RevisedMeanwhile`` when there is a newer one.
    """
    last = newest(session, newsletter, day)
    if (last.number if last else 0) != after:
        raise RevisedMeanwhile(_told(last))
    revision = Revision(
        newsletter=newsletter,
        day=day,
        number=after + 1,
        text=text,
        left_out=sorted(set(left_out)),
        source_hash=source_hash,
        source_key=source_key,
        author=author[:80],
        note=note.strip(),
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(revision)
    except IntegrityError:  # at this very moment
        raise RevisedMeanwhile(_told(newest(session, newsletter, day))) from None
    return revision


def hash_of(text: str) -> str:
    """Return what an edition made of ``text`` is known by: SHA-256 of its bytes, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _of(newsletter: str, day: date) -> Select[Revision]:
    return select(Revision).where(Revision.newsletter == newsletter, Revision.day == day)


def _told(last: Revision | None) -> str:
    if last is None:
        return "this day has no revision any more; look again"
    return f"{last.author} has revised this day meanwhile (revision {last.number}); look at it first"
