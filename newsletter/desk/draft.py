"""Drafts: what somebody has typed and not saved yet, kept so that a closed window loses nothing.

One for each person and day. It goes when it is saved as a revision or given up. The caller owns the
transaction.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, Date, String, Text, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers import Base, UtcDateTime

FORGOTTEN_AFTER = timedelta(days=30)


class Draft(Base):
    """The text in somebody's window."""

    __tablename__ = "desk_draft"

    newsletter: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    author: Mapped[str] = mapped_column(String(80), primary_key=True)  # whose window, by their number
    text: Mapped[str] = mapped_column(Text)
    sequence: Mapped[int] = mapped_column(BigInteger)  # of the window: what is older is not written
    after: Mapped[int]  # the number of the revision it was begun from, 0 for the source
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


def find(session: Session, newsletter: str, day: date, author: str) -> Draft | None:
    """Return somebody's draft."""
    return session.get(Draft, (newsletter, day, author[:80]))


def keep(
    session: Session,
    newsletter: str,
    day: date,
    author: str,
    *,
    text: str,
    sequence: int,
    after: int,
    now: datetime,
) -> bool:
    """Keep what was typed; False when something newer was kept meanwhile, which then stays."""
    values = {"text": text, "sequence": sequence, "after": after, "updated_at": now}
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    kept = session.execute(
        dialect.insert(Draft)
        .values(newsletter=newsletter, day=day, author=author[:80], **values)
        .on_conflict_do_update(
            index_elements=[Draft.newsletter, Draft.day, Draft.author],
            set_=values,
            where=Draft.sequence < sequence,
        )
        .returning(Draft.sequence)
    )
    return kept.first() is not None


def give_up(session: Session, newsletter: str, day: date, author: str) -> None:
    """Remove somebody's draft."""
    session.execute(
        delete(Draft).where(Draft.newsletter == newsletter, Draft.day == day, Draft.author == author[:80])
    )


def forget(session: Session, *, now: datetime) -> None:
    """Remove drafts that nobody came back to."""
    session.execute(delete(Draft).where(Draft.updated_at < now - FORGOTTEN_AFTER))
