"""All that is held about one person, editions and what came back of them included, as one document."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

import subscribers
from newsletter.delivery.tables import Call, Delivery
from newsletter.editions.edition import Edition
from newsletter.feedback import trail
from newsletter.feedback.tables import Feedback
from subscribers import Address, AddressHasher


def own_data(session: Session, hasher: AddressHasher, address: Address) -> dict[str, Any]:
    """Return what is held about whoever is behind ``address``, ready for JSON."""
    document = subscribers.own_data(session, hasher, address)
    person = subscribers.find(session, hasher, address)
    if person is None:
        return document
    return document | {
        "editions": _editions(session, person.id),
        "reading": trail.of_person(session, person.id),
    }


def _editions(session: Session, subscriber_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Edition, Delivery, Call.opened_at, Feedback)
        .join(Delivery, and_(Delivery.edition_id == Edition.id, Delivery.subscriber_id == subscriber_id))
        .outerjoin(Call, Call.id == Delivery.call_id)
        .outerjoin(Feedback, and_(Feedback.edition_id == Edition.id, Feedback.subscriber_id == subscriber_id))
        .order_by(Edition.id)
    )
    return [
        {
            "newsletter": edition.newsletter,
            "day": edition.day.isoformat(),
            "kind": edition.kind.value,
            "state": copy.state.value,
            "handed_over_at": sent_at.isoformat(timespec="seconds") if sent_at else None,
            "said": copy.reply,
            "came_back": back.kind.value if back else None,
            "came_back_at": back.at.isoformat(timespec="seconds") if back else None,
            "reason": back.reply if back else None,
        }
        for edition, copy, sent_at, back in rows
    ]
