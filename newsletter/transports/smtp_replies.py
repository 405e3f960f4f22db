"""What a server's reply means: for one copy, or for everybody's.

A refusal of RCPT or of the message is about one copy. A refusal of MAIL, a missing login or a
denied relay would be the same for every reader: that is ``Misconfigured``, and nobody is refused.
A reply that says we come too fast defers the copy even where it begins with a 5: QQ says 550.

Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from newsletter import replies
from newsletter.lanes import Lane
from newsletter.replies import Meaning
from newsletter.transports.base import Misconfigured, Verdict, discreet

_LONGEST_WORDS = 500
_QUEUE_ID = re.compile(r"queued as ([A-Za-z0-9_.,-]*[A-Za-z0-9])|\bid=([A-Za-z0-9-]+)", re.IGNORECASE)
_NO_RELAY = re.compile(r"relay\w* (?:access )?(?:is )?(?:denied|not|prohibited)|to relay\b", re.IGNORECASE)
_CODE_IN_LINE = re.compile(rb"(?m)^[0-9]{3}[ -]?")


class Step(StrEnum):
    """What a reply answers."""

    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the final dot"
    EMPTY = "an empty message"  # the dot after a DATA that should have been refused (RFC 2920, 3.1)
    QUIT = "QUIT"


class Gibberish(Exception):
    """What came is no reply of SMTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply. ``words`` begin with the code, on one line, at most 500 characters."""

    code: int
    words: str

    @property
    def is_goodbye(self) -> bool:
        """Whether the server ends the connection with it (RFC 5321, 3.8)."""
        return self.code == 421


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What became of a copy."""

    verdict: Verdict
    meaning: Meaning | None = None


def reply_of(raw: bytes) -> Reply:
    """Return the reply that ``raw``, one line or several, holds; or raise ``Gibberish``."""
    code = raw[:3]
    if not code.isdigit() or raw[3:4] not in (b" ", b"-", b"\r", b"\n", b""):
        raise Gibberish(" ".join(raw.decode("utf-8", "replace").split())[:_LONGEST_WORDS])
    text = _CODE_IN_LINE.sub(b"", raw).decode("utf-8", "replace")
    return Reply(code=int(code), words=f"{int(code)} {' '.join(text.split())}"[:_LONGEST_WORDS])


def queue_id(words: str) -> str | None:
    """Return the name the server gave the message, where it tells it."""
    found = _QUEUE_ID.search(words)
    return (found[1] or found[2]) if found else None


def judge(step: Step, reply: Reply, lane: Lane) -> Judgement | None:
    """Return what a refusal at ``step`` means for its copy; None when it is no refusal at all.

    Raises ``Misconfigured`` when it would be the same for every reader.
    """
    if not 400 <= reply.code < 600:
        return None
    meaning = replies.read(reply.words, lane=lane)
    if reply.code < 500 or meaning is Meaning.THROTTLED:
        return Judgement(verdict=Verdict.DEFERRED, meaning=meaning)
    if step is not Step.DOT:
        if reply.code in (530, 535) or step is Step.MAIL:
            raise Misconfigured(f"the SMTP server refuses this sender or login: {discreet(reply.words)}")
        if _NO_RELAY.search(reply.words):
            raise Misconfigured(
                "the SMTP server does not relay for us: set transport.smtp.username, or its rules"
            )
    return Judgement(verdict=Verdict.REFUSED, meaning=meaning)
