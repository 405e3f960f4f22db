"""The ledger's part for what comes back: doubt is settled by evidence, and by nothing else.

A request is accepted or refused as a whole, so an event about any copy of a call shows that all of it
was accepted. An event about a copy of a call that went out in parts shows it of that copy alone. Silence
shows nothing. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from newsletter.delivery import statements
from newsletter.delivery.calls import in_batch, touched
from newsletter.delivery.states import BatchState, Event, after, before
from newsletter.delivery.tables import REPLY_LENGTH, Batch, Call, Delivery, told

DOUBTED = before(Event.PROVED)
AT_ONCE = 500  # names in one statement
LOOKBACK = timedelta(days=8)  # providers try for three days, and a person may take a while


@dataclass(frozen=True, slots=True)
class Question:
    """A call that is over and left copies in doubt."""

    call: Call
    batch: Batch
    subscriber_ids: Sequence[int]


def calls_named(session: Session, keys: Collection[str]) -> dict[str, int]:
    """Return which of these names are those of calls of ours, with the calls' ids."""
    found: dict[str, int] = {}
    for some in _parts(sorted(keys)):
        found.update(session.execute(select(Call.key, Call.id).where(Call.key.in_(some))).all())
    return found


def hear(session: Session, call_ids: Collection[int], *, now: datetime) -> None:
    """Note that the far side has spoken of these calls, each as a whole."""
    for some in _parts(sorted(call_ids)):
        session.execute(
            update(Call)
            .where(Call.id.in_(some), Call.heard_at.is_(None))
            .values(heard_at=now)
            .execution_options(synchronize_session=False)
        )


def settle_heard(session: Session, *, now: datetime, only: Collection[int] | None = None) -> int:
    """Take all copies in doubt of calls that were heard of for accepted; return how many."""
    settled = 0
    for call, batch in _over(session, since=now - LOOKBACK, is_heard=True):
        if only is not None and call.id not in only:
            continue
        settled += _prove(session, batch, [Delivery.call_id == call.id])
        call.settled_at = now
    session.flush()
    return settled


def questions(session: Session, *, now: datetime) -> Iterator[Question]:
    """Yield the calls that left copies in doubt and were not heard of; the others are closed for good."""
    for call, batch in _over(session, since=now - LOOKBACK, is_heard=False):
        ids = _doubted(session, call, batch)
        if ids:
            yield Question(call, batch, ids)
        else:
            call.settled_at = now
    session.flush()


def doubtful(session: Session) -> Iterator[Question]:
    """Yield every call that left copies in doubt which nothing has settled, the oldest first."""
    for call, batch in _over(session, since=None):
        if ids := _doubted(session, call, batch):
            yield Question(call, batch, ids)


def _doubted(session: Session, call: Call, batch: Batch) -> Sequence[int]:
    return session.scalars(
        select(Delivery.subscriber_id)
        .where(*in_batch(batch), Delivery.call_id == call.id, Delivery.state.in_(DOUBTED))
        .order_by(Delivery.subscriber_id)
    ).all()


def settle_copies(session: Session, batch: Batch, subscriber_ids: Collection[int]) -> int:
    """Take these copies of a batch, as far as they are in doubt, for accepted; return how many."""
    return sum(
        _prove(session, batch, [Delivery.subscriber_id.in_(some)]) for some in _parts(sorted(subscriber_ids))
    )


def give_back(session: Session, returned: Mapping[tuple[int, int], tuple[int, str | None]]) -> int:
    """Refuse copies that the far side took and then dropped for a reason that is ours; return how many.

    By (edition, subscriber): the call that the event named, and the far side's words. A copy that has
    gone out by another call since is left as it is.
    """
    count = 0
    for (edition_id, subscriber_id), (call_id, reply) in sorted(returned.items()):
        number = session.scalar(
            select(Delivery.batch_number).where(
                Delivery.edition_id == edition_id,
                Delivery.subscriber_id == subscriber_id,
                Delivery.call_id == call_id,
                Delivery.state.in_(before(Event.RETURNED)),
            )
        )
        if number is None:
            continue
        batch = session.scalars(
            select(Batch).where(Batch.edition_id == edition_id, Batch.number == number).with_for_update()
        ).one()
        changed = session.execute(
            update(Delivery)
            .where(
                *in_batch(batch),
                Delivery.subscriber_id == subscriber_id,
                Delivery.call_id == call_id,
                Delivery.state.in_(before(Event.RETURNED)),
            )
            .values(state=after(Event.RETURNED), reply=told(reply, REPLY_LENGTH))
            .execution_options(synchronize_session=False)
        )
        if touched(changed):
            more = {"more_accepted": -1, "more_refused": 1}
            session.execute(statements.COUNT_OUTCOMES, {"batch_id": batch.id, **more})
            count += 1
    return count


def _over(
    session: Session, *, since: datetime | None, is_heard: bool | None = None
) -> Sequence[tuple[Call, Batch]]:
    """Return the calls that are over and may have left something in doubt."""
    newer = aliased(Call)
    query = (
        select(Call, Batch)
        .join(Batch, Batch.id == Call.batch_id)
        .where(
            Call.settled_at.is_(None),
            # While its worker waits for the answer it is the worker's to say.
            or_(
                Batch.state != BatchState.CLAIMED,
                exists().where(newer.batch_id == Call.batch_id, newer.id > Call.id),
            ),
        )
        .order_by(Call.id)
    )
    if since is not None:
        query = query.where(Call.opened_at > since)
    if is_heard is not None:
        query = query.where(Call.heard_at.is_not(None) if is_heard else Call.heard_at.is_(None))
    return session.execute(query).all()


def _prove(session: Session, batch: Batch, which: Sequence[object]) -> int:
    session.execute(statements.LOCK_BATCH, {"batch_id": batch.id})
    proved = session.execute(
        update(Delivery)
        .where(*in_batch(batch), *which, Delivery.state.in_(DOUBTED))  # type: ignore[arg-type]  # clauses
        .values(state=after(Event.PROVED), reply=None)
        .execution_options(synchronize_session=False)
    )
    count = touched(proved)
    if count:
        more = {"more_accepted": count, "more_refused": 0}
        session.execute(statements.COUNT_OUTCOMES, {"batch_id": batch.id, **more})
    return count


def _parts(names: Sequence[object]) -> Iterator[Sequence[object]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]


def is_anything_heard(session: Session, *, now: datetime) -> bool:
    """Say whether a call was heard of that is still to be settled; changes nothing."""
    query = select(Call.id).where(
        Call.settled_at.is_(None), Call.heard_at.is_not(None), Call.opened_at > now - LOOKBACK
    )
    return session.scalars(query.limit(1)).first() is not None
