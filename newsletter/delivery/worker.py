"""A worker: claims what is due, hands it over, and stops when nothing is due now."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable

from newsletter.delivery import ledger
from newsletter.delivery.sender import Sender
from newsletter.editions.edition import Edition


def new_owner() -> str:
    """Return a name for this process that no other ever has."""
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"


def drain(
    sender: Sender,
    edition_id: int,
    *,
    sole_sender: bool = False,
    after_batch: Callable[[], None] | None = None,
) -> None:
    """Send the edition's batches that are due until none is, and close the edition when it is done.

    ``sole_sender`` says that every other owner is dead. ``after_batch`` is told of progress.
    Raises ``TransportError`` when a person must act.
    """
    with sender.database.sessions.begin() as session:
        ledger.reconcile(session, now=sender.clock(), sole_sender=sole_sender)
    while True:
        with sender.database.sessions.begin() as session:
            batch = ledger.claim(
                session, owner=sender.owner, now=sender.clock(), lease=sender.lease, edition_id=edition_id
            )
        if batch is None:
            break
        sender.send_batch(batch.id)
        if after_batch:
            after_batch()
    with sender.database.sessions.begin() as session:
        ledger.finish(session, session.get_one(Edition, edition_id), now=sender.clock())
