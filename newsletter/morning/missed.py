"""What a missed day left: its stories go out in a section of the next edition, and are kept with it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from newsletter.config import NewsletterSettings
from newsletter.digests.digest import Digest
from newsletter.digests.merging import merged
from newsletter.digests.reader import read
from newsletter.digests.sources import Candidate
from newsletter.digests.sources.feed import USED
from newsletter.digests.writing import write
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from newsletter.errors import DigestError
from newsletter.language import catalog

logger = logging.getLogger(__name__)

CARRIED_FOR = timedelta(days=3)  # older than that, what was missed is no news
Missed = tuple[Edition, Digest]


def waiting(session: Session, slug: str, newsletter: NewsletterSettings, day: date) -> list[Missed]:
    """Return the editions before ``day`` whose stories wait for the next one, with their digests."""
    query = (
        select(Edition)
        .where(
            Edition.newsletter == slug,
            Edition.kind == Kind.DAILY,
            Edition.is_carried,
            Edition.state == State.SKIPPED,  # and not sent late by a person
            Edition.carried_into_id.is_(None),
            Edition.day < day,
            Edition.day >= day - CARRIED_FOR,
            Edition.digest_source.is_not(None),
        )
        .order_by(Edition.day.desc())
    )
    return _read_again(session, query, newsletter)


def carried_by(session: Session, edition: Edition, newsletter: NewsletterSettings) -> list[Missed]:
    """Return what an edition that went out has carried."""
    query = select(Edition).where(Edition.carried_into_id == edition.id).order_by(Edition.day.desc())
    found = _read_again(session, query, newsletter)
    return [(old, digest) for old, digest in found if old.digest_hash != edition.digest_hash]


def with_missed(digest: Digest, found: Iterable[Missed], newsletter: NewsletterSettings) -> Digest:
    """Return ``digest`` with the stories of missed days below its own, each day told once."""
    told = {section.title_text for section in digest.sections}
    days = [(_heading(edition.day, newsletter), old) for edition, old in found]
    return merged(digest, [(heading, old) for heading, old in days if heading not in told])


def text_of(digest: Digest, found: Sequence[Missed], newsletter: NewsletterSettings) -> str:
    """Return the Markdown of a digest with missed days in it, as the archive and the weekly read it.

    Where it would not read as what went out, it is the day's own text.
    """
    entries = [entry for one in (digest, *(old for _, old in found)) for entry in _entries(one)]
    text = write(digest)
    if entries:  # of a feed: they went out, and are not told again
        line = json.dumps(list(dict.fromkeys(entries)), ensure_ascii=False)
        text = text.replace("---\n", f"---\n{USED}: {line}\n", 1)
    try:
        again = read(
            text.encode(),
            file=digest.file,
            newsletter_name=newsletter.name,
            tz=newsletter.schedule.tz,
            default_day=digest.day,
        )
    except DigestError as error:
        logger.error("what went out is kept without the missed days: %s", error)
        return digest.source
    if [one.url for one in again.stories] != [one.url for one in digest.stories]:
        logger.error("what went out is kept without the missed days: it would be read otherwise")
        return digest.source
    return text


def is_same(edition: Edition, chosen: Candidate) -> bool:
    """Say whether an edition's digest is the chosen one: the same bytes, place or title of one day."""
    if edition.digest_hash == chosen.hash:
        return True
    return edition.digest_day == chosen.day and (
        edition.digest_key == chosen.key or edition.title == chosen.digest.title
    )


def _read_again(session: Session, query: Select[Any], newsletter: NewsletterSettings) -> list[Missed]:
    found: list[Missed] = []
    edition: Edition
    for edition in session.scalars(query):
        try:
            digest = read(
                (edition.digest_source or "").encode(),
                file=f"{edition.digest_key}.md",
                newsletter_name=newsletter.name,
                tz=newsletter.schedule.tz,
                default_day=edition.digest_day,
            )
        except DigestError as error:  # of an older release: it must not keep today's back
            logger.error("what %s left is not carried over: %s", edition.label, error)
        else:
            found.append((edition, digest))
    return found


def _entries(digest: Digest) -> list[str]:
    entries = digest.front.extra.get(USED)
    return [str(entry) for entry in entries] if isinstance(entries, list) else []


def _heading(day: date, newsletter: NewsletterSettings) -> str:
    words = catalog(newsletter.language)
    return words.say("email.missed", date=words.short_date(day))
