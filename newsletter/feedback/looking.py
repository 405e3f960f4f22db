"""Finds a canary's copy in its mailbox: in the inbox, or where the server puts junk."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta

from newsletter.config.canaries import CanarySettings
from newsletter.feedback.imap import ImapBox, quoted
from newsletter.feedback.sighting import Place

TIMEOUT = timedelta(seconds=20)
EARLIER = timedelta(minutes=5)  # the clocks of two servers
# What the folder is called where the server does not mark it (RFC 6154).
_JUNK = tuple(
    quoted(name)
    for name in (
        *("Junk", "Spam", "Junk E-mail", "Junk Email", "Bulk Mail", "INBOX.Junk", "[Gmail]/Spam"),
        *("垃圾邮件", "广告邮件"),
    )
)


def look(
    mailbox: CanarySettings, feedback_id: str, since: datetime, *, context: ssl.SSLContext | None = None
) -> tuple[Place, bytes, datetime] | None:
    """Return where the copy with this Feedback-ID lies, the mail, and when it came; None: nowhere yet.

    Raises ``MailboxError``. Nothing in the mailbox is changed.
    """
    box = ImapBox(
        mailbox.host,
        mailbox.port,
        security=mailbox.security,
        username=mailbox.login,
        password=mailbox.password.get_secret_value(),
        folder=mailbox.folder,
        timeout=TIMEOUT,
        context=context,
    )
    try:
        folders = [(Place.INBOX, quoted(mailbox.folder))]
        folders += [(Place.JUNK, name) for name in _junk(box, mailbox)]
        for place, folder in folders:
            for found in box.newest(folder, since=since - EARLIER, header="Feedback-ID", value=feedback_id):
                return place, found.raw, found.received_at or since
    finally:
        box.close()
    return None


def _junk(box: ImapBox, mailbox: CanarySettings) -> list[str]:
    if mailbox.junk:
        return [quoted(mailbox.junk)]
    folders = box.folders()
    marked = [name for name, flags in folders if "\\junk" in flags]
    return marked or [name for name, _ in folders if name in _JUNK]
