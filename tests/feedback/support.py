"""An edition that was handed over, a call of it, and events about its copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import ledger
from newsletter.delivery.states import State
from newsletter.delivery.tables import Call, Delivery
from newsletter.editions.edition import Edition
from newsletter.feedback.apply import Applied, apply
from newsletter.feedback.events import Event, Kind
from newsletter.feedback.rules import Rules
from newsletter.feedback.sendgrid import read_post
from newsletter.feedback.tables import Feedback
from newsletter.testing.event_webhook import wire
from newsletter.transports.base import Transport
from newsletter.transports.memory import MemoryTransport
from subscribers import Reason, Suppression
from tests.support import KEYS, SEVEN, HandClock, Reader, a_sender, frozen, readers

NOW = SEVEN + timedelta(minutes=10)
RULES = Rules()


def sent(
    database: Database,
    people: Iterable[Reader] | int = 5,
    *,
    transport: Transport | None = None,
    batch_size: int = 1000,
    clock: HandClock | None = None,
) -> Edition:
    """Freeze an edition for these people and hand it over."""
    people = readers(people) if isinstance(people, int) else people
    edition = frozen(database, people, batch_size=batch_size)
    hand_over(database, edition, transport or MemoryTransport(), clock)
    return edition


def hand_over(
    database: Database, edition: Edition, transport: Transport, clock: HandClock | None = None
) -> None:
    """Hand over what is due of an edition."""
    clock = clock or HandClock()
    sender = a_sender(database, transport, clock)
    while True:
        with database.sessions.begin() as session:
            batch = ledger.claim(
                session, owner="worker", now=clock(), lease=timedelta(minutes=3), edition_id=edition.id
            )
        if batch is None:
            return
        sender.send_batch(batch)


def call_of(database: Database, edition: Edition, subscriber_id: int) -> str:
    """Return the name of the call by which a copy went out last."""
    with database.readers() as session:
        return session.scalars(
            select(Call.key)
            .join(Delivery, Delivery.call_id == Call.id)
            .where(Delivery.edition_id == edition.id, Delivery.subscriber_id == subscriber_id)
        ).one()


def about(
    database: Database, edition: Edition, subscriber_id: int, told: dict[str, Any], **changes: Any
) -> dict[str, Any]:
    """Return an event of SendGrid's as it would be about one of our copies."""
    event = told | {
        "nl_ref": f"e{edition.id}-s{subscriber_id}",
        "nl_call": call_of(database, edition, subscriber_id),
        "email": f"r{subscriber_id}@example.com",
        "timestamp": int(NOW.timestamp()),
        "sg_event_id": f"{told['event']}-{edition.id}-{subscriber_id}",
    }
    return event | changes


def events_of(told: Sequence[dict[str, Any]], *, now: datetime = NOW) -> list[Event]:
    """Return what a post of these holds."""
    read = read_post(wire(told), received_at=now)
    assert read.odd == []
    return read.events


def take_effect(
    database: Database, events: Sequence[Event], *, rules: Rules = RULES, now: datetime = NOW
) -> Applied:
    """Let events take effect."""
    with database.sessions.begin() as session:
        return apply(session, events, provider="sendgrid", keys=KEYS, rules=rules, now=now)


def standing(database: Database) -> dict[int, Kind]:
    """Return where each reader's newest copy stands."""
    with database.readers() as session:
        rows = session.execute(select(Feedback.subscriber_id, Feedback.kind).order_by(Feedback.edition_id))
        return dict(rows.all())


def states(database: Database) -> dict[int, State]:
    """Return what became of each reader's copy."""
    with database.readers() as session:
        return dict(session.execute(select(Delivery.subscriber_id, Delivery.state)).all())


def suppressed(session: Session) -> dict[bytes, Reason]:
    """Return why each address is never mailed, by its hash."""
    rows = session.execute(select(Suppression.address_hash, Suppression.reason))
    return {bytes(digest): reason for digest, reason in rows if digest}
