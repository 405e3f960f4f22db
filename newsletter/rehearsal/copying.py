"""What a rehearsal needs of the real database: the people of one list, and which digests were sent.

Nobody's attributes, tags, consent or links are taken: the morning does not look at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, insert, select, type_coerce
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from subscribers import Subscriber, Subscription, Suppression

AT_ONCE = 5_000  # people copied in one step
LOOKED_BACK = timedelta(days=60)  # for digests that were sent; older ones are too old anyway

# The stage is SQLite, so its driver is spoken to directly: a million people go over in half a minute
# and not in two and a half. What is not copied is the same for all.
_PERSON = (
    "insert into subscriber (id, address, address_hash, domain, language, attributes, created_at) "
    "values (?, ?, ?, ?, ?, '{}', '2000-01-01 00:00:00.000000')"
)
_LISTED = (
    "insert into subscription (subscriber_id, status, cadence, paused_until, newsletter, tags, created_at) "
    "values (?, ?, ?, ?, ?, '[]', '2000-01-01 00:00:00.000000')"
)


def copy(session: Session, stage: Database, slug: str, day: date) -> None:
    """Copy what a morning needs from where ``session`` reads, some thousands at a time."""
    with stage.sessions.begin() as writing:
        if rows := [_sent_before(each) for each in _used(session, slug, day)]:
            writing.execute(insert(Edition), rows)
    for people in _people(session, slug):
        with stage.sessions.begin() as writing:
            connection = writing.connection()
            connection.exec_driver_sql(_PERSON, [row[:5] for row in people])
            connection.exec_driver_sql(
                _LISTED, [(row[0], row[5], row[6], _iso(row[7]), slug) for row in people]
            )
    for rows in _suppressions(session):
        with stage.sessions.begin() as writing:
            writing.execute(insert(Suppression), rows)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _used(session: Session, slug: str, day: date) -> Sequence[Edition]:
    """Return the editions of other days whose digests must not be taken again."""
    return session.scalars(
        select(Edition).where(
            Edition.newsletter == slug,
            Edition.used_hash.is_not(None),
            Edition.day != day,
            Edition.day >= day - LOOKED_BACK,
        )
    ).all()


def _sent_before(edition: Edition) -> dict[str, Any]:
    return {
        "newsletter": edition.newsletter,
        "day": edition.day,
        "kind": edition.kind,
        "serial": edition.serial,
        "state": State.FINISHED,
        "title": edition.title,
        "digest_key": edition.digest_key,
        "digest_hash": edition.digest_hash,
        "digest_day": edition.digest_day,
        "used_hash": edition.used_hash,
        "findings": [],
        "excluded": {},
        "created_at": edition.created_at,
        "frozen_at": edition.frozen_at,
        "finished_at": edition.finished_at or edition.frozen_at,
    }


def _people(session: Session, slug: str) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield the people on the list, some at a time: who they are, and how they are subscribed."""
    last = 0
    while True:
        rows = session.execute(
            select(
                Subscriber.id,
                Subscriber.address,
                Subscriber.address_hash,
                Subscriber.domain,
                Subscriber.language,
                type_coerce(Subscription.status, String),
                type_coerce(Subscription.cadence, String),
                Subscription.paused_until,
            )
            .join(Subscription, Subscription.subscriber_id == Subscriber.id)
            .where(Subscription.newsletter == slug, Subscription.subscriber_id > last)
            .order_by(Subscription.subscriber_id)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield [tuple(row) for row in rows]


def _suppressions(session: Session) -> Iterator[list[dict[str, Any]]]:
    last = 0
    while True:
        rows = session.execute(
            select(
                Suppression.id,
                Suppression.address_hash,
                Suppression.domain,
                Suppression.reason,
                Suppression.created_at,
            )
            .where(Suppression.id > last)
            .order_by(Suppression.id)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        yield [dict(row._mapping) for row in rows]
