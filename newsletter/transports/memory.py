"""The memory transport: keeps every copy in a list, and does as it is told.

It works like any other transport, so tests and rehearsals use it in place of a provider::

    transport = MemoryTransport({"r3": Verdict.REFUSED, "r5": Unavailable("closed for lunch")})

Copies are kept unfilled, so ten thousand of them cost little.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.lanes import Lane
from newsletter.mailing import Copy, Filled, Mailing, ValueRefused, addr_spec
from newsletter.transports.base import Outcome, TransportError, Verdict, whole

Order = Verdict | TransportError


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One copy that was handed over."""

    mailing: Mailing
    copy: Copy
    call_id: str

    @property
    def filled(self) -> Filled:
        """What the reader would see."""
        return self.mailing.fill(self.copy)


class MemoryTransport:
    """Accepts every copy, except where ``orders`` says otherwise for a ref.

    An order is a verdict, or an error to raise when that copy's turn comes; a list of orders is
    followed one attempt at a time, and after its end the copy is accepted. A copy in doubt *is*
    kept: the answer was lost, not the copy.
    """

    name = "memory"
    copies_per_call = 1000
    streams = False

    def __init__(self, orders: Mapping[str, Order | Sequence[Order]] | None = None) -> None:
        self.kept: list[Kept] = []
        self._orders: dict[str, list[Order] | Order] = {
            ref: list(order) if isinstance(order, Sequence) and not isinstance(order, str) else order
            for ref, order in (orders or {}).items()
        }
        self._lock = threading.Lock()

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Yield one outcome per copy; keep those accepted or in doubt."""
        for copy in whole(copies):
            try:
                addr_spec(copy.address)
                mailing.fill(copy)
            except ValueRefused as error:
                yield Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=str(error))
                continue
            order = self._order(copy.ref)
            if isinstance(order, TransportError):
                raise order
            if order in (Verdict.ACCEPTED, Verdict.IN_DOUBT):
                with self._lock:
                    self.kept.append(Kept(mailing=mailing, copy=copy, call_id=call_id))
                    number = len(self.kept)
                accepted = order is Verdict.ACCEPTED
                yield Outcome(
                    ref=copy.ref, verdict=order, provider_id=f"memory-{number}" if accepted else None
                )
            else:
                yield Outcome(ref=copy.ref, verdict=order, reply="as ordered")

    def _order(self, ref: str) -> Order:
        with self._lock:
            order = self._orders.get(ref, Verdict.ACCEPTED)
            if not isinstance(order, list):
                return order
            return order.pop(0) if order else Verdict.ACCEPTED

    def close(self) -> None:
        """Keep what there is: there is nothing to let go of."""
