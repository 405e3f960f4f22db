"""Who opened which edition and followed which of its links: kept only with ``reading = "people"``.

It is the one place where reading has a name. It goes after ``trail_days``, and at once when a person is
erased; whoever asks for their own data gets it. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from newsletter.editions.edition import Edition
from newsletter.feedback.tables import ReadTrail
from subscribers import Subscriber, bulk

AT_ONCE = 500


class Step(NamedTuple):
    """One reader opened an edition, or followed one of its links."""

    subscriber_id: int
    edition_id: int
    url_hash: bytes
    url: str | None
    at: datetime


def keep(session: Session, steps: Sequence[Step]) -> None:
    """Write down who read what; whoever was erased meanwhile leaves no trace."""
    known = _not_erased(session, {step.subscriber_id for step in steps})
    kept = [step for step in steps if step.subscriber_id in known]
    if kept:
        columns = zip(Step._fields, zip(*kept, strict=True), strict=True)
        bulk.insert(session, ReadTrail, {name: list(column) for name, column in columns}, bulk.give_way)


def _not_erased(session: Session, ids: Collection[int]) -> set[int]:
    every, found = sorted(ids), set[int]()
    for start in range(0, len(every), AT_ONCE):
        some = every[start : start + AT_ONCE]
        query = select(Subscriber.id).where(Subscriber.id.in_(some), Subscriber.address.is_not(None))
        found.update(session.scalars(query))
    return found


def of_person(session: Session, subscriber_id: int) -> list[dict[str, Any]]:
    """Return what a person read, as far as it is kept, ready for JSON."""
    rows = session.execute(
        select(ReadTrail.url, ReadTrail.at, Edition.newsletter, Edition.day)
        .join(Edition, Edition.id == ReadTrail.edition_id)
        .where(ReadTrail.subscriber_id == subscriber_id)
        .order_by(ReadTrail.at, ReadTrail.edition_id)
    )
    return [
        {
            "newsletter": newsletter,
            "day": day.isoformat(),
            "what": "clicked" if url else "opened",
            "url": url,
            "at": at.isoformat(timespec="seconds"),
        }
        for url, at, newsletter, day in rows
    ]


def forget_person(session: Session, subscriber_id: int) -> None:
    """Forget what a person read."""
    session.execute(delete(ReadTrail).where(ReadTrail.subscriber_id == subscriber_id))


def forget(session: Session, *, before: datetime) -> None:
    """Forget what is old, and what is left of people who were erased."""
    session.execute(delete(ReadTrail).where(ReadTrail.at < before))
    is_erased = exists().where(Subscriber.id == ReadTrail.subscriber_id, Subscriber.address.is_not(None))
    session.execute(delete(ReadTrail).where(~is_erased).execution_options(synchronize_session=False))
