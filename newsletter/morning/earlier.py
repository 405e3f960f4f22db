"""What the editions before a day took from a feed of stories, and from when on its entries are still news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.config import NewsletterSettings
from newsletter.digests.reader import read_front
from newsletter.digests.sources.feed import USED
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Kind
from newsletter.timetable import Timetable

REMEMBERED = 14  # editions; an entry turns up a day after its date at most
MISSED_FOR = timedelta(days=3)  # what a day without an edition left behind is news for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Where a feed of stories goes on."""

    since: datetime  # the hour of the edition before
    used: frozenset[str]  # the ids of the entries that went out


def left(session: Session, slug: str, newsletter: NewsletterSettings, day: date) -> Left:
    """Return what the editions before ``day`` left over."""
    sent = session.scalars(
        select(Edition)
        .where(
            Edition.newsletter == slug,
            Edition.kind == Kind.DAILY,
            Edition.day < day,
            Edition.state.in_(SENT),
        )
        .order_by(Edition.day.desc())
        .limit(REMEMBERED)
    ).all()
    timetable = Timetable(newsletter.schedule)
    since = timetable.before(day).send_at
    if sent:
        # A day that was missed leaves its entries to the next one.
        last = timetable.moments(sent[0].day).send_at
        since = min(since, max(last, since - MISSED_FOR))
    used = (entry for edition in sent for entry in _entries(edition, newsletter))
    return Left(since=since, used=frozenset(used))


def _entries(edition: Edition, newsletter: NewsletterSettings) -> list[str]:
    source = (edition.digest_source or "").encode()
    front = read_front(source, file=edition.digest_key or "", tz=newsletter.schedule.tz)
    entries = front.extra.get(USED)
    return [str(entry) for entry in entries] if isinstance(entries, list) else []
