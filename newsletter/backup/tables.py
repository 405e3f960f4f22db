"""What is known of backups that were made."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers import Base, BigId, UtcDateTime


class BackupRun(Base):
    """One backup: begun, and either finished or failed."""

    __tablename__ = "backup_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    night: Mapped[date | None] = mapped_column(Date, unique=True)  # of those that are made by themselves
    owner: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    file: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int | None] = mapped_column(BigInteger)  # bytes
    checked: Mapped[str | None] = mapped_column(Text)  # what the check of it said; None: not checked
    failed_because: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "started_at"),)
