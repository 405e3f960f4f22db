"""The weekly digest: what a week's digests brought, in one that can be read at a sitting. Pure.

Chosen are the stories that readers opened most, where that is known; else those that stood first in each
digest, for that is where editors put what matters. A link is told once. No word of it is ours but the
title, the lead and the names of the days.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from newsletter.digests.digest import Digest, FrontMatter, Section, Story
from newsletter.digests.prose import Paragraph, Text

if TYPE_CHECKING:
    from newsletter.language import Catalog

_TRACKING = re.compile(r"[?&](?:utm_[a-z]+|from|spm|ref)=[^&#]*", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One digest that went out, and where it can be read."""

    day: date
    digest: Digest
    url: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    past: Past
    place: int  # in its digest, from 0
    story: Story


def weekly(
    pasts: Sequence[Past],
    *,
    day: date,
    words: Catalog,
    stories: int = 12,
    clicks: Mapping[str, int] | None = None,
    dropped: Collection[str] = (),
) -> Digest | None:
    """Return the digest of the week that ``day`` ends; None when there is nothing to tell.

    ``clicks`` are by the link as it was written. ``dropped`` are links that are not to be told, such as
    those of the week before.
    """
    told = {bare(link) for link in dropped}
    candidates = list(_candidates(sorted(pasts, key=lambda past: past.day, reverse=True), told))
    if not candidates:
        return None
    known = clicks or {}
    chosen = sorted(
        candidates,
        key=lambda one: (-known.get(one.story.url or "", 0), one.place, -one.past.day.toordinal()),
    )[:stories]
    chosen.sort(key=lambda one: (-one.past.day.toordinal(), one.place))
    days = sorted({past.day for past in pasts})
    lead = words.say(
        "weekly.most_read" if any(known.get(one.story.url or "", 0) for one in chosen) else "weekly.lead",
        editions=len(days),
        total=len(candidates),
        shown=len(chosen),
    )
    used = [one.past.digest.front for one in chosen]
    return Digest(
        title=words.say("weekly.title", first=words.short_date(days[0]), last=words.short_date(days[-1])),
        day=day,
        front=FrontMatter(
            ai_generated=any(front.ai_generated for front in used),
            sponsored=any(front.sponsored for front in used),
        ),
        intro=(Paragraph((Text(lead),)),),
        sections=tuple(_sections(chosen, words)),
    )


def bare(link: str) -> str:
    """Return a link without what does not tell one page from another."""
    return _TRACKING.sub("", link.partition("#")[0]).rstrip("/?&")


def _candidates(pasts: Sequence[Past], told: set[str]) -> Iterator[_Candidate]:
    for past in pasts:
        for place, story in enumerate(past.digest.stories):
            # An essay is one story as long as its digest: it is begun here, and read there.
            own = replace(story, url=past.url, body=story.body[:1]) if past.digest.is_essay else story
            key = bare(own.url) if own.url else own.title_text
            if key not in told:
                told.add(key)
                yield _Candidate(past, place, own)


def _sections(chosen: Sequence[_Candidate], words: Catalog) -> Iterator[Section]:
    for day in dict.fromkeys(one.past.day for one in chosen):
        yield Section(
            title=(Text(f"{words.short_date(day)} {words.weekday(day)}"),),
            stories=tuple(
                replace(one.story, number=number, line=0, url_line=0)
                for number, one in enumerate(chosen, 1)
                if one.past.day == day
            ),
        )
