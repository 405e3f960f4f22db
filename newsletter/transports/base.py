"""What every transport promises: one outcome per copy, or an error that says what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from newsletter.errors import NewsletterError
from newsletter.mailing import Copy, Mailing


class Verdict(StrEnum):
    """What the ledger acts on."""

    ACCEPTED = "accepted"  # the far side took it over
    REFUSED = "refused"  # the far side said no for good, about this copy
    DEFERRED = "deferred"  # not taken over now; the same copy may be tried again later
    IN_DOUBT = "in_doubt"  # it may or may not have been taken over; never resent by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one copy. ``verdict`` is the whole of what the ledger acts on."""

    ref: str  # our own name for the copy
    verdict: Verdict
    provider_id: str | None = None  # the name the provider's webhooks will use for it
    reply: str = ""  # the far side's own words, for the person who asks why


class TransportError(NewsletterError):
    """No copy of this call without an outcome was handed over. The subclass says what to do next."""


class Unavailable(TransportError):
    """The far side is down or full. Try the same call again later."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Misconfigured(TransportError):
    """A person must act (a wrong key, an unverified sender). Pause all sending and say so."""


class Transport(Protocol):
    """Hands one mailing to the outside world, many copies at a time."""

    name: str
    copies_per_call: int  # how many copies one intent covers, at most

    def send(self, mailing: Mailing, copies: Sequence[Copy], *, call_id: str) -> Iterator[Outcome]:
        """Yield one outcome per copy as soon as it is known, or raise ``TransportError``.

        ``call_id`` is our name for this attempt; a provider that echoes custom arguments in its
        events carries it, so that an event can settle the call.
        """
        ...

    def close(self) -> None:
        """Let go of connections. Sending again opens new ones."""
        ...
