"""Saved segments: a name for a text, one list at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers.base import Base, BigId, UtcDateTime
from subscribers.segments.parsing import read

LONGEST_NAME = 80
MOST_SAVED = 200  # of one list


class Segment(Base):
    """A segment that somebody gave a name."""

    __tablename__ = "segment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    text: Mapped[str] = mapped_column(Text)
    by_whom: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("newsletter", "name"),)


class CannotSave(ValueError):
    """The list has as many saved segments as one may have, or the name is empty. Remove one, or name it."""


def saved(session: Session, newsletter: str) -> Sequence[Segment]:
    """Return the saved segments of a list, by name."""
    return session.scalars(
        select(Segment).where(Segment.newsletter == newsletter).order_by(Segment.name)
    ).all()


def save(session: Session, newsletter: str, name: str, text: str, *, by_whom: str, now: datetime) -> Segment:
    """Give a segment a name; the same name again changes what it means.

    Raises ``SegmentError`` for a text that is no segment, and ``CannotSave``.
    """
    read(text)
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise CannotSave("a segment needs a name")
    known = session.scalars(
        select(Segment).where(Segment.newsletter == newsletter, Segment.name == name)
    ).one_or_none()
    if known is None:
        if len(saved(session, newsletter)) >= MOST_SAVED:
            raise CannotSave(f"a list has {MOST_SAVED} saved segments at most")
        known = Segment(newsletter=newsletter, name=name, text="", by_whom="", changed_at=now)
        session.add(known)
    known.text, known.by_whom, known.changed_at = text.strip(), by_whom[:200], now
    session.flush()
    return known


def remove(session: Session, newsletter: str, id_: int) -> bool:
    """Forget a saved segment; False when the list has none of this number."""
    known = session.get(Segment, id_)
    if known is None or known.newsletter != newsletter:
        return False
    session.delete(known)
    return True
