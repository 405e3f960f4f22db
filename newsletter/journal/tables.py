"""What could not be written to the journal at its moment, kept until it can."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from subscribers import Base, BigId, UtcDateTime


class JournalWaiting(Base):
    """A fact whose journal could not be reached. It goes when it has been written there."""

    __tablename__ = "journal_waiting"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    about: Mapped[dict[str, Any]] = mapped_column(JSON)
