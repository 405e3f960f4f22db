"""How many read: opens by edition, clicks by link. Who it was is not written down, unless that was chosen.

A reader counts once for an edition and once for each link. To know that, the hash of (edition, reader,
link) is remembered for some days under a key of the installation, which nobody else can turn back. What
scanners and programs open does not count: they say who they are, or open one link after another faster
than anybody reads. The caller owns the transaction.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.digests.digest import Story
from newsletter.digests.reader import read
from newsletter.editions.edition import Edition
from newsletter.errors import DigestError
from newsletter.feedback import trail
from newsletter.feedback.events import Event, Kind
from newsletter.feedback.once import first_time
from newsletter.feedback.tables import ReadCount
from newsletter.feedback.trail import Step
from newsletter.keys import Keys
from newsletter.rendering.links import safe_url
from subscribers import bulk

LONGEST_URL = 2_000
SCANNER_LINKS = 3  # so many different links of one copy
SCANNER_TIME = timedelta(seconds=5)  # within so long


def count(
    session: Session, events: Iterable[Event], *, keys: Keys, now: datetime, keeps_trail: bool = False
) -> None:
    """Count the readers of editions and of links, each once; with ``keeps_trail``, write down who it was."""
    told = [event for event in events if event.kind in (Kind.OPENED, Kind.CLICKED) and not event.is_machine]
    scanned = _scanned([event for event in told if event.kind is Kind.CLICKED])
    urls: dict[bytes, str | None] = {}
    found: dict[bytes, tuple[int, bytes]] = {}
    whose: dict[bytes, tuple[int, datetime]] = {}
    for event in told:
        if event.edition_id is None or (event.edition_id, event.subscriber_id) in scanned:
            continue
        url = event.url[:LONGEST_URL] if event.kind is Kind.CLICKED and event.url else None
        if event.kind is Kind.CLICKED and url is None:
            continue
        link = hash_of(url)
        urls[link] = url
        once = f"{event.edition_id}\0{event.subscriber_id}\0{url or ''}".encode("utf-8", "surrogatepass")
        key = hashlib.blake2b(once, digest_size=16, key=keys.message_salt[:64]).digest()
        found[key] = (event.edition_id, link)
        if event.subscriber_id is not None:
            whose[key] = (event.subscriber_id, event.at)
    new = first_time(session, found, now=now)
    if keeps_trail:
        steps = [
            Step(whose[key][0], edition_id, link, urls[link], whose[key][1])
            for key, (edition_id, link) in found.items()
            if key in new and key in whose
        ]
        trail.keep(session, steps)
    counted = sorted(Counter(found[key] for key in new).items())
    if counted:
        values = {
            "edition_id": [edition_id for (edition_id, _), _ in counted],
            "url_hash": [link for (_, link), _ in counted],
            "url": [urls[link] for (_, link), _ in counted],
            "readers": [number for _, number in counted],
        }
        bulk.insert(session, ReadCount, values, _adding)


def hash_of(url: str | None) -> bytes:
    """Return what a link is counted under; None is the edition itself."""
    return hashlib.blake2b((url or "").encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _adding(statement: Any) -> Any:
    return statement.on_conflict_do_update(
        index_elements=[ReadCount.edition_id, ReadCount.url_hash],
        set_={"readers": ReadCount.readers + statement.excluded.readers},
    )


def _scanned(clicks: Sequence[Event]) -> set[tuple[int | None, int | None]]:
    """Return the copies whose links were opened faster than anybody reads."""
    by_copy: dict[tuple[int | None, int | None], list[tuple[datetime, str]]] = {}
    for event in clicks:
        by_copy.setdefault((event.edition_id, event.subscriber_id), []).append((event.at, event.url or ""))
    return {copy for copy, told in by_copy.items() if _is_a_scan(sorted(told))}


def _is_a_scan(told: Sequence[tuple[datetime, str]]) -> bool:
    return any(
        len({url for at, url in told if timedelta(0) <= at - first <= SCANNER_TIME}) >= SCANNER_LINKS
        for first, _ in told
    )


def opens(session: Session, edition: Edition) -> int:
    """Return how many readers opened an edition, as far as that can be known."""
    found = session.get(ReadCount, (edition.id, hash_of(None)))
    return found.readers if found else 0


def clicks_by_story(session: Session, editions: Sequence[Edition]) -> dict[tuple[int, int], int]:
    """Return how many readers followed a story's link, by (edition's id, place of the story from 0).

    A story that nobody followed is not there; nor is anything, unless clicks are counted.
    """
    counted = _counted(session, editions)
    return {
        (edition.id, place): readers
        for edition in editions
        for place, url in enumerate(_links(edition))
        if url and (readers := counted.get((edition.id, hash_of(safe_url(url)))))
    }


def clicks_by_link(session: Session, editions: Sequence[Edition]) -> dict[str, int]:
    """Return how many readers followed each story's link, by the link as the digest has it."""
    found: dict[str, int] = {}
    stories = clicks_by_story(session, editions)
    for edition in editions:
        for place, url in enumerate(_links(edition)):
            if url and (readers := stories.get((edition.id, place))):
                found[url] = found.get(url, 0) + readers
    return found


def _counted(session: Session, editions: Sequence[Edition]) -> dict[tuple[int, bytes], int]:
    rows = session.execute(
        select(ReadCount.edition_id, ReadCount.url_hash, ReadCount.readers).where(
            ReadCount.edition_id.in_([edition.id for edition in editions])
        )
    )
    return {(edition_id, bytes(link)): readers for edition_id, link, readers in rows}


def titles_of(edition: Edition) -> list[str]:
    """Return the title of each story, in the order of ``clicks_by_story``."""
    return [story.title_text for story in _stories(edition)]


def _links(edition: Edition) -> list[str | None]:
    """Return the link of each story, as it was written."""
    return [story.url for story in _stories(edition)]


def _stories(edition: Edition) -> tuple[Story, ...]:
    if not edition.digest_source:
        return ()
    file = edition.digest_key or edition.label
    return _read_back(edition.digest_source, file, edition.newsletter, edition.day)


# What went out does not change, and the same editions are asked about again and again.
@lru_cache(maxsize=32)
def _read_back(source: str, file: str, name: str, day: date) -> tuple[Story, ...]:
    try:
        return read(source.encode(), file=file, newsletter_name=name, tz=UTC, default_day=day).stories
    except DigestError:
        return ()  # a release that read it otherwise
