"""What an installation does about feedback at night, beside forgetting."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.config import Settings, TransportKind
from newsletter.database import Database
from newsletter.feedback.making import rules_of
from newsletter.feedback.reconcile import Reconciled, last_look, reconcile
from newsletter.keys import Keys
from newsletter.transports.base import Transport
from newsletter.transports.sendgrid import SendGridTransport

EVERY = timedelta(hours=20)


def reconcile_at_night(
    settings: Settings, *, database: Database, transport: Transport, keys: Keys, now: datetime
) -> Reconciled | None:
    """Look at SendGrid's lists once a night, where we send by SendGrid; None when there is nothing to do."""
    if settings.transport.kind is not TransportKind.SENDGRID or not isinstance(transport, SendGridTransport):
        return None
    last = last_look(database)
    if last is not None and now - last < EVERY:
        return None
    return reconcile(database, transport, keys=keys, rules=rules_of(settings), now=now)
