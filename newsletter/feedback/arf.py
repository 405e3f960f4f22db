"""A complaint that a mailbox provider sends back: RFC 5965. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.feedback.letter import Letter, fields

KIND = "message/feedback-report"
# The other types (RFC 5965, RFC 6430, RFC 6591) say something of the mail, and nothing that a reader did.
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "complaint", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a feedback report says."""

    is_complaint: bool
    words: str


def report_of(letter: Letter) -> Complaint | None:
    """Return what a feedback report says; None: it is none."""
    for part in letter.parts:
        if part.kind == KIND:
            told = fields(part.text)
            named = told.get("feedback-type", "").strip().lower()
            words = f"{named or 'complaint'} ({told.get('user-agent', 'no name')})"
            return Complaint(is_complaint=named in _COMPLAINTS, words=words[:200])
    return None
