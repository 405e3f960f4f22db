"""Who is owed an edition, as SQL: one expression decides, for all who ask.

``reason`` is NULL for a person who is owed the edition and otherwise names why not. The audience,
the exclusions and the last look before handing over all read the same expression, so
considered = owed + excluded holds by construction.

``to`` are the cadences that an edition is for; None: those that are due on its day, as a daily edition
is. ``among`` are the only people who come into question, as for a correction; None: all on the list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, exists, func, null, or_, select
from sqlalchemy.orm import Session

from subscribers.states import Status
from subscribers.subscriber import Cadence, Subscriber, Subscription
from subscribers.suppression import Suppression

SATURDAY = 5


class Exclusion(StrEnum):
    """Why a person on the list is not owed an edition."""

    PENDING = "pending"
    LEFT = "left"
    ERASED = "erased"
    SUPPRESSED = "suppressed"
    PAUSED = "paused"
    CADENCE = "cadence"  # not a day they asked for


@dataclass(frozen=True, slots=True)
class Reach:
    """The last look at one reader: where to, in which language, or why no longer."""

    address: str
    language: str | None
    reason: Exclusion | None


def _due(day: date) -> tuple[Cadence, ...]:
    return (Cadence.DAILY,) if day.weekday() >= SATURDAY else (Cadence.DAILY, Cadence.WEEKDAYS)


def _reason(day: date, to: Collection[Cadence] | None = None) -> ColumnElement[str | None]:
    suppressed = or_(
        exists().where(Suppression.address_hash == Subscriber.address_hash),
        exists().where(Suppression.domain == Subscriber.domain),
    )
    return case(
        (Subscription.status == Status.PENDING, Exclusion.PENDING.value),
        (Subscription.status == Status.LEFT, Exclusion.LEFT.value),
        (Subscriber.address.is_(None), Exclusion.ERASED.value),
        (suppressed, Exclusion.SUPPRESSED.value),
        (Subscription.paused_until > day, Exclusion.PAUSED.value),
        (Subscription.cadence.not_in(_due(day) if to is None else tuple(to)), Exclusion.CADENCE.value),
        else_=null(),
    )


def eligible(
    newsletter: str,
    day: date,
    *,
    to: Collection[Cadence] | None = None,
    among: Select[int] | None = None,
) -> Select[int, str | None, str | None]:
    """Select (id, language, domain) of everyone owed the edition of ``day``."""
    who = (
        select(Subscriber.id, Subscriber.language, Subscriber.domain)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.newsletter == newsletter, _reason(day, to).is_(None))
    )
    return who if among is None else who.where(Subscriber.id.in_(among))


def excluded(
    session: Session,
    newsletter: str,
    day: date,
    *,
    to: Collection[Cadence] | None = None,
    among: Select[int] | None = None,
    owed: Select[int] | None = None,
) -> dict[str, int]:
    """Count those who are not owed the edition of ``day``, by ``Exclusion``.

    ``owed`` are those who are, where that is written down already: nobody of them is judged again.
    """
    reason = _reason(day, to).label("reason")
    query = (
        select(reason, func.count())
        .select_from(Subscription)
        .join(Subscriber, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.newsletter == newsletter, reason.is_not(None))
        .group_by(reason)
    )
    if among is not None:
        query = query.where(Subscriber.id.in_(among))
    if owed is not None:
        written = owed.subquery()
        query = query.where(~exists().where(written.c[0] == Subscription.subscriber_id))
    counts = {str(why): count for why, count in session.execute(query)}
    if among is not None and (unlisted := _unlisted(session, newsletter, among)):
        counts[Exclusion.LEFT] = counts.get(Exclusion.LEFT, 0) + unlisted
    return counts


def _unlisted(session: Session, newsletter: str, among: Select[int]) -> int:
    """Count those of ``among`` whose subscription is gone altogether."""
    who = among.subquery()
    listed = exists().where(Subscription.newsletter == newsletter, Subscription.subscriber_id == who.c[0])
    return session.scalar(select(func.count()).select_from(who).where(~listed)) or 0


def considered(session: Session, newsletter: str) -> int:
    """Count everyone on the newsletter's list, whatever their status."""
    count = select(func.count()).select_from(Subscription).where(Subscription.newsletter == newsletter)
    return session.scalar(count) or 0


def has_readers(session: Session, newsletter: str, cadence: Cadence) -> bool:
    """Say whether anybody who gets mail at all has asked for a cadence."""
    wished = select(Subscription.subscriber_id).where(
        Subscription.newsletter == newsletter,
        Subscription.status == Status.ACTIVE,
        Subscription.cadence == cadence,
    )
    return session.scalars(wished.limit(1)).first() is not None


def reach(session: Session, newsletter: str, day: date, ids: Iterable[int]) -> Mapping[int, Reach]:
    """Look once more at ``ids``, just before handing over; an id that is gone altogether is missing."""
    rows = session.execute(
        select(Subscriber.id, Subscriber.address, Subscriber.language, _reason(day))
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.newsletter == newsletter, Subscriber.id.in_(list(ids)))
    )
    return {
        id_: Reach(address or "", language, Exclusion(reason) if reason else None)
        for id_, address, language, reason in rows
    }


def last_look(
    query: Select[*tuple[Any, ...]],
    who: SQLColumnExpression[int],
    newsletter: str,
    day: date,
    *,
    to: Collection[Cadence] | None = None,
) -> Select[Any]:
    """Add (address, reason) of the person ``who`` to a query: the last look before handing over.

    ``reason`` is why they are no longer owed the edition of ``day``; an unknown person has no address.
    """
    listed = and_(Subscription.subscriber_id == who, Subscription.newsletter == newsletter)
    unlisted = (Subscription.subscriber_id.is_(None), Exclusion.LEFT.value)
    return (
        query.add_columns(Subscriber.address, case(unlisted, else_=_reason(day, to)))
        .outerjoin(Subscriber, Subscriber.id == who)
        .outerjoin(Subscription, listed)
    )


def languages(
    session: Session,
    newsletter: str,
    day: date,
    *,
    to: Collection[Cadence] | None = None,
    among: Select[int] | None = None,
) -> set[str | None]:
    """Return the languages the audience of ``day`` reads; None stands for the newsletter's own."""
    who = eligible(newsletter, day, to=to, among=among).subquery()
    return set(session.scalars(select(who.c.language).distinct()))
