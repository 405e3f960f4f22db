"""The settings of sending: how much at once, how fast, and when to stop."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import Field, model_validator

from newsletter.config.base import Section


class SendingSettings(Section):
    batch_size: int = Field(default=1000, ge=1, le=1000)
    lease_seconds: int = Field(default=180, ge=90)
    threads: int = Field(default=4, ge=1, le=64)  # batches one process sends at once
    engine: Literal["threads", "procrastinate"] = "threads"  # who wakes the workers
    shutdown_grace_seconds: float = Field(default=70, ge=0)
    refused_limit_percent: float = Field(default=20, gt=0, le=100)  # more refusals pause the edition,
    refused_limit_after: int = Field(default=200, ge=1)  # once so many outcomes are known

    @property
    def lease(self) -> timedelta:
        """How long a claim holds if its worker dies."""
        return timedelta(seconds=self.lease_seconds)

    @property
    def shutdown_grace(self) -> timedelta:
        """How long calls in flight may still take once we are told to end."""
        return timedelta(seconds=self.shutdown_grace_seconds)


class PacingSettings(Section):
    """How fast one lane may go. What is not set is not limited."""

    per_minute: float | None = Field(default=None, gt=0)  # copies, over all hosts
    concurrency: int | None = Field(default=None, ge=1)  # batches at once, over all hosts
    messages_per_connection: int | None = Field(default=None, ge=1)
    warm_up: tuple[int, ...] = ()  # copies on the first day, the second …; afterwards without limit
    warm_up_from: date | None = None

    @model_validator(mode="after")
    def _dated(self) -> PacingSettings:
        if self.warm_up and self.warm_up_from is None:
            raise ValueError("warm_up needs warm_up_from, the day of its first step")
        if any(step < 1 for step in self.warm_up):
            raise ValueError("every step of warm_up must be at least 1")
        return self
