"""The nightly look at SendGrid's own lists: the safety net for a webhook that was away too long.

SendGrid drops mail to whoever is on them, so what is there and not here means that we have drifted. Read
by windows that overlap; what is known already does nothing. No network call is made in a transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from newsletter.database import Database
from newsletter.feedback.apply import apply
from newsletter.feedback.events import Event, Kind, Suppress, key_of, moment_of
from newsletter.feedback.judging import judged
from newsletter.feedback.rules import Rules
from newsletter.feedback.tables import FeedbackMark
from newsletter.keys import Keys
from newsletter.transports.sendgrid import SendGridTransport
from newsletter.transports.sendgrid_lists import LISTS, Entry, NotRead

logger = logging.getLogger(__name__)

PROVIDER = "sendgrid-lists"
OVERLAP = timedelta(days=2)
FIRST_LOOK = timedelta(days=30)
AT_ONCE = 2_000  # in one transaction


@dataclass(kw_only=True)
class Reconciled:
    """What one look came to."""

    since: datetime
    until: datetime
    entries: dict[str, int] = field(default_factory=dict)  # by list, as far as it was read
    unread: dict[str, str] = field(default_factory=dict)  # by list: why
    suppressed: int = 0  # that were not known here
    left: int = 0

    def as_json(self) -> dict[str, object]:
        """Return it for ``--json``."""
        return {
            "since": self.since.isoformat(timespec="seconds"),
            "until": self.until.isoformat(timespec="seconds"),
            "entries": self.entries,
            "unread": self.unread,
            "suppressed": self.suppressed,
            "left": self.left,
        }


def last_look(database: Database) -> datetime | None:
    """Return up to when the lists were last read whole."""
    with database.readers() as session:
        mark = session.get(FeedbackMark, PROVIDER)
        return mark.at if mark else None


def reconcile(
    database: Database,
    transport: SendGridTransport,
    *,
    keys: Keys,
    rules: Rules,
    now: datetime,
    since: datetime | None = None,
) -> Reconciled:
    """Read the lists from where the last look ended, or from ``since``, and let them take effect."""
    last = last_look(database)
    begin = since or (last - OVERLAP if last else now - FIRST_LOOK)
    found = Reconciled(since=begin, until=now)
    for name in LISTS:
        entries = transport.listed(name, since=begin, until=now)
        found.entries[name] = 0
        try:
            while some := list(islice(entries, AT_ONCE)):
                found.entries[name] += len(some)
                _take_in(database, name, some, keys=keys, rules=rules, now=now, found=found)
        except NotRead as error:
            found.unread[name] = str(error)
            logger.warning("list not read: %s", error, extra={"list": name})
    if not found.unread:
        with database.sessions.begin() as session:
            mark = session.get(FeedbackMark, PROVIDER)
            if mark is None:
                session.add(FeedbackMark(name=PROVIDER, at=now))
            else:
                mark.at = now
    return found


def _take_in(
    database: Database,
    name: str,
    entries: list[Entry],
    *,
    keys: Keys,
    rules: Rules,
    now: datetime,
    found: Reconciled,
) -> None:
    events = list(_events(name, entries))
    with database.sessions.begin() as session:
        applied = apply(session, events, provider=PROVIDER, keys=keys, rules=rules, now=now)
    found.suppressed += applied.suppressed
    found.left += applied.left


def _events(name: str, entries: list[Entry]) -> Iterator[Event]:
    for entry in entries:
        event = Event(
            Kind.OTHER,
            moment_of(entry.created),
            address=entry.address,
            key=key_of(PROVIDER, name, entry.address, str(entry.created)),
        )
        match name:
            case "bounces":
                yield judged(event, entry.words, is_final=True)
            case "spam_reports":
                yield event._replace(kind=Kind.COMPLAINED, suppress=Suppress.COMPLAINT)
            case "invalid_emails":
                yield event._replace(kind=Kind.BOUNCED, suppress=Suppress.INVALID, reply=entry.words or None)
            case _:
                yield event._replace(kind=Kind.UNSUBSCRIBED, suppress=Suppress.UNSUBSCRIBED)
