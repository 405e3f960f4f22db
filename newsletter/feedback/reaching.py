"""Whether mailboxes of ours are reached: one that stays away is told of once, and taken back later.

Mail servers are away for a minute every day, so a first failure is only written down. What a look found is
noted in a transaction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from newsletter.alarms import Alarms, Cause
from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.feedback.tables import FeedbackMark
from subscribers import bulk

PATIENCE = timedelta(minutes=10)  # before anybody is told


@dataclass(frozen=True, kw_only=True)
class Reaching:
    """Notes how looks at mailboxes ended."""

    database: Database
    alarms: Alarms
    clock: Clock

    def note(
        self, mailbox: str, why_not: str | None, *, address: str = "", canary: str | None = None
    ) -> None:
        """Note that a mailbox was reached, or why not; ``canary`` is its name where it is one."""
        now, name = self.clock(), f"away-{mailbox}"
        with self.database.readers() as session:
            known = session.get(FeedbackMark, name)
        if why_not is None and known is None:
            return
        with self.database.sessions.begin() as session:
            if why_not is not None and known is None:
                first = {"name": [name], "at": [now], "words": [why_not]}
                bulk.insert(session, FeedbackMark, first, bulk.give_way)
                return
            mark = session.get(FeedbackMark, name, with_for_update=True, populate_existing=True)
            if mark is None:
                return  # another worker reached it
            about = {"newsletter": "", "day": mark.at.date(), "about": mailbox, "now": now}
            if why_not is None:
                self.alarms.clear(session, causes={Cause.UNREACHED}, **about)
                session.delete(mark)
            elif now - mark.at >= PATIENCE:
                facts = {
                    "mailbox": address or mailbox,
                    "canary": canary,
                    "since": mark.at,
                    "because": why_not,
                    "command": "newsletter canaries" if canary else "newsletter mailbox",
                }
                self.alarms.sound(session, Cause.UNREACHED, facts=facts, **about)

    def is_away(self, mailbox: str) -> bool:
        """Say whether the last look at a mailbox failed."""
        with self.database.readers() as session:
            return session.get(FeedbackMark, f"away-{mailbox}") is not None
