"""A mailbox as we see it: mails that have come, and a place for those that were taken in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from newsletter.config import MailboxSettings
from newsletter.errors import NewsletterError


class MailboxError(NewsletterError):
    """The mailbox is not reached, or does not let us in. Nothing in it is lost: try again later."""


class Found(NamedTuple):
    """A mail that has come."""

    name: str  # what the mailbox calls it, while it is open
    raw: bytes
    received_at: datetime | None


class Box(Protocol):
    """An open mailbox."""

    def messages(self, *, limit: int) -> Iterator[Found]:
        """Yield the mails that have come, the oldest first. Raises ``MailboxError``."""
        ...

    def done(self, found: Found) -> None:
        """Put a mail where those go that were taken in; one that is gone already is no error."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_box(settings: MailboxSettings) -> Box:
    """Open the mailbox of ``[mailbox]``, or raise ``MailboxError``."""
    if settings.kind == "maildir":
        from newsletter.feedback.maildir import MaildirBox

        return MaildirBox(settings.path, done_folder=settings.done_folder)
    from newsletter.feedback.imap import ImapBox

    return ImapBox(
        settings.host,
        settings.port,
        security=settings.security,
        username=settings.username,
        password=settings.password.get_secret_value(),
        folder=settings.folder,
        done_folder=settings.done_folder,
        timeout=timedelta(seconds=settings.timeout_seconds),
    )
