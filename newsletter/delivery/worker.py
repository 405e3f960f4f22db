"""Sends what is due, several batches at once, until nothing is due now."""

from __future__ import annotations

import gc
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.delivery import control, ledger
from newsletter.delivery.engine import Engine, ThreadsEngine
from newsletter.delivery.pacer import Pacer
from newsletter.delivery.patience import patiently
from newsletter.delivery.sender import Sender
from newsletter.delivery.stopping import Stopping
from newsletter.delivery.tables import Batch
from newsletter.editions.edition import Edition
from newsletter.editions.states import State

FORGOTTEN_AFTER = timedelta(minutes=1)  # a batch that is due and that the engine has not come for
TIDY_EVERY = 2.0  # seconds between two looks for dead workers, editions at their end, and too much refused


def new_owner() -> str:
    """Return a name for this process that no other ever has."""
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"


@cache
def spare_the_collector() -> None:
    """Keep what is loaded by now out of every look for garbage, once for the life of the process.

    Copies come and go by the thousand, which makes the collector look often; a third of the ledger's time
    went into its looking through modules that are here to stay.
    """
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much of an edition may be refused before it is paused."""

    percent: float = 100
    after_outcomes: int = 200


@dataclass
class Courier:
    """Claims batches of all newsletters and has them sent by ``threads`` threads at once.

    ``on_paused`` is told (once per pause, by whoever made it) that too much of an edition is refused. What
    it writes into the session is committed with the pause: there is never one without the other.
    """

    database: Database
    senders: Mapping[str, Sender]  # by newsletter
    clock: Clock
    lease: timedelta
    owner: str
    threads: int = 1
    pacer: Pacer = field(default_factory=Pacer)
    stopping: Stopping = field(default_factory=Stopping)
    engine: Engine = field(default_factory=ThreadsEngine)
    limit: Limit = field(default_factory=Limit)
    on_paused: Callable[[Session, Edition], None] = lambda _session, _edition: None
    _tidied_at: float = 0.0

    def send_due(
        self,
        *,
        edition_id: int | None = None,
        sole_sender: bool = False,
        after_batch: Callable[[], None] | None = None,
    ) -> int:
        """Send what is due until nothing is, or until told to stop; return how many batches that were.

        ``sole_sender`` says that every other owner is dead. ``after_batch`` is told of progress. Raises
        ``TransportError`` when a person must act; batches that are being sent by then end first.
        """
        spare_the_collector()
        self.tidy(sole_sender=sole_sender)
        sent = 0
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(self.threads, thread_name_prefix="batch") as pool:
            try:
                while True:
                    batch = None
                    if len(running) < self.threads and not self.stopping.is_set():
                        batch = self._claim(edition_id=edition_id)
                    if batch is not None:
                        running.add(pool.submit(self._send, *batch))
                    elif not running:
                        break
                    if batch is None or len(running) == self.threads:
                        ended, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                        for future in ended:
                            future.result()
                            sent += 1
                        if ended:
                            self._check_refusals()
                    if after_batch:
                        after_batch()
                    if time.monotonic() - self._tidied_at >= TIDY_EVERY:
                        self.tidy()
            finally:
                # Whatever was raised: those still sending write down how they end.
                for future in running:
                    future.exception()
        self.tidy()
        return sent

    def send_one(self, batch_id: int) -> bool:
        """Send one batch, if it is due and nobody else has it; say whether we did."""
        spare_the_collector()
        batch = self._claim(batch_id=batch_id)
        was_ours = batch is not None
        # A job is only a wake: others may have been used up while their lane was closed.
        while batch is not None:
            self._send(*batch)
            self._check_refusals()
            batch = None if self.stopping.is_set() else self._claim()
        if was_ours:
            self.finish()
        return was_ours

    def is_due(self) -> bool:
        """Say whether there is a batch to send, or one to take back, while none is being sent by us."""
        now = self.clock()
        with self.database.readers() as session:
            return ledger.is_due(
                session, now=now, newsletters=list(self.senders), one_sends=self.database.is_sqlite
            )

    def wake(self, session: Session, *, edition_id: int | None = None) -> int:
        """Tell the engine of batches that wait and that it may not know; return how many.

        A freeze asks for its own edition only: its snapshot may not touch rows that others change.

        What it was told long ago and has not come for was lost: the engine keeps no promise, we do.
        """
        now = self.clock()
        ids = ledger.unknown_to_engine(
            session, now=now, forgotten_after=FORGOTTEN_AFTER, edition_id=edition_id
        )
        if ids:
            self.engine.enqueue(session, ids)
        return len(ids)

    def tidy(self, *, sole_sender: bool = False) -> None:
        """Take back what dead workers held, end what is at its end, and pause what is refused too much."""
        self._tidied_at = time.monotonic()
        patiently(lambda _: self._tidied(sole_sender), self.stopping)

    def _tidied(self, sole_sender: bool) -> None:
        now = self.clock()
        with self.database.sessions.begin() as session:
            ledger.reconcile(session, now=now, sole_sender=sole_sender)
            control.expire(session, now=now)
            control.end_cancelled(session)
        self._check_refusals()
        self.finish()

    def finish(self) -> None:
        """Close the editions of which nothing is left."""
        with self.database.readers() as session:
            drained = ledger.drained(session)
        if drained:
            with self.database.sessions.begin() as session:
                for edition_id in drained:
                    edition = session.get_one(Edition, edition_id, with_for_update=True)
                    ledger.finish(session, edition, now=self.clock())

    def _check_refusals(self) -> None:
        with self.database.sessions.begin() as session:
            for edition in session.scalars(select(Edition).where(Edition.state == State.SENDING)):
                because = control.over_limit(
                    session,
                    edition,
                    percent=self.limit.percent,
                    after_outcomes=self.limit.after_outcomes,
                )
                if because:
                    session.refresh(edition, with_for_update=True)
                    if edition.state is State.SENDING:
                        control.pause(session, edition, because=because)
                        self.on_paused(session, edition)

    def _claim(
        self, *, edition_id: int | None = None, batch_id: int | None = None
    ) -> tuple[str, Batch] | None:
        """Claim a batch that is due; return (newsletter, batch)."""
        now = self.clock()
        with self.database.sessions.begin() as session:
            batch = ledger.claim(
                session,
                # Of its own for every claim: a lease that ran out is lost, even to ourselves.
                owner=f"{self.owner}-{secrets.token_hex(4)}",
                now=now,
                lease=self.lease,
                edition_id=edition_id,
                batch_id=batch_id,
                newsletters=list(self.senders),
                closed=self.pacer.closed(session, now),
            )
            if batch is None:
                return None
            return session.get_one(Edition, batch.edition_id).newsletter, batch

    def _send(self, newsletter: str, batch: Batch) -> None:
        self.senders[newsletter].send_batch(batch)


def drain(
    sender: Sender,
    edition_id: int,
    *,
    sole_sender: bool = False,
    after_batch: Callable[[], None] | None = None,
    threads: int = 1,
) -> None:
    """Send the edition's batches that are due until none is, and close the edition when it is done.

    ``sole_sender`` says that every other owner is dead. ``after_batch`` is told of progress.
    Raises ``TransportError`` when a person must act.
    """
    with sender.database.readers() as session:
        newsletter = session.get_one(Edition, edition_id).newsletter
    courier_of({newsletter: sender}, threads=threads).send_due(
        edition_id=edition_id, sole_sender=sole_sender, after_batch=after_batch
    )


def courier_of(senders: Mapping[str, Sender], *, threads: int = 1, limit: Limit | None = None) -> Courier:
    """Return a courier for senders that share a database, a clock, a pace and an owner."""
    one = next(iter(senders.values()))
    return Courier(
        database=one.database,
        senders=senders,
        clock=one.clock,
        lease=one.lease,
        owner=one.owner,
        threads=threads,
        pacer=one.pacer,
        stopping=one.stopping,
        limit=limit or Limit(),
    )
