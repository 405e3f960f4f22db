"""A person's timeline: what they agreed to, what was sent to them and what came of it, newest first.

By key: the copies of some editions, the acts between them. A page is some editions long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.states import State
from newsletter.delivery.tables import Call, Delivery, Notice
from newsletter.editions.edition import SENT, Edition
from subscribers import Consent, Event

EDITIONS = 30  # on one page
MOST_ACTS = 500
MOST_NOTICES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something they did, or that was done about them."""

    at: datetime
    event: Event
    newsletter: str
    origin: str
    wording: str | None
    ip: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A copy of an edition."""

    at: datetime  # when it was handed over; else when the edition began
    edition_id: int
    label: str
    subject: str | None
    state: State
    said: str | None  # by the far side, at the hand-over


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A mail to them alone: a confirmation, their link."""

    at: datetime
    purpose: str
    state: State
    said: str | None


Entry = Act | Sent | Noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One page of it. ``next`` is the edition from which the next page goes on; None: there is none."""

    entries: Sequence[Entry] = field(default_factory=tuple[Entry, ...])
    next: int | None = None


def timeline(
    session: Session,
    newsletter: str,
    subscriber_id: int,
    *,
    before: int | None = None,
    most: int = EDITIONS,
) -> Timeline:
    """Return a page of what happened to a person on one newsletter; ``before`` is a page's ``next``."""
    bound = session.get(Edition, before) if before is not None else None
    if bound is not None and bound.newsletter != newsletter:
        bound = None
    editions = _editions(session, newsletter, bound, most + 1)
    has_more, editions = len(editions) > most, editions[:most]
    newest = None if bound is None else _moment(bound)
    oldest = _moment(editions[-1]) if has_more else None
    entries = [
        *_within(_acts(session, newsletter, subscriber_id), newest, oldest),
        *_within(_notices(session, newsletter, subscriber_id), newest, oldest),
        *_copies(session, editions, subscriber_id),
    ]
    return Timeline(
        entries=tuple(sorted(entries, key=lambda entry: entry.at, reverse=True)),
        next=editions[-1].id if has_more else None,
    )


def _editions(session: Session, newsletter: str, bound: Edition | None, most: int) -> Sequence[Edition]:
    query = select(Edition).where(Edition.newsletter == newsletter, Edition.state.in_(SENT))
    if bound is not None:
        query = query.where(
            (Edition.day < bound.day) | ((Edition.day == bound.day) & (Edition.id < bound.id))
        )
    return session.scalars(query.order_by(Edition.day.desc(), Edition.id.desc()).limit(most)).all()


def _moment(edition: Edition) -> datetime:
    return edition.frozen_at or edition.created_at


def _within(entries: Iterator[Entry], newest: datetime | None, oldest: datetime | None) -> Iterator[Entry]:
    for entry in entries:
        if (newest is None or entry.at < newest) and (oldest is None or entry.at >= oldest):
            yield entry


def _copies(session: Session, editions: Sequence[Edition], subscriber_id: int) -> Iterator[Sent]:
    by_id: Mapping[int, Edition] = {edition.id: edition for edition in editions}
    rows = session.execute(
        select(Delivery.edition_id, Delivery.state, Delivery.reply, Call.opened_at)
        .outerjoin(Call, Call.id == Delivery.call_id)
        .where(Delivery.edition_id.in_(by_id), Delivery.subscriber_id == subscriber_id)
    )
    for edition_id, state, reply, opened_at in rows:
        edition = by_id[edition_id]
        yield Sent(
            at=opened_at or _moment(edition),
            edition_id=edition_id,
            label=edition.label,
            subject=edition.subject,
            state=state,
            said=reply,
        )


def _acts(session: Session, newsletter: str, subscriber_id: int) -> Iterator[Act]:
    rows = session.scalars(
        select(Consent)
        .where(Consent.subscriber_id == subscriber_id, Consent.newsletter == newsletter)
        .order_by(Consent.id.desc())
        .limit(MOST_ACTS)
    )
    for act in rows:
        yield Act(
            at=act.at,
            event=act.event,
            newsletter=act.newsletter,
            origin=act.origin,
            wording=act.wording,
            ip=act.ip,
        )


def _notices(session: Session, newsletter: str, subscriber_id: int) -> Iterator[Noted]:
    rows = session.execute(
        select(Notice.purpose, Notice.state, Notice.reply, Notice.due_at)
        .where(Notice.subscriber_id == subscriber_id, Notice.newsletter == newsletter)
        .order_by(Notice.id.desc())
        .limit(MOST_NOTICES)
    )
    for purpose, state, reply, due_at in rows:
        yield Noted(at=due_at.astimezone(UTC), purpose=purpose, state=state, said=reply)
