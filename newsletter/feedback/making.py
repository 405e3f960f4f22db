"""From settings to the applier. Nothing here decides anything."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from newsletter.alarms import Alarms
from newsletter.clock import Clock
from newsletter.config import Settings
from newsletter.database import Database
from newsletter.feedback import sendgrid, shapes
from newsletter.feedback.applier import Applier
from newsletter.feedback.doubt import Patience
from newsletter.feedback.rules import Rules
from newsletter.feedback.telling import Telling
from newsletter.keys import Keys


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
            **{name: partial(read, whose=keys.ref_of) for name, read in shapes.READERS.items()},
        },
        tell=Telling(alarms),
        reports_of=sendgrid.NAME if settings.feedback.sendgrid_keys else None,
        silence=Patience(resends=settings.feedback.resend_silent_calls),
    )
