"""What happens to many people of one list at once: the same transitions and the same evidence as for one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from subscribers.consent import Consent
from subscribers.lasting import Fact, Lasting, remember
from subscribers.states import TRANSITIONS, Event, Status
from subscribers.store import Evidence
from subscribers.subscriber import Subscriber, Subscription


def leave_all(
    session: Session, newsletter: str, ids: Collection[int], *, evidence: Evidence, now: datetime
) -> list[int]:
    """Take people off a list; return those who had not left before. Twice is the same as once."""
    may = [
        status
        for (status, event), to in TRANSITIONS.items()
        if event is Event.LEFT and to is Status.LEFT and status is not Status.LEFT
    ]
    leaving = session.scalars(
        select(Subscription.subscriber_id)
        .where(
            Subscription.newsletter == newsletter,
            Subscription.subscriber_id.in_(ids),
            Subscription.status.in_(may),
        )
        .order_by(Subscription.subscriber_id)
        .with_for_update()
    ).all()
    if not leaving:
        return []
    session.execute(
        update(Subscription)
        .where(Subscription.newsletter == newsletter, Subscription.subscriber_id.in_(leaving))
        .values(status=Status.LEFT, left_at=func.coalesce(Subscription.left_at, now))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        insert(Consent),
        [
            {
                "subscriber_id": id_,
                "newsletter": newsletter,
                "event": Event.LEFT,
                "at": now,
                "origin": evidence.origin,
                "wording": evidence.wording,
                "language": evidence.language,
                "ip": evidence.ip,
                "user_agent": evidence.user_agent,
            }
            for id_ in leaving
        ],
    )
    for id_, digest in session.execute(
        select(Subscriber.id, Subscriber.address_hash).where(Subscriber.id.in_(leaving))
    ):
        about = {"newsletter": newsletter, "id": id_, "hash": digest.hex()}
        remember(session, Fact(what=Lasting.LEFT, at=now, about=about))
    return list(leaving)
