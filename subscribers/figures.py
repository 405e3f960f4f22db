"""How many of those who asked have confirmed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import distinct, exists, func, select
from sqlalchemy.orm import Session, aliased

from subscribers.consent import Consent
from subscribers.states import Event


def confirmations(session: Session, newsletter: str, *, since: datetime, until: datetime) -> tuple[int, int]:
    """Return how many people asked in a span of time, and how many of them have confirmed since.

    Whoever did not confirm is forgotten after some time, so a span that is older says too much.
    """
    later = aliased(Consent)
    asked = (
        select(func.count(distinct(Consent.subscriber_id)))
        .select_from(Consent)
        .where(
            Consent.newsletter == newsletter,
            Consent.event == Event.ASKED,
            Consent.at >= since,
            Consent.at < until,
        )
    )
    confirmed = exists().where(
        later.subscriber_id == Consent.subscriber_id,
        later.newsletter == newsletter,
        later.event == Event.CONFIRMED,
        later.at >= Consent.at,
    )
    return session.scalar(asked) or 0, session.scalar(asked.where(confirmed)) or 0
