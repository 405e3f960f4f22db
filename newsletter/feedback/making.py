"""From settings to the applier. Nothing here decides anything."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from newsletter.alarms import Alarms
from newsletter.clock import Clock
from newsletter.config import Settings
from newsletter.database import Database
from newsletter.feedback import carried, sendgrid, shapes
from newsletter.feedback.applier import Applier
from newsletter.feedback.canaries import Canaries
from newsletter.feedback.collector import Collector
from newsletter.feedback.doubt import Patience
from newsletter.feedback.forwarding import Forwarder
from newsletter.feedback.looking import look
from newsletter.feedback.mailbox import open_box
from newsletter.feedback.reaching import Reaching
from newsletter.feedback.rules import Rules
from newsletter.feedback.telling import Telling
from newsletter.keys import Keys
from newsletter.returns import Returns


def rules_of(settings: Settings) -> Rules:
    """Return what an installation has decided about feedback."""
    feedback = settings.feedback
    return Rules(
        soft_failures=feedback.soft_failures,
        soft_span=timedelta(days=feedback.soft_days),
        blocks_percent=feedback.blocks_percent,
        counts_reading=feedback.reading != "off",
    )


def make_applier(
    settings: Settings, *, database: Database, keys: Keys, clock: Clock, alarms: Alarms
) -> Applier:
    """Return what lets the posts of an installation take effect."""
    return Applier(
        database=database,
        keys=keys,
        rules=rules_of(settings),
        clock=clock,
        readers={
            sendgrid.NAME: sendgrid.read_post,
            carried.NAME: carried.read_post,
            **{name: partial(read, whose=keys.ref_of) for name, read in shapes.READERS.items()},
        },
        tell=Telling(alarms),
        reports_of=sendgrid.NAME if settings.feedback.sendgrid_keys else None,
        silence=Patience(resends=settings.feedback.resend_silent_calls),
    )


def make_collector(
    settings: Settings,
    *,
    database: Database,
    keys: Keys,
    returns: Returns | None,
    alarms: Alarms,
    clock: Clock,
) -> Collector | None:
    """Return what looks after the mailbox of an installation; None where there is none."""
    mailbox = settings.mailbox
    if not mailbox.kind:
        return None
    forwarder = None
    if mailbox.forward_to and settings.newsletters:
        forwarder = Forwarder(to=mailbox.forward_to, newsletters=settings.newsletters)
    return Collector(
        database=database,
        keys=keys,
        returns=returns,
        clock=clock,
        open_box=lambda: open_box(mailbox),
        forwarder=forwarder,
        reaching=Reaching(database=database, alarms=alarms, clock=clock),
        address=mailbox.bounce_address or mailbox.username or str(mailbox.path),
    )


def make_canaries(settings: Settings, *, database: Database, alarms: Alarms, clock: Clock) -> Canaries | None:
    """Return what looks after the canaries of an installation; None where there are none."""
    chosen = settings.canaries
    if not chosen.mailboxes:
        return None
    return Canaries(settings=chosen, database=database, alarms=alarms, clock=clock, look=look)
