"""A bounce that an admin has lifted is lifted at SendGrid too; else it drops the very next mail to them.

SendGrid remembers bounces on lists of its own. Looked at just before notices go out, for the first mail after
a lift is one. No network call is made in a transaction.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import func, select

from newsletter.database import Database
from newsletter.feedback.tables import FeedbackMark
from newsletter.transports.base import TransportError
from newsletter.transports.sendgrid import SendGridTransport
from subscribers import Consent, Event, Subscriber

logger = logging.getLogger(__name__)

MARK = "lifted-there"


def lift_there(database: Database, transport: SendGridTransport, *, now: datetime) -> int:
    """Take the addresses lifted since the last look off SendGrid's lists; return how many.

    What SendGrid refuses is logged and tried again at the next look.
    """
    with database.readers() as session:
        mark = session.get(FeedbackMark, MARK)
        newest = session.scalar(select(func.max(Consent.id))) or 0
        last = int(mark.words or 0) if mark else None
        if last == newest:
            return 0
        people = (
            select(Subscriber.address)
            .join(Consent, Consent.subscriber_id == Subscriber.id)
            .where(Consent.id > (last or 0), Consent.id <= newest, Consent.event == Event.LIFTED)
            .distinct()
        )
        # What was lifted before there was a mark has been seen to by hand.
        addresses = [address for address in session.scalars(people) if address] if last is not None else []
    for address in addresses:
        try:
            transport.unlist(address)
        except TransportError as error:
            logger.error("not lifted at SendGrid: %s", error)
            return 0
    with database.sessions.begin() as session:
        mark = session.get(FeedbackMark, MARK, with_for_update=True)
        if mark is None:
            session.add(FeedbackMark(name=MARK, at=now, words=str(newest)))
        else:
            mark.at, mark.words = now, str(newest)
    return len(addresses)
