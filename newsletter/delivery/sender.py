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

    def send_batch(self, batch_id: int) -> None:
        """Hand over the copies of a batch that ``owner`` has claimed.

        Raises ``Misconfigured`` when a person must act; the batch is then given back untouched.
        A batch that is no longer ours is left alone.
        """
        with self.database.readers() as session:
            batch = session.get_one(Batch, batch_id)
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
            self._give_back(batch, due_at=self._after(retry.pause_for_outage(error.retry_after, moved=moved)))
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
            due_at = max((at for at in (went.next_at, self._after(pause)) if at), default=None)
            self._give_back(batch, due_at=due_at, deferrals=deferrals, gives_up=gives_up)

    def _after(self, pause: timedelta | None) -> datetime | None:
        return self.clock() + pause if pause else None

    def _give_back(
        self,
        batch: Batch,
        *,
        due_at: datetime | None = None,
        deferrals: int | None = None,
        gives_up: bool = False,
    ) -> None:
        with self.database.sessions.begin() as session:
            ledger.release(
                session, batch, now=self.clock(), due_at=due_at, deferrals=deferrals, gives_up=gives_up
            )

    def _mailing(self, mailing_id: int) -> Mailing:
        if mailing_id not in self._mailings:
            with self.database.readers() as session:
                stored = session.get_one(StoredMailing, mailing_id)
            self._mailings[mailing_id] = Mailing.from_bytes(stored.content)
        return self._mailings[mailing_id]
