"""The settings of those who work on an installation: what a password costs, how long a login lasts."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from newsletter.config.base import Section


class StaffSettings(Section):
    """Logins of the pages under /staff. A login ends for good after ``…_days``, whatever happens."""

    password_memory_kib: int = Field(default=65536, ge=64)  # of one hash: argon2id, RFC 9106
    password_rounds: int = Field(default=3, ge=1, le=20)
    idle_hours: float = Field(default=12, gt=0)  # not used for so long: log in again
    login_days: float = Field(default=7, gt=0)
    remembered_idle_days: float = Field(default=30, gt=0)  # the same, on a device that is remembered
    remembered_days: float = Field(default=90, gt=0)

    def idle(self, *, remembered: bool) -> timedelta:
        """How long a login holds without being used."""
        return timedelta(days=self.remembered_idle_days) if remembered else timedelta(hours=self.idle_hours)

    def in_all(self, *, remembered: bool) -> timedelta:
        """How long a login holds at the most."""
        return timedelta(days=self.remembered_days if remembered else self.login_days)
