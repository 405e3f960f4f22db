"""What the database knows around a digest before it goes out: the editions before it, and its audience.

Reads at most ``EDITIONS`` sources, once an examination; the caller owns the session.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import subscribers
from newsletter.config import NewsletterSettings
from newsletter.digests.reader import read
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.gate import RecentEdition, SenderDns
from newsletter.editions.states import Kind, State
from newsletter.errors import DigestError

EDITIONS = 14
_NO_LONGER_USUAL = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known around a digest. None is "not known"."""

    recent: tuple[RecentEdition, ...] | None = None  # newest first
    audience: int | None = None
    usual_audience: int | None = None
    sender_dns: SenderDns | None = None


NOTHING_KNOWN = Known()


def gather(
    session: Session, slug: str, newsletter: NewsletterSettings, day: date, *, counts: bool = True
) -> Known:
    """Return what the database knows around the digest that is to go out on ``day``.

    Without ``counts`` the audience is not known: counting a large one takes a second.
    """
    before = session.scalars(
        select(Edition)
        .where(
            Edition.newsletter == slug,
            Edition.kind == Kind.DAILY,
            Edition.day < day,
            Edition.day >= day - _NO_LONGER_USUAL,
            Edition.state.in_(SENT),
            Edition.state != State.CANCELLED,
        )
        .order_by(Edition.day.desc(), Edition.id.desc())
        .limit(EDITIONS)
    ).all()
    recent = tuple(filter(None, (_recent(edition, newsletter) for edition in before)))
    if not counts:
        return Known(recent=recent)
    who = subscribers.eligible(slug, day).subquery()
    audience = session.scalar(select(func.count()).select_from(who)) or 0
    return Known(
        recent=recent,
        audience=audience,
        usual_audience=usual(audience, _audiences(before, day)),
    )


def usual(audience: int, before: Sequence[int]) -> int | None:
    """Return the usual audience: the last one or the middle one, whichever is nearer to ``audience``.

    After an import that is right, tomorrow is compared with today; after one bad day, with the days
    before it.
    """
    if not before:
        return None
    return min((before[0], round(statistics.median(before))), key=lambda each: abs(each - audience))


def _audiences(before: Sequence[Edition], day: date) -> list[int]:
    """Return the audiences of days like this one: on weekends those who read on weekdays get nothing."""
    return [
        edition.considered - sum(edition.excluded.values())
        for edition in before
        if edition.considered is not None and (edition.day.weekday() >= 5) == (day.weekday() >= 5)
    ]


def _recent(edition: Edition, newsletter: NewsletterSettings) -> RecentEdition | None:
    """Return an edition as the gate asks about it; None for one that is no longer readable."""
    read_back = _read_back(
        edition.digest_source or "",
        edition.digest_key or "",
        newsletter.name,
        newsletter.schedule.tz,
        edition.digest_day or edition.day,
    )
    if read_back is None:
        return None
    links, story_count = read_back
    return RecentEdition(day=edition.day, subject=edition.subject or "", links=links, story_count=story_count)


# What went out does not change, and the desk asks about the same fortnight while somebody types.
@lru_cache(maxsize=256)
def _read_back(
    source: str, file: str, name: str, tz: tzinfo, default_day: date
) -> tuple[frozenset[str], int] | None:
    try:
        digest = read(source.encode(), file=file, newsletter_name=name, tz=tz, default_day=default_day)
    except DigestError:  # of an older release, or without a source: there is nothing to compare with
        return None
    return frozenset(story.url for story in digest.stories if story.url), len(digest.stories)
