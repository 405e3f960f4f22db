"""The ledger: the only writer of batches, calls, deliveries and notices.

Each function is one step of claim → intent → hand over → record, and every update says in its WHERE
from which states it may start, so a step that comes twice or late does nothing. Times are aware UTC;
the caller owns the transaction and makes no network call inside it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, literal, or_, select, update
from sqlalchemy.engine import CursorResult, Result
from sqlalchemy.orm import Session

from newsletter.delivery import audience
from newsletter.delivery.states import SENDABLE, BatchState, Event, LeaseLost, State, after, before
from newsletter.delivery.tables import NAME_LENGTH, REPLY_LENGTH, Batch, Call, Delivery, StateCode, told
from newsletter.editions.edition import Edition, StoredMailing
from newsletter.editions.states import Happening
from newsletter.mailing import Mailing
from newsletter.transports.base import discreet
from subscribers import considered, excluded


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one delivery, as the ledger writes it."""

    subscriber_id: int
    event: Event  # ACCEPTED, REFUSED, DEFERRED, DOUBTED or RELEASED
    provider_id: str | None = None
    reply: str | None = None


def freeze(
    session: Session, edition: Edition, mailings: Mapping[str, Mailing], *, batch_size: int, now: datetime
) -> None:
    """Write down everyone who is owed the edition, once and for all, and let it go out.

    ``mailings`` are by language, the newsletter's own first. All or nothing: the caller's
    transaction must see one moment of the database (``Database.snapshot``).
    """
    edition.becomes(Happening.FROZEN)
    edition.frozen_at = now
    edition.used_hash = edition.digest_hash
    session.add(edition)
    session.flush()
    stored = [
        StoredMailing(
            edition_id=edition.id,
            language=language,
            fingerprint=mailing.fingerprint,
            content=mailing.to_bytes(),
        )
        for language, mailing in mailings.items()
    ]
    session.add_all(stored)
    session.flush()
    who = audience.numbered(
        edition.newsletter, edition.day, languages=list(mailings), batch_size=batch_size
    ).subquery()
    id_, number = who.c
    session.execute(
        insert(Delivery).from_select(
            ["edition_id", "subscriber_id", "batch_number", "state"],
            select(literal(edition.id), id_, number, literal(State.WAITING, StateCode)),
        )
    )
    _cut_batches(session, edition, stored, now)
    edition.considered = considered(session, edition.newsletter)
    edition.excluded = excluded(session, edition.newsletter, edition.day)
    session.flush()


def _cut_batches(session: Session, edition: Edition, stored: Sequence[StoredMailing], now: datetime) -> None:
    slices = session.execute(
        select(
            Delivery.batch_number,
            func.count(),
            func.min(Delivery.subscriber_id),
            func.max(Delivery.subscriber_id),
        )
        .where(Delivery.edition_id == edition.id)
        .group_by(Delivery.batch_number)
    ).all()
    rows = []
    # The first batches of every group come first, so that no lane waits for another to end.
    for number, size, first, last in sorted(slices, key=lambda row: (row[0] % audience.PER_GROUP, row[0])):
        index, lane = audience.group_of(number)
        rows.append(
            {
                "edition_id": edition.id,
                "number": number,
                "mailing_id": stored[index].id,
                "lane": lane,
                "size": size,
                "first_subscriber_id": first,
                "last_subscriber_id": last,
                "state": BatchState.WAITING,
                "due_at": now,
                "deferrals": 0,
            }
        )
    if rows:
        session.execute(insert(Batch), rows)


def claim(
    session: Session, *, owner: str, now: datetime, lease: timedelta, edition_id: int | None = None
) -> Batch | None:
    """Give ``owner`` the next batch that is due, for the length of a lease; None when none is."""
    due = select(Batch.id).where(Batch.state == BatchState.WAITING, Batch.due_at <= now)
    if edition_id is not None:
        due = due.where(Batch.edition_id == edition_id)
    # PostgreSQL steps over a row that another worker is claiming; SQLite has one writer anyway.
    first = due.order_by(Batch.due_at, Batch.id).limit(1).with_for_update(skip_locked=True)
    return session.scalars(
        update(Batch)
        .where(Batch.id == first.scalar_subquery(), Batch.state == BatchState.WAITING)
        .values(state=BatchState.CLAIMED, owner=owner, lease_ends_at=now + lease)
        .returning(Batch)
    ).one_or_none()


def sendable(session: Session, batch: Batch, limit: int, *, after_id: int = 0) -> list[int]:
    """Return the next subscribers of a batch after ``after_id`` whose copies may be handed over, by id."""
    return list(
        session.scalars(
            select(Delivery.subscriber_id)
            .where(*_in_batch(batch), Delivery.subscriber_id > after_id, Delivery.state.in_(SENDABLE))
            .order_by(Delivery.subscriber_id)
            .limit(limit)
        )
    )


def withdraw(session: Session, batch: Batch, reasons: Mapping[int, str]) -> None:
    """Take back the copies of readers who are no longer to get them, with the reason."""
    _write(
        session,
        batch,
        Event.WITHDRAWN,
        [{"_subscriber": id_, "_reply": reason, "_provider": None} for id_, reason in reasons.items()],
    )


def open_call(
    session: Session, batch: Batch, ids: Sequence[int], *, transport: str, now: datetime, lease: timedelta
) -> Call:
    """Write the intent to hand ``ids`` over and renew the lease. Raises ``LeaseLost``.

    Once this is committed the copies are never handed over a second time without evidence.
    """
    renewed = session.execute(
        update(Batch)
        .where(
            Batch.id == batch.id,
            Batch.owner == batch.owner,
            Batch.state == BatchState.CLAIMED,
            Batch.lease_ends_at > now,
        )
        .values(lease_ends_at=now + lease)
    )
    call = Call(
        key=secrets.token_hex(16), batch_id=batch.id, transport=transport, copies=len(ids), opened_at=now
    )
    session.add(call)
    session.flush()
    taken = session.execute(
        update(Delivery)
        .where(
            Delivery.edition_id == batch.edition_id,
            Delivery.subscriber_id.in_(ids),
            Delivery.state.in_(before(Event.TAKEN)),
        )
        .values(state=after(Event.TAKEN), call_id=call.id)
    )
    if _touched(renewed) != 1 or _touched(taken) != len(ids):
        raise LeaseLost(f"batch {batch.id} is no longer ours")
    return call


def record(session: Session, batch: Batch, call: Call, results: Iterable[Became], *, now: datetime) -> None:
    """Write what became of the copies of a call. May be done in parts, and late."""
    results = list(results)
    ids = {result.provider_id for result in results}
    # A provider that names the call as a whole names it once, in the call's row; a name that only
    # some copies have is theirs, and proves nothing of the others.
    shared = ids.pop() if len(ids) == 1 and len(results) > 1 else None
    for event in (Event.ACCEPTED, Event.REFUSED, Event.DEFERRED, Event.DOUBTED, Event.RELEASED):
        rows = [
            {
                "_subscriber": result.subscriber_id,
                "_provider": None if result.provider_id == shared else told(result.provider_id, NAME_LENGTH),
                "_reply": told(discreet(result.reply or ""), REPLY_LENGTH),
            }
            for result in results
            if result.event is event
        ]
        _write(session, batch, event, rows, call_id=call.id)
    session.execute(
        update(Call)
        .where(Call.id == call.id)
        .values(closed_at=now, provider_id=func.coalesce(told(shared, NAME_LENGTH), Call.provider_id))
    )


def release(
    session: Session,
    batch: Batch,
    *,
    now: datetime,
    due_at: datetime | None = None,
    deferrals: int | None = None,
    gives_up: bool = False,
) -> BatchState:
    """Give a batch back: done when none of its copies is open, otherwise due again at ``due_at``.

    ``deferrals`` is the new count of passes after which copies had to wait; with ``gives_up`` those
    that wait are refused, their last reply kept. Raises ``LeaseLost`` when the batch is no longer
    ours to give.
    """
    ours = session.scalars(
        select(Batch.id)
        .where(Batch.id == batch.id, Batch.owner == batch.owner, Batch.state == BatchState.CLAIMED)
        .with_for_update()
    ).one_or_none()
    if ours is None:
        raise LeaseLost(f"batch {batch.id} is no longer ours")
    # What has no outcome by now was perhaps handed over.
    session.execute(
        update(Delivery)
        .where(*_in_batch(batch), Delivery.state == State.IN_FLIGHT)
        .values(state=after(Event.DOUBTED))
    )
    if gives_up:
        said = literal(f"given up after {deferrals} tries: ") + func.coalesce(Delivery.reply, "")
        session.execute(
            update(Delivery)
            .where(*_in_batch(batch), Delivery.state.in_(before(Event.GIVEN_UP)))
            .values(state=after(Event.GIVEN_UP), reply=func.substr(said, 1, REPLY_LENGTH))
        )
    open_left = session.scalars(
        select(Delivery.subscriber_id).where(*_in_batch(batch), Delivery.state.in_(SENDABLE)).limit(1)
    ).first()
    state = BatchState.DONE if open_left is None else BatchState.WAITING
    values = {"state": state, "owner": None, "lease_ends_at": None, "due_at": due_at or now}
    if deferrals is not None:
        values["deferrals"] = deferrals
    session.execute(update(Batch).where(Batch.id == batch.id).values(values))
    return state


def reconcile(session: Session, *, now: datetime, sole_sender: bool = False) -> int:
    """Take batches back from workers that died; their copies in flight are in doubt from now on.

    A worker is dead when its lease has run out, or, for the ``sole_sender``, at once. Returns how many
    batches were taken back.
    """
    dead = select(Batch).where(Batch.state == BatchState.CLAIMED).with_for_update(skip_locked=True)
    if not sole_sender:
        dead = dead.where(Batch.lease_ends_at <= now)
    batches = session.scalars(dead).all()
    for batch in batches:
        release(session, batch, now=now)
    return len(batches)


def finish(session: Session, edition: Edition, *, now: datetime) -> bool:
    """Close an edition none of whose batches is open; say whether it is closed."""
    left = session.scalars(
        select(Batch.id).where(Batch.edition_id == edition.id, Batch.state != BatchState.DONE).limit(1)
    ).first()
    if left is not None:
        return False
    if edition.finished_at is None:
        edition.becomes(Happening.DRAINED)
        edition.finished_at = now
    return True


def _in_batch(batch: Batch) -> tuple:
    return (
        Delivery.edition_id == batch.edition_id,
        Delivery.subscriber_id >= batch.first_subscriber_id,
        Delivery.subscriber_id <= batch.last_subscriber_id,
        Delivery.batch_number == batch.number,
    )


def _write(
    session: Session, batch: Batch, event: Event, rows: list[dict], *, call_id: int | None = None
) -> None:
    """Let ``event`` happen to the copies in ``rows`` that it may happen to, in one bulk statement."""
    if not rows:
        return
    values = {"state": after(event), "reply": None, "provider_id": None}
    where = [Delivery.edition_id == batch.edition_id]
    if call_id is not None:
        where.append(Delivery.call_id == call_id)
    if all(row["_reply"] is None and row["_provider"] is None for row in rows):
        ids = [row["_subscriber"] for row in rows]
        where += [Delivery.subscriber_id.in_(ids), Delivery.state.in_(before(event))]
        session.execute(update(Delivery).where(*where).values(values))
        return
    # An IN list cannot be part of a statement that is run once per row.
    where += [
        Delivery.subscriber_id == bindparam("_subscriber"),
        or_(*(Delivery.state == state for state in before(event))),
    ]
    values |= {"reply": bindparam("_reply"), "provider_id": bindparam("_provider")}
    each = update(cast("Table", Delivery.__table__)).where(*where).values(values)
    session.connection().execute(each, rows)


def _touched(result: Result[Any]) -> int:
    return cast("CursorResult[Any]", result).rowcount
