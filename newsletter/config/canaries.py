"""The settings of canaries: mailboxes of our own that get each edition before the readers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from newsletter.config.base import Email, OneLine, Port, Section


class CanarySettings(Section):
    """One mailbox at a provider, and how to look into it over IMAP."""

    name: OneLine = Field(min_length=1, max_length=24)  # qq, gmail …
    address: Email = Field(min_length=3)
    host: OneLine = Field(min_length=1)
    port: Port = 993
    security: Literal["tls", "starttls"] = "tls"
    username: str = ""  # empty: the address
    password: SecretStr = SecretStr("")
    password_file: Path | None = None  # holds the password instead
    folder: OneLine = "INBOX"
    junk: OneLine = ""  # empty: the folder that the server marks so, or that is called so

    @property
    def login(self) -> str:
        """The name to log in by."""
        return self.username or self.address


class CanariesSettings(Section):
    mailboxes: tuple[CanarySettings, ...] = ()
    # Less than the ten minutes after which silence is an alarm of its own.
    wait_minutes: float = Field(default=5, gt=0, le=9)
    when_silent: Literal["go", "hold"] = "go"  # what becomes of the readers' copies when a canary got nothing

    @property
    def wait(self) -> timedelta:
        """How long the readers' copies wait."""
        return timedelta(minutes=self.wait_minutes)

    @model_validator(mode="after")
    def _named_once(self) -> CanariesSettings:
        names = [mailbox.name for mailbox in self.mailboxes]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"mailboxes: the name {sorted(twice)[0]!r} is given twice")
        return self
