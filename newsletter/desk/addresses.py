"""Every address that a digest leads to, where it is written, and what is known of its far end.

Nothing is opened here: what a morning or a person looked at a short while ago is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from newsletter.digests.digest import Digest
from newsletter.digests.prose import Image, Link
from newsletter.editions.gate import ProbeResult, Reach
from newsletter.editions.gate.reading import texts_of
from newsletter.rendering.links import safe_url


class Sort(StrEnum):
    """What an address is in a digest."""

    STORY = "story"
    TEXT = "text"
    IMAGE = "image"


class Standing(StrEnum):
    """What is known of an address."""

    ALIVE = "alive"
    DEAD = "dead"
    UNREACHABLE = "unreachable"  # from here, which says nothing about readers
    UNKNOWN = "unknown"  # nobody has looked lately
    UNUSABLE = "unusable"  # it may not stand in an email


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One address as the digest has it."""

    url: str
    line: int
    sort: Sort
    words: str  # what it is called; empty: nothing
    standing: Standing = Standing.UNKNOWN
    detail: str = ""


def written_addresses(digest: Digest) -> Iterator[Written]:
    """Yield each address once, in the order of the file."""
    found: dict[str, Written] = {}
    for story in digest.stories:
        if story.url is not None:
            line = story.url_line or story.line
            found.setdefault(
                story.url, Written(url=story.url, line=line, sort=Sort.STORY, words=story.title_text)
            )
    for line, inlines in texts_of(digest):
        for inline in inlines:
            if isinstance(inline, Link):
                one = Written(url=inline.url, line=inline.line or line, sort=Sort.TEXT, words=inline.title)
            elif isinstance(inline, Image):
                one = Written(url=inline.url, line=inline.line or line, sort=Sort.IMAGE, words=inline.alt)
            else:
                continue
            found.setdefault(one.url, one)
    yield from sorted(found.values(), key=lambda each: each.line)


def standing_of(url: str, probes: Mapping[str, ProbeResult]) -> tuple[Standing, str]:
    """Say what is known of an address, and in whose words."""
    if safe_url(url) is None:
        return Standing.UNUSABLE, ""
    result = probes.get(url)
    if result is None or result.reach is Reach.NOT_CHECKED:
        return Standing.UNKNOWN, ""
    standing = {
        Reach.ALIVE: Standing.ALIVE,
        Reach.DEAD: Standing.DEAD,
        Reach.UNREACHABLE_FROM_HERE: Standing.UNREACHABLE,
    }[result.reach]
    return standing, result.detail
