"""The statements of a hand-over, built once: they run thousands of times a minute.

``calls`` gives them their values. On PostgreSQL a statement for many rows takes arrays; on SQLite it runs
once per row.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    Table,
    any_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.dml import ReturningUpdate

from newsletter.delivery.states import SENDABLE, BatchState, Event, State, after, before
from newsletter.delivery.tables import SENDING, Batch, Call, Delivery, Switch
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.lanes import Lane
from subscribers import Cadence, last_look

WRITTEN = (Event.ACCEPTED, Event.REFUSED, Event.DEFERRED, Event.DOUBTED, Event.RELEASED)
_DELIVERY = cast("Table", Delivery.__table__)
_BATCH = cast("Table", Batch.__table__)
_CALL = cast("Table", Call.__table__)


def _where(event: Event) -> ColumnElement[bool]:
    """Say from which states an event may happen, in full: an IN list is spelled anew each time."""
    return or_(*(_DELIVERY.c.state == state for state in before(event)))


RENEW = (
    update(_BATCH)
    .where(
        _BATCH.c.id == bindparam("batch_id"),
        _BATCH.c.owner == bindparam("by"),
        _BATCH.c.state == BatchState.CLAIMED,
        _BATCH.c.lease_ends_at > bindparam("at"),
    )
    .values(lease_ends_at=bindparam("ends_at"))
)
TAKE = (
    update(_DELIVERY)
    .where(
        _DELIVERY.c.edition_id == bindparam("edition"),
        _DELIVERY.c.subscriber_id.between(bindparam("first"), bindparam("last")),
        _DELIVERY.c.batch_number == bindparam("number"),
        _where(Event.TAKEN),
    )
    .values(state=after(Event.TAKEN), call_id=bindparam("call"))
)
# The copies one by one: where others write too, the range may hold one more by now.
TAKE_THESE = (
    update(_DELIVERY)
    .where(
        _DELIVERY.c.edition_id == bindparam("edition"),
        _DELIVERY.c.subscriber_id == any_(bindparam("ids", type_=ARRAY(BigInteger))),
        _DELIVERY.c.batch_number == bindparam("number"),
        _where(Event.TAKEN),
    )
    .values(state=after(Event.TAKEN), call_id=bindparam("call"))
)
# Whoever writes deliveries of a batch holds its row first, so that no two wait for each other.
LOCK_BATCH = select(_BATCH.c.id).where(_BATCH.c.id == bindparam("batch_id")).with_for_update()
_OPENED = ("key", "batch_id", "mailing_id", "transport", "copies", "opened_at")
OPEN_CALL = insert(_CALL).values({each: bindparam(each) for each in _OPENED}).returning(_CALL.c.id)
COUNT_COPIES = (
    update(_CALL).where(_CALL.c.id == bindparam("call")).values(copies=_CALL.c.copies + bindparam("more"))
)
CLOSE_CALL = (
    update(_CALL)
    .where(_CALL.c.id == bindparam("call"))
    .values(
        closed_at=bindparam("at"),
        provider_id=func.coalesce(bindparam("name", type_=String), _CALL.c.provider_id),
    )
)
COUNT_OUTCOMES = (
    update(_BATCH)
    .where(_BATCH.c.id == bindparam("batch_id"))
    .values(
        accepted=_BATCH.c.accepted + bindparam("more_accepted"),
        refused=_BATCH.c.refused + bindparam("more_refused"),
    )
)
ALL_OF_CALL = {
    event: update(_DELIVERY)
    .where(
        _DELIVERY.c.edition_id == bindparam("edition"),
        _DELIVERY.c.subscriber_id.between(bindparam("first"), bindparam("last")),
        _DELIVERY.c.call_id == bindparam("call"),
        _where(event),
    )
    .values(
        state=after(event),
        reply=bindparam("words", type_=String),
        provider_id=bindparam("name", type_=String),
    )
    for event in WRITTEN
}
EACH_OF_CALL = {
    event: update(_DELIVERY)
    .where(
        _DELIVERY.c.edition_id == bindparam("edition"),
        _DELIVERY.c.subscriber_id == bindparam("who"),
        _DELIVERY.c.call_id == bindparam("call"),
        _where(event),
    )
    .values(state=after(event), reply=bindparam("words"), provider_id=bindparam("name"))
    for event in WRITTEN
}
_GIVEN = (
    func.unnest(
        bindparam("ids", type_=ARRAY(BigInteger)),
        bindparam("names", type_=ARRAY(String)),
        bindparam("replies", type_=ARRAY(String)),
    )
    .table_valued("id", "name", "words")
    .render_derived(name="given")
)
MANY_OF_CALL = {
    event: update(_DELIVERY)
    .where(
        _DELIVERY.c.edition_id == bindparam("edition"),
        _DELIVERY.c.subscriber_id == _GIVEN.c.id,
        _DELIVERY.c.call_id == bindparam("call"),
        _where(event),
    )
    .values(state=after(event), provider_id=_GIVEN.c.name, reply=_GIVEN.c.words)
    for event in WRITTEN
}
WITHDRAW = (
    update(_DELIVERY)
    .where(
        _DELIVERY.c.edition_id == bindparam("edition"),
        _DELIVERY.c.subscriber_id == bindparam("who"),
        _where(Event.WITHDRAWN),
    )
    .values(state=after(Event.WITHDRAWN), reply=bindparam("words"))
)
_IN_BATCH = (
    _DELIVERY.c.edition_id == bindparam("edition"),
    _DELIVERY.c.subscriber_id.between(bindparam("first"), bindparam("last")),
    _DELIVERY.c.batch_number == bindparam("number"),
)
DOUBT_THE_REST = (
    update(_DELIVERY)
    .where(*_IN_BATCH, _DELIVERY.c.state == State.IN_FLIGHT)
    .values(state=after(Event.DOUBTED))
)
# What a worker still holds, and whether all of it is known to have ended: then nobody need look.
HELD = (
    select(_BATCH.c.deferrals, _BATCH.c.accepted + _BATCH.c.refused == _BATCH.c.size)
    .where(
        _BATCH.c.id == bindparam("batch_id"),
        _BATCH.c.owner == bindparam("by"),
        _BATCH.c.state == BatchState.CLAIMED,
    )
    .with_for_update()
)
GIVE_BACK = (
    update(_BATCH)
    .where(_BATCH.c.id == bindparam("batch_id"))
    .values(
        owner=None,
        lease_ends_at=None,
        walked_to=bindparam("to"),
        due_at=bindparam("at"),
        state=bindparam("becomes", type_=_BATCH.c.state.type),
        deferrals=bindparam("walks"),
        refused=_BATCH.c.refused + bindparam("more_refused"),
    )
)
# One look at a batch tells what is still in it.
LEFT = (
    select(_DELIVERY.c.state)
    .where(*_IN_BATCH, or_(*(_DELIVERY.c.state == state for state in (*SENDABLE, State.IN_FLIGHT))))
    .distinct()
)


@lru_cache(maxsize=64)
def claim(
    closed: frozenset[Lane], newsletters: frozenset[str] | None, *, of_edition: bool, one: bool
) -> ReturningUpdate[Any]:
    """Give the first batch that is due to an owner, whole; see ``ledger.claim``."""
    due = due_at(bindparam("now", type_=_BATCH.c.due_at.type))
    if closed:
        due = due.where(_BATCH.c.lane.not_in(sorted(closed)))
    if newsletters is not None:
        due = due.where(Edition.newsletter.in_(sorted(newsletters)))
    if of_edition:
        due = due.where(_BATCH.c.edition_id == bindparam("edition"))
    if one:
        due = due.where(_BATCH.c.id == bindparam("batch_id"))
    # PostgreSQL steps over a row that another worker is claiming; SQLite has one writer anyway.
    first = due.order_by(_BATCH.c.due_at, _BATCH.c.id).limit(1).with_for_update(skip_locked=True, of=_BATCH)
    return (
        update(_BATCH)
        .where(_BATCH.c.id == first.scalar_subquery(), _BATCH.c.state == BatchState.WAITING)
        .values(state=BatchState.CLAIMED, owner=bindparam("by"), lease_ends_at=bindparam("ends_at"))
        .returning(*_BATCH.c)
    )


def due_at(now: datetime | ColumnElement[datetime]) -> Select[int]:
    """Select the batches that may be sent at a moment."""
    return (
        select(_BATCH.c.id)
        .join(Edition, Edition.id == _BATCH.c.edition_id)
        .where(
            _BATCH.c.state == BatchState.WAITING,
            _BATCH.c.due_at <= now,
            Edition.state == EditionState.SENDING,
            or_(Edition.deliver_until.is_(None), Edition.deliver_until > now),
            ~exists().where(Switch.name == SENDING),
        )
    )


@lru_cache(maxsize=64)
def look(newsletter: str, day: date, to: tuple[Cadence, ...] | None) -> Select[Any]:
    """Select (subscriber, address, why not) of the next copies of a batch that may be handed over."""
    who = cast("ColumnElement[int]", _DELIVERY.c.subscriber_id)
    return (
        last_look(select(who), who, newsletter, day, to=to)
        .where(*_IN_BATCH, or_(*(_DELIVERY.c.state == state for state in SENDABLE)))
        .order_by(who)
        .limit(bindparam("most"))
    )
