"""What a conversation works on, how long it waits, and what it asks of the call it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from newsletter.lanes import Lane
from newsletter.mailing import Copy
from newsletter.transports.base import Misconfigured, Outcome
from newsletter.transports.smtp_connection import Connection
from newsletter.transports.smtp_replies import Reply, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long each step may take (RFC 5321, 4.5.3.2)."""

    command: timedelta = timedelta(minutes=5)  # MAIL, RCPT and the like
    data: timedelta = timedelta(minutes=2)
    block: timedelta = timedelta(minutes=3)  # until the server takes more of a message
    dot: timedelta = timedelta(minutes=10)
    goodbye: timedelta = timedelta(seconds=5)


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A copy in our hands, as it goes over the wire."""

    copy: Copy
    pieces: list[bytes]
    size: int
    sender: bytes  # what it is sent from, in its envelope
    losses: int = 0  # connections that were lost over it
    refused: tuple[Step, Reply] | None = None
    is_settled: bool = False


class Call(Protocol):
    """Where jobs come from and go to."""

    lane: Lane

    def next_job(self, connection: Connection) -> Job | None:
        """Return what to begin with now, if anything."""
        ...

    def settled(self, connection: Connection, outcome: Outcome) -> None:
        """Take the outcome of a job."""
        ...

    def put_back(self, job: Job, *, why: str, is_its_fault: bool) -> None:
        """Take back a job of which nothing was handed over."""
        ...

    def lost(self, connection: Connection, *, counts: bool) -> None:
        """Hear that a connection is gone, and whether its server is to blame."""
        ...

    def must_stop(self, error: Misconfigured) -> None:
        """Hear that nothing can be sent until a person acts."""
        ...
