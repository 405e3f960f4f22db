"""The one vocabulary of what comes back, whoever says it. Pure: values in, values out.

A copy *stands* at the highest kind that was heard of it, in the order of ``RANKS``: nothing arrives in
order, and a delivery that is told after a complaint takes nothing back. What an event does to the reader
is its ``suppress``; who may be mailed is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from newsletter.replies import Meaning


class Kind(StrEnum):
    """What happened."""

    ACCEPTED = "accepted"  # the provider took it over
    DEFERRED = "deferred"  # the mailbox's server wants it later; the provider goes on trying
    DROPPED = "dropped"  # the provider did not even try
    DELIVERED = "delivered"  # the mailbox's server took it
    BLOCKED = "blocked"  # not taken, and it need not be the reader's fault
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"  # there is no such mailbox
    COMPLAINED = "complained"  # the reader called it spam
    OPENED = "opened"
    CLICKED = "clicked"
    ACCOUNT = "account"  # about our account with the provider, and nobody's copy
    OTHER = "other"  # heard, and it changes nothing


# Where a copy stands: the highest wins, whenever it is told. The database keeps these numbers; one is
# never given twice.
RANKS: dict[Kind, int] = {
    Kind.ACCEPTED: 10,
    Kind.DEFERRED: 20,
    Kind.DROPPED: 30,
    Kind.DELIVERED: 40,
    Kind.BLOCKED: 50,  # above: a server may take a mail and send it back a day later
    Kind.UNSUBSCRIBED: 60,
    Kind.BOUNCED: 70,
    Kind.COMPLAINED: 80,
}


class Suppress(StrEnum):
    """What an event means for mail to this address."""

    HARD_BOUNCE = "hard_bounce"
    INVALID = "invalid"  # it cannot be an address
    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"  # from everything we send
    LEFT = "left"  # from the newsletter the copy was of


# Of a failure that is about us and not about the reader; it counts against nobody.
OURS = frozenset({Meaning.THROTTLED, Meaning.POLICY, Meaning.CONTENT})


class Event(NamedTuple):
    """One thing that came back. A tuple, because there may be millions an hour."""

    kind: Kind
    at: datetime  # when it happened, as the provider says
    edition_id: int | None = None  # with ``subscriber_id``: the copy it is about, when it is one of ours
    subscriber_id: int | None = None
    notice_id: int | None = None
    call: str | None = None  # our name for the call, as the provider echoes it
    address: str | None = None  # whom it is about, as the provider writes it
    key: bytes | None = None  # the same whenever this is told again; None: what it does may be done twice
    suppress: Suppress | None = None
    meaning: Meaning | None = None  # of a failure
    reply: str | None = None  # the far side's words
    alert: bool = False  # a person should know
    resend: bool = False  # it never left, and not because of the reader
    url: str | None = None  # that was clicked
    is_machine: bool = False  # an open or a click that no person made

    @property
    def is_ours(self) -> bool:
        """Whether it names something that we sent."""
        return self.edition_id is not None or self.notice_id is not None


_COPY = re.compile(r"e(\d{1,18})-s(\d{1,18})")
_NOTICE = re.compile(r"n(\d{1,18})")


def copy_of(ref: object) -> tuple[int, int] | None:
    """Return (edition, subscriber) of our own name for a copy; None when it is none."""
    found = _COPY.fullmatch(ref) if isinstance(ref, str) else None
    return (int(found[1]), int(found[2])) if found else None


def notice_of(ref: object) -> int | None:
    """Return which notice our own name names; None when it names none."""
    found = _NOTICE.fullmatch(ref) if isinstance(ref, str) else None
    return int(found[1]) if found else None


def key_of(provider: str, *parts: str) -> bytes:
    """Return the name of an event that is the same whenever it is told again: 16 bytes."""
    whole = "\0".join((provider, *parts)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(whole, digest_size=16).digest()


@lru_cache(maxsize=65_536)
def moment_of(seconds: int) -> datetime:
    """Return a moment from its seconds since 1970; many events share one."""
    return datetime.fromtimestamp(seconds, UTC)
