"""The settings of running for years: the journal, backups, metrics, logs and what is kept how long."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from newsletter.config.base import Section

SHORTEST_RETENTION_DAYS = 30  # corrections, doubts and complaints may still come in
SHORTEST_PASSPHRASE = 12  # letters


class JournalSettings(Section):
    file: Path | None = None  # better on another disk than the database; None: no journal


class BackupSettings(Section):
    folder: Path | None = None  # None: no backup is made by itself
    passphrase: SecretStr = SecretStr("")
    passphrase_file: Path | None = None
    keep: int = Field(default=14, ge=1, le=3650)  # backups in the folder; older ones go
    at: time = time(3, 10)  # in Shanghai: long before a morning
    check: bool = True  # restore every nightly backup into a scratch database and compare
    alarm_after_hours: int = Field(default=36, ge=1)
    programs: Path | None = None  # the folder of pg_dump and pg_restore; None: where the system finds them

    @property
    def alarm_after(self) -> timedelta:
        """How old the newest backup may be before people are told."""
        return timedelta(hours=self.alarm_after_hours)


class MetricsSettings(Section):
    token: SecretStr = SecretStr("")  # of /metrics; empty: only this machine may ask


class LogSettings(Section):
    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "warning"
    file: Path | None = None  # None: to standard error
    keep_days: int = Field(default=30, ge=1, le=3650)  # of a file, one for each day


class RetentionSettings(Section):
    deliveries_days: int = Field(default=180, ge=0)  # whose copy it was; then only counts. 0: for ever

    @field_validator("deliveries_days")
    @classmethod
    def _long(cls, days: int) -> int:
        if 0 < days < SHORTEST_RETENTION_DAYS:
            raise ValueError(f"must be {SHORTEST_RETENTION_DAYS} or more, or 0 for ever")
        return days

    @property
    def deliveries(self) -> timedelta | None:
        """How long each copy is known; None: for ever."""
        return timedelta(days=self.deliveries_days) if self.deliveries_days else None
