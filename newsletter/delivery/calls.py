"""The ledger's part for handing over: the intent written before, and what became of each copy after.

Written in pieces while a batch runs, so that a worker that dies leaves in doubt only what it took up
since its last piece. Every update says from which states it may start, so a word that comes twice or late
does nothing. The caller owns the transaction and makes no network call inside it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    Table,
    any_,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import CursorResult, Result
from sqlalchemy.orm import Session

from newsletter.delivery.states import SENDABLE, BatchState, Event, LeaseLost, after, before
from newsletter.delivery.tables import NAME_LENGTH, REPLY_LENGTH, Batch, Call, Delivery, told
from newsletter.transports.base import discreet
from subscribers import last_look

_WRITTEN = (Event.ACCEPTED, Event.REFUSED, Event.DEFERRED, Event.DOUBTED, Event.RELEASED)


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one delivery, as the ledger writes it."""

    subscriber_id: int
    event: Event  # ACCEPTED, REFUSED, DEFERRED, DOUBTED or RELEASED
    provider_id: str | None = None
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The copies of one intent: (subscriber, address), in order."""

    readers: Sequence[tuple[int, str]]
    last_id: int  # how far in the batch they reach, those withdrawn included
    is_last: bool  # the batch holds nothing behind them that can be sent now


def open_call(session: Session, batch: Batch, *, transport: str, now: datetime) -> Call:
    """Begin an attempt to hand over copies of a batch: the name that providers will echo."""
    call = Call(key=secrets.token_hex(16), batch_id=batch.id, transport=transport, copies=0, opened_at=now)
    session.add(call)
    session.flush()
    return call


def take(
    session: Session,
    batch: Batch,
    call: Call,
    *,
    newsletter: str,
    day: date,
    after_id: int,
    limit: int,
    now: datetime,
    lease: timedelta,
) -> Taken:
    """Write the intent to hand over the next copies after ``after_id``, and renew the lease.

    Readers who are no longer to get theirs are withdrawn, with the reason. Once this is committed the
    copies are never handed over a second time without evidence. Raises ``LeaseLost``.
    """
    renew(session, batch, now=now, lease=lease)
    found = session.execute(
        last_look(select(Delivery.subscriber_id), Delivery.subscriber_id, newsletter, day)
        .where(
            *in_batch(batch),
            Delivery.subscriber_id > after_id,
            or_(*(Delivery.state == state for state in SENDABLE)),
        )
        .order_by(Delivery.subscriber_id)
        .limit(limit + 1)
    ).all()
    is_last = len(found) <= limit
    looked: list[tuple[int, str | None, str | None]] = [tuple(row) for row in found[:limit]]
    gone = {id_: reason or "unknown" for id_, address, reason in looked if reason or not address}
    if gone:
        withdraw(session, batch, gone)
    readers = [(id_, address or "") for id_, address, _ in looked if id_ not in gone]
    if readers:
        taken = session.execute(
            update(Delivery)
            .where(
                Delivery.edition_id == batch.edition_id,
                Delivery.subscriber_id.between(readers[0][0], readers[-1][0]),
                Delivery.batch_number == batch.number,
                Delivery.state.in_(before(Event.TAKEN)),
            )
            .values(state=after(Event.TAKEN), call_id=call.id)
        )
        if touched(taken) != len(readers):
            raise LeaseLost(f"batch {batch.id} is no longer ours")
        session.execute(update(Call).where(Call.id == call.id).values(copies=Call.copies + len(readers)))
    return Taken(readers, looked[-1][0] if looked else after_id, is_last)


def untake(session: Session, batch: Batch, call: Call, *, after_id: int) -> None:
    """Put back what a call took up behind ``after_id``: its commit was made, and its answer was lost."""
    session.execute(
        update(Delivery)
        .where(
            *in_batch(batch),
            Delivery.subscriber_id > after_id,
            Delivery.call_id == call.id,
            Delivery.state.in_(before(Event.RELEASED)),
        )
        .values(state=after(Event.RELEASED))
    )


def renew(session: Session, batch: Batch, *, now: datetime, lease: timedelta) -> None:
    """Hold on to a batch for another lease, or raise ``LeaseLost``."""
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
    if touched(renewed) != 1:
        raise LeaseLost(f"batch {batch.id} is no longer ours")


def withdraw(session: Session, batch: Batch, reasons: Mapping[int, str]) -> None:
    """Take back the copies of readers who are no longer to get them, with the reason."""
    rows = [(id_, None, told(reason, REPLY_LENGTH)) for id_, reason in reasons.items()]
    _write(session, batch, Event.WITHDRAWN, rows)


def record(session: Session, batch: Batch, call: Call, results: Iterable[Became], *, now: datetime) -> None:
    """Write what became of copies of a call. May be done in parts, and late."""
    results = list(results)
    ids = {result.provider_id for result in results}
    # A provider that names the call as a whole names it once, in the call's row; a name that only
    # some copies have is theirs, and proves nothing of the others.
    shared = ids.pop() if len(ids) == 1 and len(results) > 1 else None
    counts: dict[Event, int] = {}
    for event in _WRITTEN:
        rows = [
            (
                result.subscriber_id,
                None if result.provider_id == shared else told(result.provider_id, NAME_LENGTH),
                told(discreet(result.reply), REPLY_LENGTH) if result.reply else None,
            )
            for result in results
            if result.event is event
        ]
        counts[event] = _write(session, batch, event, rows, call_id=call.id) if rows else 0
    session.execute(
        update(Call)
        .where(Call.id == call.id)
        .values(closed_at=now, provider_id=func.coalesce(told(shared, NAME_LENGTH), Call.provider_id))
    )
    if counts[Event.ACCEPTED] or counts[Event.REFUSED]:
        session.execute(
            update(Batch)
            .where(Batch.id == batch.id)
            .values(
                accepted=Batch.accepted + counts[Event.ACCEPTED],
                refused=Batch.refused + counts[Event.REFUSED],
            )
        )


def in_batch(batch: Batch) -> tuple[ColumnElement[bool], ...]:
    """Say which deliveries are a batch's."""
    return (
        Delivery.edition_id == batch.edition_id,
        Delivery.subscriber_id >= batch.first_subscriber_id,
        Delivery.subscriber_id <= batch.last_subscriber_id,
        Delivery.batch_number == batch.number,
    )


def _write(
    session: Session,
    batch: Batch,
    event: Event,
    rows: Sequence[tuple[int, str | None, str | None]],
    *,
    call_id: int | None = None,
) -> int:
    """Let ``event`` happen to the copies in ``rows`` that it may happen to; return how many it was.

    A row is (subscriber, the provider's name for the copy, the reply).
    """
    where = [Delivery.edition_id == batch.edition_id]
    if call_id is not None:
        where.append(Delivery.call_id == call_id)
    is_plain = not any(provider or reply for _, provider, reply in rows)
    on_postgres = session.get_bind().dialect.name == "postgresql"
    if is_plain:
        state = Delivery.state.in_(before(event))
        plain = update(Delivery).where(*where, _one_of([row[0] for row in rows], on_postgres), state)
        return touched(session.execute(plain.values(state=after(event), reply=None, provider_id=None)))
    if on_postgres:
        return _write_arrays(session, event, where, rows)
    where += [
        Delivery.subscriber_id == bindparam("_subscriber"),
        # An IN list cannot be part of a statement that is run once per row.
        or_(*(Delivery.state == state for state in before(event))),
    ]
    each = update(cast("Table", Delivery.__table__)).where(*where)
    values = {"reply": bindparam("_reply"), "provider_id": bindparam("_provider"), "state": after(event)}
    given = [{"_subscriber": id_, "_provider": provider, "_reply": reply} for id_, provider, reply in rows]
    return touched(session.connection().execute(each.values(values), given))


def _one_of(ids: Sequence[int], on_postgres: bool) -> ColumnElement[bool]:
    """Say that a delivery is one of many subscribers', in one parameter."""
    if on_postgres:
        return Delivery.subscriber_id == any_(literal(ids, ARRAY(BigInteger)))
    values = func.json_each(literal(json.dumps(ids), String)).table_valued("value")
    return Delivery.subscriber_id.in_(select(values.c.value))


def _write_arrays(
    session: Session,
    event: Event,
    where: list[ColumnElement[bool]],
    rows: Sequence[tuple[int, str | None, str | None]],
) -> int:
    """Write rows that differ by one statement over arrays: a row at a time is several times slower."""
    ids, providers, replies = (list(column) for column in zip(*rows, strict=True))
    given = (
        func.unnest(
            literal(ids, ARRAY(BigInteger)),
            literal(providers, ARRAY(String)),
            literal(replies, ARRAY(String)),
        )
        .table_valued("id", "provider", "reply")
        .render_derived(name="given")
    )
    several = (
        update(Delivery)
        .where(*where, Delivery.subscriber_id == given.c.id, Delivery.state.in_(before(event)))
        .values(state=after(event), provider_id=given.c.provider, reply=given.c.reply)
        .execution_options(synchronize_session=False)
    )
    return touched(session.execute(several))


def touched(result: Result[Any]) -> int:
    """Return how many rows a statement changed."""
    return cast("CursorResult[Any]", result).rowcount
