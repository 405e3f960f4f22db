"""What a person decides about a mail that came back. The caller owns the transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.errors import NewsletterError
from newsletter.feedback import returned
from newsletter.feedback.readers import address_of
from newsletter.feedback.returned import ReturnedMail
from newsletter.keys import Keys
from subscribers import Event as Act
from subscribers import Evidence, Status, Subscriber, happen, subscriptions


class NobodyToLeave(NewsletterError):
    """Whoever wrote is no reader. The message says what to do."""


def leave(session: Session, mail: ReturnedMail, *, keys: Keys, now: datetime) -> int:
    """Take whoever wrote a mail off every list; return how many lists that were."""
    person = None
    if mail.sender:
        digest = keys.addresses.digest(address_of(mail.sender))
        person = session.scalars(select(Subscriber).where(Subscriber.address_hash == digest)).one_or_none()
    if person is None:
        raise NobodyToLeave(
            f"mail {mail.id}: no reader has the address it came from; find the reader with "
            "`newsletter subscribers`, then settle this one with --ignore"
        )
    left = 0
    for listed in subscriptions(session, person.id):
        if listed.status is not Status.LEFT:
            happen(session, listed, Act.LEFT, evidence=Evidence(origin="asked by mail"), now=now)
            left += 1
    returned.settle(session, mail, why="left, by a person")
    return left
