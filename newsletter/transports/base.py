"""The contract of a transport: exactly one outcome for every copy, or an error naming the reaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from newsletter.errors import NewsletterError
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.replies import Meaning


class Verdict(StrEnum):
    """The four answers a hand-over can have."""

    ACCEPTED = "accepted"  # the far side took it over
    REFUSED = "refused"  # the far side said no for good, about this copy
    DEFERRED = "deferred"  # not taken over now; the same copy may be tried again later
    IN_DOUBT = "in_doubt"  # it may or may not have been taken over; never resent by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer for one copy. The ledger reads ``verdict``; the rest is kept for people and webhooks."""

    ref: str  # as in ``Copy.ref``
    verdict: Verdict
    provider_id: str | None = None  # what the provider calls this copy or its call
    reply: str = ""  # verbatim, at most 500 characters
    meaning: Meaning | None = None  # what a reply that is no acceptance says, where it can be told


class TransportError(NewsletterError):
    """The copies that have no outcome yet stayed with us. Which subclass it is tells how to react."""


class Unavailable(TransportError):
    """Nobody there, or no room: put the copies back and come again, not before ``retry_after``."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Misconfigured(TransportError):
    """Only a person can mend it (key, sender identity, quota). Stop sending altogether and tell them."""


# It begins where a word does; tried at every letter of a long word it would take long.
_ADDRESS = re.compile(r"(?<![^\s<>\"',])[^\s<>\"',]+@[^\s<>\"',]+")


def discreet(words: str) -> str:
    """Return the far side's words fit for an error, which names nobody's address."""
    return _ADDRESS.sub("…", words)


def whole(copies: Iterable[Copy | None]) -> list[Copy]:
    """Return all the copies of a call, for a transport that does not stream."""
    return [copy for copy in copies if copy is not None]


class Transport(Protocol):
    """The way out. One call takes one mailing and any number of its copies."""

    name: str
    copies_per_call: int  # how many copies one call may take, at most
    streams: bool  # takes the copies of a call one by one, as it gets room for them

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome | None]:
        """Yield one outcome per copy as soon as it is known, or raise ``TransportError``.

        A copy that was taken from ``copies`` counts as being handed over, so a transport that streams
        takes the next one only when it can begin with it. From ``copies`` it may get None: no copy may go
        at this moment, ask again a little later; and it yields None at least every 50 ms while it waits,
        so that the caller can write down what it has, renew its lease, or end ``copies`` early. A
        transport that does not stream takes all there are, is given no None, and yields none.

        ``call_id`` is our name for this attempt; a provider that echoes custom arguments in its events
        carries it, so that an event can settle the call. All copies of a call go to one ``lane``.
        """
        ...

    def close(self) -> None:
        """Let go of connections. Sending again opens new ones."""
        ...
