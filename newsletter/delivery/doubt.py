"""The copies in doubt, for the person who is to settle them: whose they are, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.control import Chosen
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.edition import Edition
from newsletter.lanes import Lane
from subscribers import Subscriber, mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One copy that may or may not have been taken over."""

    subscriber_id: int
    address: str | None  # masked; None: they are erased
    lane: Lane
    reply: str | None
    since: datetime | None  # when the attempt began


def in_doubt(session: Session, edition: Edition, chosen: Chosen, *, limit: int) -> Sequence[Doubt]:
    """Return the first copies in doubt, by subscriber. Only the lane and the subscriber are looked at."""
    query = (
        select(Delivery.subscriber_id, Subscriber.address, Batch.lane, Delivery.reply, Call.opened_at)
        .join(Batch, (Batch.edition_id == Delivery.edition_id) & (Batch.number == Delivery.batch_number))
        .outerjoin(Call, Call.id == Delivery.call_id)
        .outerjoin(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.edition_id == edition.id, Delivery.state == State.IN_DOUBT)
        .order_by(Delivery.subscriber_id)
        .limit(limit)
    )
    if chosen.lane is not None:
        query = query.where(Batch.lane == chosen.lane)
    if chosen.subscriber_id is not None:
        query = query.where(Delivery.subscriber_id == chosen.subscriber_id)
    return [
        Doubt(
            subscriber_id=id_,
            address=mask(address) if address else None,
            lane=lane,
            reply=reply,
            since=opened_at,
        )
        for id_, address, lane, reply, opened_at in session.execute(query)
    ]
