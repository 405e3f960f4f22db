"""Hands one batch over: intent, call, record, until none of its copies can be sent now.

No network call is made inside a transaction. Whatever happens between the intent and the record
leaves a row that says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.delivery import ledger, retry
from newsletter.delivery.composer import Composer, subscriber_of
from newsletter.delivery.ledger import Became
from newsletter.delivery.states import Event, LeaseLost
from newsletter.delivery.tables import Batch, Call
from newsletter.editions.edition import Edition, StoredMailing
from newsletter.mailing import Copy, Mailing
from newsletter.transports.base import (
    Outcome,
    Transport,
    TransportError,
    Unavailable,
    Verdict,
)
from subscribers import reach

logger = logging.getLogger(__name__)

EVENTS = {
    Verdict.ACCEPTED: Event.ACCEPTED,
    Verdict.REFUSED: Event.REFUSED,
    Verdict.DEFERRED: Event.DEFERRED,
    Verdict.IN_DOUBT: Event.DOUBTED,
}
# A worker that was frozen (a paused machine) must not hand over on a lease about to end.
LEASE_MARGIN = timedelta(seconds=60)


@dataclass
class _Pass:
    """How one pass through a batch went so far."""

    last_id: int = 0
    moved: bool = False  # the far side took something
    deferred: bool = False  # some of it must wait

    def note(self, results: Iterable[Became]) -> None:
        """Add the results of a call."""
        events = {result.event for result in results}
        self.moved |= Event.ACCEPTED in events
        self.deferred |= Event.DEFERRED in events


@dataclass
class Sender:
    """Sends batches of one newsletter through one transport."""

    database: Database
    transport: Transport
    composer: Composer
    clock: Clock
    lease: timedelta
    owner: str
    _mailings: dict[int, Mailing] = field(default_factory=dict)

    def send_batch(self, batch_id: int) -> None:
        """Hand over the copies of a batch that ``owner`` has claimed.

        Raises ``Misconfigured`` when a person must act; the batch is then given back untouched.
        A batch that is no longer ours is left alone.
        """
        with self.database.readers() as session:
            batch = session.get_one(Batch, batch_id)
            edition = session.get_one(Edition, batch.edition_id)
            stored = session.get_one(StoredMailing, batch.mailing_id)
        try:
            self._pass_over(batch, edition, stored)
        except LeaseLost:
            logger.warning("lease lost", extra={"batch": batch.id, "owner": self.owner})

    def _pass_over(self, batch: Batch, edition: Edition, stored: StoredMailing) -> None:
        """Go through the batch once, from its first reader to its last, and give it back."""
        went = _Pass()
        try:
            mailing = self._mailing(stored)
            while (taken := self._take(batch, edition, mailing, after_id=went.last_id)) is not None:
                call, copies = taken
                went.last_id = subscriber_of(copies[-1].ref)
                self._hand_over(batch, mailing, call, copies, went)
        except Unavailable as error:
            logger.warning("transport unavailable", extra={"batch": batch.id, "reason": str(error)})
            self._give_back(batch, pause=retry.pause_for_outage(error.retry_after, moved=went.moved))
        except LeaseLost:
            raise
        except BaseException:
            with suppress(LeaseLost):  # what is raised says more
                self._give_back(batch)
            raise
        else:
            deferrals = batch.deferrals + went.deferred
            pause = retry.pause_after(deferrals) if went.deferred else None
            gives_up = went.deferred and pause is None
            self._give_back(batch, pause=pause, deferrals=deferrals, gives_up=gives_up)

    def _take(
        self, batch: Batch, edition: Edition, mailing: Mailing, *, after_id: int
    ) -> tuple[Call, list[Copy]] | None:
        """Write the intent for the next copies after ``after_id``; None when there are no more."""
        now = self.clock()
        while True:
            with self.database.sessions.begin() as session:
                ids = ledger.sendable(session, batch, self.transport.copies_per_call, after_id=after_id)
                if not ids:
                    return None
                reached = reach(session, edition.newsletter, edition.day, ids)
                gone = {
                    id_: str(reached[id_].reason) if id_ in reached else "unknown"
                    for id_ in ids
                    if id_ not in reached or reached[id_].reason
                }
                ledger.withdraw(session, batch, gone)
                going = [id_ for id_ in ids if id_ not in gone]
                if not going:
                    continue
                call = ledger.open_call(
                    session, batch, going, transport=self.transport.name, now=now, lease=self.lease
                )
            lease_ends_at = now + self.lease
            copies = [self.composer.compose(mailing, edition.id, id_, reached[id_].address) for id_ in going]
            if self.clock() >= lease_ends_at - LEASE_MARGIN:
                with self.database.sessions.begin() as session:
                    back = [Became(id_, Event.RELEASED) for id_ in going]
                    ledger.record(session, batch, call, back, now=self.clock())
                raise LeaseLost(f"the lease of batch {batch.id} is about to end")
            return call, copies

    def _hand_over(self, batch: Batch, mailing: Mailing, call: Call, copies: list[Copy], went: _Pass) -> None:
        """Hand one call over and record it, whatever happens; note how it went."""
        missing = {copy.ref for copy in copies}
        results: list[Became] = []
        # Not every way a transport may end says what became of the rest: then nobody knows.
        rest, reply = Event.DOUBTED, "the transport gave no outcome"
        try:
            for outcome in self.transport.send(mailing, copies, call_id=call.key, lane=batch.lane):
                if outcome is None:
                    continue
                missing.discard(outcome.ref)
                results.append(_became(outcome))
        except TransportError as error:
            rest, reply = Event.RELEASED, str(error)
            raise
        except BaseException as error:
            reply = f"the hand-over broke off ({type(error).__name__})"
            raise
        finally:
            results += [Became(subscriber_of(ref), rest, reply=reply) for ref in missing]
            with self.database.sessions.begin() as session:
                ledger.record(session, batch, call, results, now=self.clock())
            went.note(results)

    def _give_back(
        self,
        batch: Batch,
        *,
        pause: timedelta | None = None,
        deferrals: int | None = None,
        gives_up: bool = False,
    ) -> None:
        now = self.clock()
        with self.database.sessions.begin() as session:
            ledger.release(
                session,
                batch,
                now=now,
                due_at=now + pause if pause else None,
                deferrals=deferrals,
                gives_up=gives_up,
            )

    def _mailing(self, stored: StoredMailing) -> Mailing:
        if stored.id not in self._mailings:
            self._mailings[stored.id] = Mailing.from_bytes(stored.content)
        return self._mailings[stored.id]


def _became(outcome: Outcome) -> Became:
    return Became(
        subscriber_id=subscriber_of(outcome.ref),
        event=EVENTS[outcome.verdict],
        provider_id=outcome.provider_id,
        reply=None if outcome.verdict is Verdict.ACCEPTED else outcome.reply or None,
    )
