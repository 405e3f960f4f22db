"""The rows of canaries: one for each edition that had some, and one for each of these."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.feedback.sighting import Outcome, Place
from subscribers import Base, BigId, Choice, UtcDateTime


class CanaryRun(Base):
    """What the canaries said of an edition."""

    __tablename__ = "canary_run"

    edition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    decide_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[Outcome] = mapped_column(Choice(Outcome))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Canary(Base):
    """How an edition arrived in one mailbox of ours."""

    __tablename__ = "canary"

    edition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    place: Mapped[Place | None] = mapped_column(Choice(Place))  # None: not there yet
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    spf: Mapped[str | None] = mapped_column(String(16))
    dkim: Mapped[str | None] = mapped_column(String(16))
    dmarc: Mapped[str | None] = mapped_column(String(16))
    is_whole: Mapped[bool | None] = mapped_column(Boolean)
    faults: Mapped[str | None] = mapped_column(Text)  # as ``Sighting`` names them; empty: all is well
    unreached: Mapped[str | None] = mapped_column(Text)  # why its mailbox could not be looked into last
