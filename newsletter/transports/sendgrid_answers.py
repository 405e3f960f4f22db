"""What an answer to ``POST /v3/mail/send`` means for the copies of the request. Pure.

========================================  =========================================================
202 with an ``X-Message-Id``              accepted, all of them
202 without one, any other 2xx            in doubt: half a status line, or somebody else's page
lost, 500, 502, 504 and their like        in doubt: a gateway may fail after the request got through
429; 503 in SendGrid's own words          ``Unavailable``
any other 503                             in doubt: a proxy may say so after passing the request on
400, 413                                  refused as a whole; see ``named``
401, 403                                  ``Misconfigured``: key, quota or sender, and what to do
anything else, redirects too              ``Misconfigured``: not SendGrid
========================================  =========================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from newsletter.transports.base import Misconfigured, Unavailable, Verdict, discreet
from newsletter.transports.keepalive import Answer, AnswerLost

_LONGEST_WAIT = timedelta(hours=1)  # a far side that names a longer one is not believed
_LONGEST_WORDS = 500
_PERSONALIZATION = re.compile(r"personalizations\.(\d+)\b")
_ALL_ALIKE = 10  # so many copies are not all bad by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The meaning of one answer for every copy of its request."""

    verdict: Verdict
    provider_id: str | None = None
    words: str


def read(answer: Answer | AnswerLost, *, now: datetime, in_sandbox: bool = False) -> Said:
    """Return what ``answer`` says, or raise ``Unavailable`` or ``Misconfigured``.

    ``in_sandbox`` says that the request was only to be checked: then 200 means it would be accepted.
    """
    if isinstance(answer, AnswerLost):
        return Said(verdict=Verdict.IN_DOUBT, words=f"the answer was lost: {answer}"[:_LONGEST_WORDS])
    status = answer.status
    words = _words(answer)
    message_id = (answer.headers.get("X-Message-Id") or "").strip()
    if status == 202 and message_id:
        return Said(verdict=Verdict.ACCEPTED, provider_id=message_id, words=words)
    if status == 200 and in_sandbox:
        return Said(verdict=Verdict.ACCEPTED, words=words)
    is_its_own = bool(_errors(answer)) or "Retry-After" in answer.headers
    if status == 429 or (status == 503 and is_its_own):
        raise Unavailable(f"SendGrid asks to wait: {discreet(words)}", retry_after=_retry_after(answer, now))
    if 200 <= status < 300 or status >= 500:
        return Said(verdict=Verdict.IN_DOUBT, words=words)
    if status in (400, 413):
        return Said(verdict=Verdict.REFUSED, words=words)
    raise Misconfigured(f"{remedy(answer)} (it said: {discreet(words)})")


def named(answer: Answer, *, copies: int) -> dict[int, str]:
    """Return what a refusal says of each copy that it names, by the copy's place in the request.

    Raises ``Misconfigured`` when the refusal is about the mailing: no error concerns a copy, or
    ever so many copies are named and none is left over.
    """
    errors = _errors(answer)
    found: dict[int, str] = {}
    for field, message in errors:
        match = _PERSONALIZATION.match(field)
        if match and (place := int(match[1])) < copies:
            before = f"{found[place]}; " if place in found else f"{answer.status} "
            found[place] = f"{before}{message} ({field})"[:_LONGEST_WORDS]
    about_itself = errors and all(field and not field.startswith("personalizations") for field, _ in errors)
    if about_itself or _ALL_ALIKE <= len(found) == copies:
        raise Misconfigured(f"SendGrid refuses this mailing: {discreet(_words(answer))}")
    return found


def remedy(answer: Answer) -> str:
    """Return what a person must do about an answer that stops all sending."""
    words = _words(answer).lower()
    if answer.status not in (401, 403):
        return "transport.sendgrid.host does not answer like SendGrid; set it to the API's own host"
    if "credits" in words:
        return "the SendGrid account has used up its plan; raise the plan or wait for the next period"
    if "from" in words and ("sender" in words or "match" in words):
        return "SendGrid does not know our sender; verify sender.address or its domain there, or change it"
    if answer.status == 401:
        return "SendGrid does not know our key; make a new one there and set its api_key"
    return "SendGrid forbids this to our key; give it the scope mail.send, and let this machine's IP in"


def _errors(answer: Answer) -> list[tuple[str, str]]:
    """Return (field, message) of every error told; the field is empty when there is none."""
    document = answer.document
    errors = document.get("errors") if isinstance(document, dict) else None
    return [
        (str(error.get("field") or ""), str(error.get("message") or ""))
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    ]


def _words(answer: Answer) -> str:
    said = "; ".join(f"{message} ({field})" if field else message for field, message in _errors(answer))
    return f"{answer.status} {said}".strip()[:_LONGEST_WORDS]


def _retry_after(answer: Answer, now: datetime) -> timedelta | None:
    """Return how long the far side asks to wait, when it says so believably.

    ``Retry-After`` is seconds or a date (RFC 9110); ``X-RateLimit-Reset`` is seconds since 1970,
    documented, and not sent by mail/send.
    """
    try:
        if after := (answer.headers.get("Retry-After") or "").strip():
            is_seconds = after.isdecimal()
            wait = timedelta(seconds=int(after)) if is_seconds else parsedate_to_datetime(after) - now
        elif reset := answer.headers.get("X-RateLimit-Reset"):
            wait = datetime.fromtimestamp(int(reset), UTC) - now
        else:
            return None
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    return wait if timedelta(0) < wait <= _LONGEST_WAIT else None
