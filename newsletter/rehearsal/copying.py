"""What a rehearsal needs of the real database: the people of one list, and which digests were sent.

Nobody's attributes, tags, consent or links are taken: the morning does not look at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from subscribers import Subscriber, Subscription, Suppression

AT_ONCE = 5_000  # people copied in one step
LOOKED_BACK = timedelta(days=60)  # for digests that were sent; older ones are too old anyway

Row = dict[str, object]


def copy(session: Session, stage: Database, slug: str, day: date) -> None:
    """Copy what a morning needs from where ``session`` reads, some thousands at a time."""
    with stage.sessions.begin() as writing:
        _insert(writing, Edition, [_sent_before(each) for each in _used(session, slug, day)])
    for people, lists in _people(session, slug):
        with stage.sessions.begin() as writing:
            _insert(writing, Subscriber, people)
            _insert(writing, Subscription, lists)
    for rows in _suppressions(session):
        with stage.sessions.begin() as writing:
            _insert(writing, Suppression, rows)


def _insert(session: Session, table: type, rows: Sequence[Row]) -> None:
    if rows:
        session.execute(insert(table), rows)


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


def _sent_before(edition: Edition) -> Row:
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


def _people(session: Session, slug: str) -> Iterator[tuple[list[Row], list[Row]]]:
    """Yield the people on the list and their subscriptions, some at a time."""
    last = 0
    while True:
        rows = session.execute(
            select(
                Subscriber.id,
                Subscriber.address,
                Subscriber.address_hash,
                Subscriber.domain,
                Subscriber.language,
                Subscriber.created_at,
                Subscription.status,
                Subscription.cadence,
                Subscription.paused_until,
            )
            .join(Subscription, Subscription.subscriber_id == Subscriber.id)
            .where(Subscription.newsletter == slug, Subscription.subscriber_id > last)
            .order_by(Subscription.subscriber_id)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        people: list[Row] = [
            {
                "id": row.id,
                "address": row.address,
                "address_hash": row.address_hash,
                "domain": row.domain,
                "language": row.language,
                "attributes": {},
                "created_at": row.created_at,
            }
            for row in rows
        ]
        lists: list[Row] = [
            {
                "newsletter": slug,
                "subscriber_id": row.id,
                "status": row.status,
                "cadence": row.cadence,
                "paused_until": row.paused_until,
                "tags": [],
                "created_at": row.created_at,
            }
            for row in rows
        ]
        yield people, lists


def _suppressions(session: Session) -> Iterator[list[Row]]:
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
