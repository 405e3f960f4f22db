"""From settings to what looks after all that comes back. Nothing here decides anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial

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
        keeps_trail=feedback.reading == "people",
    )


@dataclass(frozen=True, kw_only=True)
class Returning:
    """What looks after all that comes back to an installation, each part made when it is first asked for."""

    settings: Settings
    database: Database
    keys: Keys
    returns: Returns | None
    alarms: Alarms
    clock: Clock

    @cached_property
    def applier(self) -> Applier:
        """What lets the posts of an installation take effect."""
        feedback = self.settings.feedback
        return Applier(
            database=self.database,
            keys=self.keys,
            rules=rules_of(self.settings),
            clock=self.clock,
            readers={
                sendgrid.NAME: sendgrid.read_post,
                carried.NAME: carried.read_post,
                **{name: partial(read, whose=self.keys.ref_of) for name, read in shapes.READERS.items()},
            },
            tell=Telling(self.alarms),
            reports_of=sendgrid.NAME if feedback.sendgrid_keys else None,
            silence=Patience(resends=feedback.resend_silent_calls),
        )

    @cached_property
    def collector(self) -> Collector | None:
        """What looks after the mailbox of an installation; None where there is none."""
        mailbox = self.settings.mailbox
        if not mailbox.kind:
            return None
        forwarder = None
        if mailbox.forward_to and self.settings.newsletters:
            forwarder = Forwarder(to=mailbox.forward_to, newsletters=self.settings.newsletters)
        return Collector(
            database=self.database,
            keys=self.keys,
            returns=self.returns,
            clock=self.clock,
            open_box=lambda: open_box(mailbox),
            forwarder=forwarder,
            reaching=Reaching(database=self.database, alarms=self.alarms, clock=self.clock),
            address=mailbox.bounce_address or mailbox.username or str(mailbox.path),
        )

    @cached_property
    def canaries(self) -> Canaries | None:
        """What looks after the canaries of an installation; None where there are none."""
        chosen = self.settings.canaries
        if not chosen.mailboxes:
            return None
        return Canaries(
            settings=chosen, database=self.database, alarms=self.alarms, clock=self.clock, look=look
        )
