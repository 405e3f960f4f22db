"""The row of an inbox, as a phone shows it before the message is opened.

Pure: values in, values out.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.mailing import Mailing
from newsletter.rendering.reading import width

# What the mail programs of phones 390 px wide have room for, in Han characters.
SENDER_HAN = 12.0
SUBJECT_HAN = 20.0
PREHEADER_HAN = 22.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """Sender, subject and preheader: what shows of each, and whether that is all."""

    sender: str
    subject: str
    preheader: str
    is_subject_cut: bool


def inbox_row(mailing: Mailing, preheader: str) -> InboxRow:
    """Return the row of a mailing."""
    return InboxRow(
        sender=_shown(mailing.sender.name, SENDER_HAN),
        subject=_shown(mailing.subject, SUBJECT_HAN),
        preheader=_shown(preheader, PREHEADER_HAN),
        is_subject_cut=width(mailing.subject) > SUBJECT_HAN,
    )


def _shown(text: str, han: float) -> str:
    """Cut as a mail program does: at the width, wherever that is."""
    if width(text) <= han:
        return text
    room, end = han - 1, 0
    while room >= (step := width(text[end])):
        room, end = room - step, end + 1
    return text[:end].rstrip() + "…"
