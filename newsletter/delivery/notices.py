"""The ledger's part for notices: one email to one person that belongs to no edition.

Same promise as for editions: a row before anything is sent, an intent before the call, and doubt that is
never resent by itself: an event about it settles it, or a person. The dedupe key makes a second notice for
the same occasion impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter.delivery.control import NothingToDo
from newsletter.delivery.states import SENDABLE, Event, State, after, before
from newsletter.delivery.tables import NAME_LENGTH, REPLY_LENGTH, Notice, told
from newsletter.mailing import Mailing
from newsletter.transports.base import discreet

OF_FENCE = "alarm_fence"  # the purpose of what says that a database looks like a copy: all else stays in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A notice to be written. Exactly one of ``subscriber_id`` and ``address`` says to whom."""

    purpose: str
    dedupe_key: str  # the same occasion has the same key
    mailing: Mailing
    newsletter: str | None = None
    subscriber_id: int | None = None
    address: str | None = None
    priority: int = 0  # higher goes first

    def __post_init__(self) -> None:
        if (self.subscriber_id is None) == (self.address is None):
            raise ValueError("a notice goes to a subscriber or to an address, to exactly one of them")


def post(session: Session, notice: Posted, *, now: datetime, due_at: datetime | None = None) -> bool:
    """Write a notice down; False when there already is one for the occasion."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    written = session.scalars(
        dialect.insert(Notice)
        .values(
            purpose=notice.purpose,
            dedupe_key=notice.dedupe_key,
            priority=notice.priority,
            newsletter=notice.newsletter,
            subscriber_id=notice.subscriber_id,
            address=notice.address,
            mailing=notice.mailing.to_bytes(),
            state=State.WAITING,
            due_at=due_at or now,
            deferrals=0,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Notice.dedupe_key])
        .returning(Notice.id)
    )
    return written.first() is not None


def take(
    session: Session,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    call: str | None = None,
    purpose: str | None = None,
) -> Sequence[Notice]:
    """Write the intent to send the next notices that are due, and return them.

    ``call`` is the name of the call that is to carry them, as an event will echo it. ``purpose`` admits
    no others.
    """
    due = (
        select(Notice.id)
        .where(Notice.state.in_(SENDABLE), Notice.due_at <= now)
        .order_by(Notice.priority.desc(), Notice.due_at, Notice.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if purpose is not None:
        due = due.where(Notice.purpose == purpose)
    taken = session.scalars(
        update(Notice)
        .where(Notice.id.in_(due), Notice.state.in_(before(Event.TAKEN)))
        .values(
            state=after(Event.TAKEN), owner=owner, lease_ends_at=now + lease, call_key=call, heard_at=None
        )
        .returning(Notice)
    ).all()
    return sorted(taken, key=lambda notice: (-notice.priority, notice.due_at, notice.id))


def record(
    session: Session,
    notice: Notice,
    event: Event,
    *,
    provider_id: str | None = None,
    reply: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Write what became of a notice; a late word from a worker that lost it is still believed."""
    session.execute(
        update(Notice)
        .where(Notice.id == notice.id, Notice.owner == notice.owner, Notice.state.in_(before(event)))
        .values(
            state=after(event),
            provider_id=told(provider_id, NAME_LENGTH),
            reply=told(discreet(reply or ""), REPLY_LENGTH),
            due_at=due_at or notice.due_at,
            deferrals=Notice.deferrals + int(event is Event.DEFERRED),
        )
    )


def reconcile(session: Session, *, now: datetime, sole_sender: bool = False) -> int:
    """Put in doubt what workers that died had taken; return how many."""
    dead = update(Notice).where(Notice.state == State.IN_FLIGHT)
    if not sole_sender:
        dead = dead.where(Notice.lease_ends_at <= now)
    result = session.execute(dead.values(state=after(Event.DOUBTED)))
    return cast("CursorResult[Any]", result).rowcount


# ---- doubt ----


def hear(session: Session, heard: Iterable[tuple[int, str | None]], *, now: datetime) -> None:
    """Note that the far side has spoken of these notices: (notice, the call it named).

    Without a call it was the notice's own signature that named it. What is not in doubt yet may come into
    it: ``settle_heard`` settles it then.
    """
    for notice_id, call in sorted(set(heard), key=lambda each: (each[0], each[1] or "")):
        named = [Notice.id == notice_id, Notice.heard_at.is_(None)]
        if call is not None:
            named.append(Notice.call_key == call)
        session.execute(
            update(Notice).where(*named).values(heard_at=now).execution_options(synchronize_session=False)
        )


def is_anything_heard(session: Session) -> bool:
    """Say whether a notice in doubt was heard of; changes nothing."""
    query = select(Notice.id).where(Notice.state == State.IN_DOUBT, Notice.heard_at.is_not(None))
    return session.scalar(query.limit(1)) is not None


def settle_heard(session: Session) -> int:
    """Take notices in doubt that were heard of for accepted; return how many."""
    result = session.execute(
        update(Notice)
        .where(Notice.state.in_(before(Event.PROVED)), Notice.heard_at.is_not(None))
        .values(state=after(Event.PROVED), reply=None)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", result).rowcount


def in_doubt(session: Session, *, limit: int) -> Sequence[Notice]:
    """Return the notices in doubt, the oldest first."""
    return session.scalars(
        select(Notice).where(Notice.state == State.IN_DOUBT).order_by(Notice.id).limit(limit)
    ).all()


def settle(session: Session, notice_id: int, *, because: str) -> None:
    """Take a notice in doubt for accepted, because a person found out, or raise ``NothingToDo``."""
    _decide(session, notice_id, Event.SETTLED, reply=told(f"settled by hand: {because}", REPLY_LENGTH))


def resend(session: Session, notice_id: int, *, now: datetime) -> None:
    """Send a notice in doubt again, at the risk that somebody has two, or raise ``NothingToDo``."""
    _decide(session, notice_id, Event.RESENT, reply=None, due_at=now, deferrals=0)


def _decide(session: Session, notice_id: int, event: Event, **values: Any) -> None:
    result = session.execute(
        update(Notice)
        .where(Notice.id == notice_id, Notice.state.in_(before(event)))
        .values(state=after(event), **values)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", result).rowcount != 1:
        raise NothingToDo(f"notice n{notice_id} is not in doubt")


def forget_address(session: Session, address: str) -> None:
    """Remove an address that a notice went to besides a person's own: they are being forgotten."""
    session.execute(update(Notice).where(Notice.address == address).values(address=None))


def counts(session: Session) -> dict[State, int]:
    """Count the notices by state."""
    rows = session.execute(select(Notice.state, func.count()).group_by(Notice.state))
    return {state: count for state, count in rows}  # noqa: C416 - rows, not pairs, to a type checker
