"""Consent is evidence: what was agreed, shown and done, appended and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers.base import Base, BigId, Choice, UtcDateTime
from subscribers.states import Event


class Consent(Base):
    """One act of one person on one newsletter."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(BigId, ForeignKey("subscriber.id"))
    newsletter: Mapped[str] = mapped_column(String(40))
    event: Mapped[Event] = mapped_column(Choice(Event))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    origin: Mapped[str] = mapped_column(String(200))  # the form, the import, the command
    wording: Mapped[str | None] = mapped_column(Text)  # what the person was shown and agreed to
    notice_version: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str | None] = mapped_column(String(16))
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # what another system recorded

    __table_args__ = (Index(None, "subscriber_id", "newsletter"),)


def append(session: Session, consent: Consent) -> None:
    """Add one piece of evidence. There is no function that changes or removes one."""
    session.add(consent)
