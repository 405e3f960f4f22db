"""The far side of a rehearsal: encodes every copy to the bytes a server would get, and drops it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.clock import Clock
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing, ValueRefused
from newsletter.transports.base import Outcome, Verdict, whole
from newsletter.transports.mime import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large the copies are, in bytes on the wire."""

    copies: int = 0
    total: int = 0
    largest: int = 0

    @property
    def mean(self) -> int:
        """The size of one copy."""
        return round(self.total / self.copies) if self.copies else 0


class Sink:
    """A transport that makes every copy ready for the wire, measures it, and lets it go."""

    name = "rehearsal"
    copies_per_call = 1000
    streams = False

    def __init__(self, clock: Clock) -> None:
        self.sizes = Sizes()
        self.began_at: float | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._prepared: dict[str, Prepared] = {}

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Yield one outcome per copy: refused, with the reason, where it cannot be made."""
        with self._lock:
            self.began_at = self.began_at or time.monotonic()
            prepared = self._prepared.setdefault(mailing.fingerprint, Prepared(mailing))
        moment, sizes = self._clock(), []
        for copy in whole(copies):
            try:
                sizes.append(sum(map(len, prepared.pieces(copy, moment))))
            except ValueRefused as error:
                yield Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=str(error))
            else:
                yield Outcome(ref=copy.ref, verdict=Verdict.ACCEPTED)
        with self._lock:
            self.sizes = Sizes(
                copies=self.sizes.copies + len(sizes),
                total=self.sizes.total + sum(sizes),
                largest=max(self.sizes.largest, *sizes) if sizes else self.sizes.largest,
            )

    def close(self) -> None:
        """Do nothing: nothing is open."""
