"""The settings of what comes back: whose posts are believed, and what follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from newsletter.config.base import OneLine, Section

SHORTEST_SECRET = 20  # letters


def _long(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"must have {SHORTEST_SECRET} letters or more; `openssl rand -hex 24` makes one")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_long)]


class FeedbackSettings(Section):
    # Two of each, so that one can be replaced while the other is in use. None: 503.
    sendgrid_keys: tuple[OneLine, ...] = Field(default=(), max_length=2)  # SendGrid shows it; not secret

    secrets: tuple[Secret, ...] = Field(default=(), max_length=2)  # of /webhooks/events, …/ses and so on
    mailgun_keys: tuple[Secret, ...] = Field(default=(), max_length=2)

    soft_failures: int = Field(default=5, ge=2)  # editions in a row that failed for a reader's own reason,
    soft_days: int = Field(default=14, ge=1)  # over so many days, end mail to them
    blocks_percent: float = Field(default=5, gt=0, le=100)  # more content or policy blocks stop the edition
    resend_silent_calls: bool = False
    # Opens and clicks: not at all; by edition and link; or also which reader it was.
    reading: Literal["off", "counts", "people"] = "off"
    trail_days: int = Field(default=90, ge=1, le=400)  # how long it is known who read what
    keep_days: int = Field(default=180, ge=30)  # where each copy stood

    @property
    def trail_kept(self) -> timedelta:
        """How long it is known who read what."""
        return timedelta(days=self.trail_days)

    @property
    def kept(self) -> timedelta:
        """How long it is known where a copy stood."""
        return timedelta(days=self.keep_days)
