"""The settings of the mailbox that mail comes back to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from newsletter.config.base import Email, OneLine, Section

LONGEST_LOCAL = 15  # of bounce_address, so that it fits with a token within the 64 of RFC 5321


class MailboxSettings(Section):
    """One mailbox, read over IMAP or from a Maildir on this machine."""

    kind: Literal["", "imap", "maildir"] = ""  # empty: nobody looks after what comes back
    path: Path = Path("var/maildir")  # of a Maildir
    host: OneLine = ""
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls"] = "tls"
    username: str = ""
    password: SecretStr = SecretStr("")
    folder: OneLine = "INBOX"
    done_folder: OneLine = "Processed"  # where what was taken in goes
    bounce_address: Email = ""  # copies are sent from bounces+<token>@…, so that each names itself
    forward_to: Email = ""  # who gets what readers write; empty: it waits for `newsletter mailbox`
    poll_seconds: float = Field(default=60, ge=5, le=3600)
    timeout_seconds: float = Field(default=30, gt=0, le=120)

    @property
    def poll_every(self) -> timedelta:
        """How often somebody looks."""
        return timedelta(seconds=self.poll_seconds)

    @property
    def returns_to(self) -> str:
        """Where mail comes back to; empty: to the sender, and nobody looks."""
        return self.bounce_address if self.kind else ""

    @model_validator(mode="after")
    def _complete(self) -> MailboxSettings:
        if self.kind == "imap" and not (self.host and self.username):
            raise ValueError("kind = 'imap' needs host and username")
        local = self.bounce_address.partition("@")[0]
        if len(local) > LONGEST_LOCAL or "+" in local:
            raise ValueError(
                f"bounce_address: {local!r} must have no + and at most {LONGEST_LOCAL} letters before the @: "
                "a token follows them"
            )
        if self.bounce_address and not self.kind:
            raise ValueError("bounce_address needs kind = 'imap' or 'maildir': somebody must look there")
        return self
