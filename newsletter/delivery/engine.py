"""The engine: what wakes the workers of an installation.

An engine carries one thing, ``send_batch(batch_id)``, and decides nothing. The ledger is the truth: a batch
that is woken twice, late or never is claimed there once, or found there again by the reconciler. So an
engine may lose and repeat what it was given, and nobody gets two emails or none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy import make_url
from sqlalchemy.orm import Session

from newsletter.errors import ConfigError, NewsletterError


class EngineUnavailable(NewsletterError):
    """The engine's database did not answer. Nothing was changed; try again later."""


class Engine(Protocol):
    """Carries the ids of batches from where they are made to who sends them."""

    def install(self) -> None:
        """Make or renew what the engine keeps in the database; may be called by many at once."""
        ...

    def enqueue(self, session: Session, batch_ids: Sequence[int], *, due_at: datetime | None = None) -> None:
        """Ask for these batches to be worked at ``due_at``, or now: when the caller's transaction commits."""
        ...

    def run(self, work: Callable[[int], None], *, concurrency: int, stopping: threading.Event) -> None:
        """Call ``work`` with what is due, in ``concurrency`` threads, until ``stopping``.

        Returns when the calls in flight have returned: ``work`` watches the same event.
        """
        ...

    def sweep(self) -> int:
        """Forget what dead workers had taken up and what is long finished; return how many were stalled."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class ThreadsEngine:
    """For one machine: nothing is carried, because the worker's own loops look into the ledger."""

    def install(self) -> None:
        """Do nothing: nothing is kept."""

    def enqueue(self, session: Session, batch_ids: Sequence[int], *, due_at: datetime | None = None) -> None:
        """Do nothing: the row of the batch says that it waits."""

    def run(self, work: Callable[[int], None], *, concurrency: int, stopping: threading.Event) -> None:
        """Wait for the end: nothing arrives here."""
        stopping.wait()

    def sweep(self) -> int:
        """Return 0: leases run out by themselves."""
        return 0

    def close(self) -> None:
        """Do nothing: nothing is open."""


def engine_for(kind: Literal["threads", "procrastinate"], database_url: str) -> Engine:
    """Return the engine that ``sending.engine`` names; raise ``ConfigError`` when it cannot be had."""
    if kind == "threads":
        return ThreadsEngine()
    if make_url(database_url).get_backend_name() != "postgresql":
        raise ConfigError(
            'sending.engine: "procrastinate" lives in PostgreSQL; set database.url to postgresql://…, '
            'or sending.engine to "threads"'
        )
    try:
        from newsletter.delivery.cluster import ProcrastinateEngine
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'sending.engine: "procrastinate" needs {error.name}; install newsletter[cluster]'
        ) from error
    return ProcrastinateEngine(database_url)
