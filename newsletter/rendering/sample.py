"""A copy for looking at an email: that of a reader who does not exist."""

from __future__ import annotations

from newsletter.mailing import Copy, Mailing
from newsletter.urls import Urls


def sample_copy(mailing: Mailing, urls: Urls) -> Copy:
    """Return the copy of a reader who does not exist, for looking at an email."""
    domain = mailing.sender.address.rpartition("@")[2]
    return Copy(
        ref="sample",
        address="reader@example.com",
        values={
            "address": "reader@example.com",
            "leave_url": urls.leave("sample"),
            "manage_url": urls.manage("sample"),
            "message_id": f"sample@{domain}",
        },
    )
