"""The ledger's part for handing over: the intent written before, and what became of each copy after.

Written in pieces while a batch runs, so that a worker that dies leaves in doubt only what it took up
since its last piece. Every update says from which states it may start, so a word that comes twice or late
does nothing. The caller owns the transaction and makes no network call inside it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.engine import CursorResult, Result
from sqlalchemy.orm import Session

from newsletter.delivery import statements
from newsletter.delivery.states import Event, LeaseLost, after, before
from newsletter.delivery.tables import NAME_LENGTH, REPLY_LENGTH, Batch, Call, Delivery, told
from newsletter.transports.base import discreet
from subscribers import Cadence


class Became(NamedTuple):
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


def open_call(batch: Batch, *, transport: str, now: datetime) -> Call:
    """Begin an attempt to hand over copies of a batch: the name that providers will echo.

    It gets its row when it first takes up copies.
    """
    return Call(
        key=secrets.token_hex(16),
        batch_id=batch.id,
        mailing_id=batch.mailing_id,  # as the batch was claimed: what this worker hands over
        transport=transport,
        copies=0,
        opened_at=now,
    )


def take(
    session: Session,
    batch: Batch,
    call: Call,
    *,
    newsletter: str,
    day: date,
    to: tuple[Cadence, ...] | None = None,
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
    connection = session.connection()
    where = {"edition": batch.edition_id, "number": batch.number, "last": batch.last_subscriber_id}
    where |= {"first": max(batch.first_subscriber_id, after_id + 1), "most": limit + 1}
    looked: Sequence[Any] = connection.execute(statements.look(newsletter, day, to), where).all()
    is_last = len(looked) <= limit
    looked = looked if is_last else looked[:limit]
    gone = {id_: reason or "unknown" for id_, address, reason in looked if reason or not address}
    if gone:
        withdraw(session, batch, gone)
    readers = [(id_, address) for id_, address, _ in looked if id_ not in gone]
    if readers:
        _count_copies(session, call, len(readers))
        intent = {
            "edition": batch.edition_id,
            "first": readers[0][0],
            "last": readers[-1][0],
            "number": batch.number,
            "call": call.id,
        }
        if _is_postgres(session):
            ids = [id_ for id_, _ in readers]
            taken = connection.execute(statements.TAKE_THESE, intent | {"ids": ids})
        else:
            taken = connection.execute(statements.TAKE, intent)
        if touched(taken) != len(readers):
            raise LeaseLost(f"batch {batch.id} is no longer ours")
    return Taken(readers, looked[-1][0] if looked else after_id, is_last)


def _count_copies(session: Session, call: Call, more: int) -> None:
    """Write a call's row, or the number of copies it has now."""
    copies = call.copies + more
    connection = session.connection()
    if call.copies == 0:
        row = {"key": call.key, "batch_id": call.batch_id, "mailing_id": call.mailing_id}
        row |= {"transport": call.transport, "copies": copies, "opened_at": call.opened_at}
        call.id = connection.execute(statements.OPEN_CALL, row).scalar_one()
    else:
        connection.execute(statements.COUNT_COPIES, {"call": call.id, "more": more})
    call.copies = copies


def is_known(session: Session, call: Call) -> bool:
    """Say whether a call was committed."""
    return session.scalars(select(Call.id).where(Call.key == call.key)).first() is not None


def untake(session: Session, batch: Batch, call: Call, *, after_id: int) -> int:
    """Put back what a call took up behind ``after_id``, whose commit was made and its answer lost.

    Returns how many copies that is.
    """
    put_back = session.execute(
        update(Delivery)
        .where(
            *in_batch(batch),
            Delivery.subscriber_id > after_id,
            Delivery.call_id == call.id,
            Delivery.state.in_(before(Event.RELEASED)),
        )
        .values(state=after(Event.RELEASED))
        .execution_options(synchronize_session=False)
    )
    return touched(put_back)


def renew(session: Session, batch: Batch, *, now: datetime, lease: timedelta) -> None:
    """Hold on to a batch for another lease, or raise ``LeaseLost``."""
    ours = {"batch_id": batch.id, "by": batch.owner, "at": now, "ends_at": now + lease}
    if touched(session.connection().execute(statements.RENEW, ours)) != 1:
        raise LeaseLost(f"batch {batch.id} is no longer ours")


def withdraw(session: Session, batch: Batch, reasons: Mapping[int, str]) -> None:
    """Take back the copies of readers who are no longer to get them, with the reason."""
    session.connection().execute(
        statements.WITHDRAW,
        [
            {"edition": batch.edition_id, "who": id_, "words": told(reason, REPLY_LENGTH)}
            for id_, reason in reasons.items()
        ],
    )


def record(
    session: Session, batch: Batch, call: Call, results: Iterable[Became], *, now: datetime
) -> Mapping[Event, int]:
    """Write what became of copies of a call, in parts if need be; return what happened to how many."""
    connection = session.connection()
    if _is_postgres(session):  # SQLite has one writer, and it is us
        connection.execute(statements.LOCK_BATCH, {"batch_id": batch.id})
    results = results if isinstance(results, list) else list(results)
    alike = {result[1:] for result in results}
    if len(alike) == 1 and len(results) == call.copies:
        # All that the call took up, and all of it alike: one range says which.
        ((event, name, reply),) = alike
        shared = name if len(results) > 1 else None
        ids = [result[0] for result in results]
        span = {"edition": batch.edition_id, "call": call.id, "first": min(ids), "last": max(ids)}
        span |= {"name": told(None if shared else name, NAME_LENGTH), "words": _words(reply)}
        counts = {event: touched(connection.execute(statements.ALL_OF_CALL[event], span))}
    else:
        names = {name for _, name, _ in alike}
        # A provider that names the call as a whole names it once, in the call's row; a name that only
        # some copies have is theirs, and proves nothing of the others.
        shared = names.pop() if len(names) == 1 and len(results) > 1 else None
        rows: dict[Event, list[tuple[int, str | None, str | None]]] = {}
        for subscriber_id, event, provider_id, reply in results:
            own = None if provider_id == shared else told(provider_id, NAME_LENGTH)
            rows.setdefault(event, []).append((subscriber_id, own, _words(reply)))
        counts = {event: _write(session, batch, call, event, some) for event, some in rows.items()}
    name = told(shared, NAME_LENGTH)
    connection.execute(statements.CLOSE_CALL, {"call": call.id, "at": now, "name": name})
    accepted, refused = counts.get(Event.ACCEPTED, 0), counts.get(Event.REFUSED, 0)
    if accepted or refused:
        more = {"more_accepted": accepted, "more_refused": refused}
        connection.execute(statements.COUNT_OUTCOMES, {"batch_id": batch.id, **more})
    return counts


def in_batch(batch: Batch) -> tuple[ColumnElement[bool], ...]:
    """Say which deliveries are a batch's."""
    return (
        Delivery.edition_id == batch.edition_id,
        Delivery.subscriber_id >= batch.first_subscriber_id,
        Delivery.subscriber_id <= batch.last_subscriber_id,
        Delivery.batch_number == batch.number,
    )


def _words(reply: str | None) -> str | None:
    return told(discreet(reply), REPLY_LENGTH) if reply else None


def _write(
    session: Session, batch: Batch, call: Call, event: Event, rows: list[tuple[int, str | None, str | None]]
) -> int:
    """Let ``event`` happen to the copies in ``rows`` that it may happen to; return how many it was.

    A row is (subscriber, the provider's name for the copy, the reply).
    """
    which = {"edition": batch.edition_id, "call": call.id}
    connection = session.connection()
    if _is_postgres(session):
        ids, names, words = (list(column) for column in zip(*rows, strict=True))
        given = {"ids": ids, "names": names, "replies": words}
        return touched(connection.execute(statements.MANY_OF_CALL[event], which | given))
    each = [which | {"who": id_, "name": name, "words": words} for id_, name, words in rows]
    return touched(connection.execute(statements.EACH_OF_CALL[event], each))


def _is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def touched(result: Result[Any]) -> int:
    """Return how many rows a statement changed."""
    return cast("CursorResult[Any]", result).rowcount
