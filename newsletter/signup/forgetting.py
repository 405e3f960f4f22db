"""What is not kept: people who never confirmed, within 30 days of being asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

import subscribers
from newsletter.keys import Keys
from newsletter.signup import requests
from subscribers import Address, Consent, Event, Evidence, Status, Subscriber, Subscription

UNCONFIRMED_FOR = timedelta(days=30)
AT_ONCE = 1000
ERASED = "erasure"  # the origin that ``subscribers.erase`` leaves behind


def forget_unconfirmed(session: Session, keys: Keys, *, now: datetime) -> bool:
    """Forget up to ``AT_ONCE`` people who never confirmed; say whether there may be more.

    Whoever had left before somebody asked for them again is left again, and whoever had been
    forgotten is forgotten again: it was not they who asked. The newest of all waits for the next to
    come.
    """
    before = now - UNCONFIRMED_FOR
    newest = session.scalars(select(Subscriber).order_by(Subscriber.id.desc()).limit(1)).one_or_none()
    # SQLite gives the highest number again once it is gone, and old links name people by it.
    upto = min(before, newest.created_at) if newest else before
    forgotten = subscribers.forget_unconfirmed(session, before=upto, limit=AT_ONCE)
    left = _leave_again(session, keys, before=before, now=now)
    requests.forget(session, before=before)
    return AT_ONCE in (forgotten, left)


def _leave_again(session: Session, keys: Keys, *, before: datetime, now: datetime) -> int:
    asked_lately = exists().where(
        Consent.subscriber_id == Subscription.subscriber_id,
        Consent.newsletter == Subscription.newsletter,
        Consent.event == Event.ASKED,
        Consent.at >= before,
    )
    waiting = session.scalars(
        select(Subscription)
        .where(
            Subscription.status == Status.PENDING,
            Subscription.left_at.is_not(None),
            ~asked_lately,
        )
        .limit(AT_ONCE)
    ).all()
    for listed in waiting:
        acts = subscribers.history(session, listed.subscriber_id)
        gone = [act for act in acts if act.newsletter == listed.newsletter and act.event is Event.LEFT]
        subscribers.happen(
            session, listed, Event.LEFT, evidence=Evidence(origin="not confirmed in time"), now=now
        )
        person = session.get_one(Subscriber, listed.subscriber_id)
        if gone and gone[-1].origin == ERASED and person.address is not None:
            subscribers.erase(session, keys.addresses, Address(person.address), now=now)
    return len(waiting)
