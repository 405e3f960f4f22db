"""What people decided about an edition: who, what, when and why. Written down once, never changed.

The edition's own row says what holds now; these rows say how it came to that. The caller owns the
transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind
from subscribers import Base, BigId, Choice, UtcDateTime

NAME_LENGTH = 80


class What(StrEnum):
    """What a person may decide."""

    APPROVED = "approved"
    HELD = "held"  # not to go out before somebody approves it
    SKIPPED = "skipped"
    TAKEN_UP = "taken_up"  # it was to be skipped, and is not
    MOVED = "moved"  # to another hour of its day
    SENT_NOW = "sent_now"
    UNDONE = "undone"  # goes by the schedule again
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    RETRIED = "retried"
    SETTLED = "settled"
    RESENT = "resent"


class Decision(Base):
    """One decision of one person."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[Kind] = mapped_column(Choice(Kind))
    serial: Mapped[int] = mapped_column(default=1)
    what: Mapped[What] = mapped_column(Choice(What))
    by: Mapped[str] = mapped_column(String(NAME_LENGTH))
    because: Mapped[str | None] = mapped_column(Text)
    begin_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the hour it was moved to
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "newsletter", "day"),)


def write_down(
    session: Session,
    edition: Edition,
    what: What,
    *,
    who: str,
    because: str = "",
    begin_at: datetime | None = None,
    now: datetime,
) -> None:
    """Write one decision down."""
    session.add(
        Decision(
            newsletter=edition.newsletter,
            day=edition.day,
            kind=edition.kind,
            serial=edition.serial,
            what=what,
            by=who[:NAME_LENGTH],
            because=because.strip() or None,
            begin_at=begin_at,
            at=now,
        )
    )


def decisions(session: Session, newsletter: str, day: date) -> Sequence[Decision]:
    """Return what was decided about a day, the first decision first."""
    return session.scalars(
        select(Decision)
        .where(Decision.newsletter == newsletter, Decision.day == day)
        .order_by(Decision.at, Decision.id)
    ).all()


def latest_decision(
    session: Session, newsletter: str, *, since: date, among: Collection[What]
) -> Decision | None:
    """Return the last decision of some kinds about the daily editions from ``since`` on."""
    return session.scalars(
        select(Decision)
        .where(
            Decision.newsletter == newsletter,
            Decision.kind == Kind.DAILY,
            Decision.day >= since,
            Decision.what.in_(among),
        )
        .order_by(Decision.at.desc(), Decision.id.desc())
        .limit(1)
    ).one_or_none()
