"""What an account at SendGrid may do, found out by asking it; nothing is sent to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from newsletter.mailing import Mailing, Sender, Template
from newsletter.transports.base import TransportError, Unavailable, Verdict, discreet
from newsletter.transports.keepalive import AnswerLost, NotSent
from newsletter.transports.sendgrid_answers import remedy
from newsletter.transports.sendgrid_line import Line
from newsletter.transports.sendgrid_payload import Payload

NEEDED = "mail.send"
# What every key has, asked for or not.
_HARMLESS = frozenset(
    {"2fa_required", "2fa_exempt", "sender_verification_eligible", "sender_verification_exempt"}
)


class Access(StrEnum):
    """How a check ended."""

    FINE = "fine"
    ADVICE = "advice"  # it works, and could be better
    WRONG = "wrong"  # nothing can be sent until a person acts
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, in words for a person."""

    setting: str  # which account: where it stands in the configuration
    what: str  # "scopes" or "sending"
    access: Access
    words: str


def findings(line: Line, sender: Sender) -> Iterator[Finding]:
    """Yield what ``line`` may do: its key's scopes, and whether it may send as ``sender``."""
    setting = line.account.setting
    for what, (access, words) in (("scopes", _scopes(line)), ("sending", _sending(line, sender))):
        yield Finding(setting=setting, what=what, access=access, words=words)


def _scopes(line: Line) -> tuple[Access, str]:
    try:
        answer = line.scopes()
    except (NotSent, AnswerLost) as error:
        return Access.NOT_CHECKED, f"SendGrid was not reached: {error}"
    document = answer.document
    scopes = document.get("scopes") if isinstance(document, dict) else None
    if answer.status == 401:
        return Access.WRONG, remedy(answer)
    if answer.status != 200 or not isinstance(scopes, list):
        return Access.NOT_CHECKED, f"SendGrid does not say what the key may do ({answer.status})"
    if NEEDED not in scopes:
        return Access.WRONG, f"the key may not send; give it the scope {NEEDED}"
    if more := len(set(map(str, scopes)) - _HARMLESS - {NEEDED}):
        return Access.ADVICE, f"the key may do {more} things beside {NEEDED}; one with fewer is safer"
    return Access.FINE, f"the key may send, and nothing else ({NEEDED})"


def _sending(line: Line, sender: Sender) -> tuple[Access, str]:
    mailing = Mailing(
        edition="check",
        language="en",
        sender=sender,
        subject="A check",
        headers=(),
        text=Template(("A check.",)),
        html=Template(("<p>A check.</p>",)),
    )
    probe = Payload(mailing, ip_pool=line.account.ip_pool).probe()
    try:
        _, said = line.post(probe, copies=0, call_id="check", in_sandbox=True)
    except Unavailable as error:
        return Access.NOT_CHECKED, str(error)
    except TransportError as error:
        return Access.WRONG, str(error)
    if said.verdict is Verdict.ACCEPTED:
        return Access.FINE, "SendGrid takes our mail (asked in its sandbox: nothing was sent)"
    if said.verdict is Verdict.REFUSED:
        return Access.WRONG, f"SendGrid refuses our mail: {discreet(said.words)}"
    return Access.NOT_CHECKED, f"SendGrid gave no clear answer: {discreet(said.words)}"
