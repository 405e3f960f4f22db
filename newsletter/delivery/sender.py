"""Sends one claimed batch: a pass over its copies, and then the batch is given back."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.delivery import ledger, retry
from newsletter.delivery.composer import Composer
from newsletter.delivery.handover import HandOver
from newsletter.delivery.pacer import Pacer
from newsletter.delivery.states import LeaseLost
from newsletter.delivery.stopping import Stopping
from newsletter.delivery.tables import Batch
from newsletter.editions.edition import Edition, StoredMailing
from newsletter.mailing import Mailing
from newsletter.transports.base import Transport, Unavailable

logger = logging.getLogger(__name__)

MAILINGS_KEPT = 8


@dataclass
class Sender:
    """Sends batches of one newsletter through one transport. Threads may share it."""

    database: Database
    transport: Transport
    composer: Composer
    clock: Clock
    lease: timedelta
    owner: str
    pacer: Pacer = field(default_factory=Pacer)
    stopping: Stopping = field(default_factory=Stopping)
    _mailings: dict[int, Mailing] = field(default_factory=dict)

    def send_batch(self, batch: Batch) -> None:
        """Hand over the copies of a batch, as it was claimed.

        Raises ``Misconfigured`` when a person must act; the batch is then given back untouched.
        A batch that is no longer ours is left alone.
        """
        with self.database.readers() as session:
            edition = session.get_one(Edition, batch.edition_id)
        try:
            self._pass_over(batch, edition)
        except LeaseLost:
            logger.warning("lease lost", extra={"batch": batch.id, "owner": self.owner})

    def _pass_over(self, batch: Batch, edition: Edition) -> None:
        """Go through the batch once, from its first reader to its last, and give it back."""
        went: HandOver | None = None
        try:
            went = HandOver(
                database=self.database,
                transport=self.transport,
                composer=self.composer,
                pacer=self.pacer,
                stopping=self.stopping,
                clock=self.clock,
                lease=self.lease,
                batch=batch,
                edition=edition,
                mailing=self._mailing(batch.mailing_id),
            )
            went.run()
        except Unavailable as error:
            logger.warning("transport unavailable", extra={"batch": batch.id, "reason": str(error)})
            moved = went is not None and went.moved
            pause = retry.pause_for_outage(error.retry_after, moved=moved)
            self._give_back(batch, went, due_at=self.clock() + pause)
        except LeaseLost:
            raise
        except BaseException:
            with suppress(LeaseLost):  # what is raised says more
                self._give_back(batch, went)
            raise
        else:
            self._give_back(batch, went, due_at=went.next_at)

    def _give_back(self, batch: Batch, went: HandOver | None, *, due_at: datetime | None = None) -> None:
        walked_to = batch.walked_to if went is None else went.walked_to
        with self.database.sessions.begin() as session:
            ledger.release(session, batch, now=self.clock(), due_at=due_at, walked_to=walked_to)

    def _mailing(self, mailing_id: int) -> Mailing:
        if mailing_id not in self._mailings:
            with self.database.readers() as session:
                stored = session.get_one(StoredMailing, mailing_id)
            if len(self._mailings) >= MAILINGS_KEPT:
                self._mailings.clear()
            self._mailings[mailing_id] = Mailing.from_bytes(stored.content)
        return self._mailings[mailing_id]
