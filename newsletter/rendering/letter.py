"""What a template sees of an edition: every name that may stand between its braces.

The same names serve the HTML and the text part; what was prose is already written for that part.
Values that differ between readers (``leave_url``, ``manage_url``, ``address``) come from the renderer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from newsletter.digests.digest import Digest, Section, Story
from newsletter.digests.prose import Block, Inline
from newsletter.rendering.links import host_of, safe_url
from newsletter.rendering.markup import clean
from newsletter.rendering.reading import one_line

_DATE = r"(\d{4}\s*[.\-/年]\s*\d{1,2}\s*[.\-/月]\s*\d{1,2}(?!\d)\s*日?|\d{1,2}\s*月\s*\d{1,2}\s*日)"
_DATE_IN_FRONT = re.compile(rf"{_DATE}\s*[|｜·:：,，—–-]*\s*(?=\S)")
_DATE_AT_END = re.compile(rf"(?<=\S)\s*[|｜·:：,，—–-]\s*{_DATE}$")


class Writer(Protocol):
    """Writes prose for one part of the email."""

    def blocks(self, blocks: Sequence[Block], *, under: int) -> str:
        """Return ``blocks``; their headings rank below ``under``."""
        ...

    def heading(self, inlines: Sequence[Inline]) -> str:
        """Return the words of a heading."""
        ...

    def title(self, inlines: Sequence[Inline], url: str | None) -> str:
        """Return a story's title, which leads to ``url``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """The digest's title: the rest, and a date that stands in front of it or at its end, or nothing."""

    whole: str
    date: str
    text: str
    date_is_first: bool
    is_name: bool  # the rest is only the newsletter's name again
    is_dated: bool  # the date says the day, year included

    @classmethod
    def of(cls, digest: Digest, *, name: str, day: date) -> Title:
        """Read the title of ``digest``, which goes out on ``day``."""
        whole = one_line(clean(digest.title))
        first = _DATE_IN_FRONT.match(whole)
        dated = first or _DATE_AT_END.search(whole)
        text = whole[: dated.start()] + whole[dated.end() :] if dated and (first or dated.start()) else whole
        numbers = tuple(map(int, re.findall(r"\d+", dated[1]))) if dated else ()
        return cls(
            whole=whole,
            date=dated[1].strip() if dated else "",
            text=text,
            date_is_first=first is not None,
            is_name=_bare(text) == _bare(name),
            is_dated=numbers == (day.year, day.month, day.day),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterStory:
    """One story. ``title`` is a link already in HTML; ``url`` is None when it may not be linked."""

    number: int | None
    rank: int  # of its heading, 2 for h2
    title: str
    url: str | None
    source: str  # the host of ``url``, or nothing
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSection:
    """A run of stories, a commentary (``is_commentary``), or prose without stories."""

    rank: int
    title: str
    lead: str
    stories: tuple[LetterStory, ...]
    is_commentary: bool
    is_brief: bool  # its stories are titles only


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Everything the editors wrote, for one part of the email."""

    intro: str
    sections: tuple[LetterSection, ...]

    @classmethod
    def of(cls, digest: Digest, writer: Writer) -> Prose:
        """Write ``digest`` with ``writer``. Ranks start below the one h1, and none is skipped."""
        sections = []
        levels: list[int] = []
        for section in digest.sections:
            rank = _rank(section, levels)
            under = rank if section.title else 1
            sections.append(
                LetterSection(
                    rank=rank,
                    title=writer.heading(section.title),
                    lead=writer.blocks(section.lead, under=under),
                    stories=tuple(
                        _story(story, writer, under=under, is_essay=digest.is_essay)
                        for story in section.stories
                    ),
                    is_commentary=section.is_commentary,
                    is_brief=bool(section.stories) and not any(story.body for story in section.stories),
                )
            )
        return cls(intro=writer.blocks(digest.intro, under=1), sections=tuple(sections))

    def rewritten(self, rewrite: Callable[[str], str]) -> Prose:
        """Return the same with every written fragment passed through ``rewrite``."""
        return Prose(
            intro=rewrite(self.intro),
            sections=tuple(
                replace(
                    section,
                    title=rewrite(section.title),
                    lead=rewrite(section.lead),
                    stories=tuple(
                        replace(story, title=rewrite(story.title), body=rewrite(story.body))
                        for story in section.stories
                    ),
                )
                for section in self.sections
            ),
        )

    def fragments(self) -> list[str]:
        """Return every written fragment, in reading order."""
        found = [self.intro]
        for section in self.sections:
            found += [section.title, section.lead]
            for story in section.stories:
                found += [story.title, story.body]
        return found


def _story(story: Story, writer: Writer, *, under: int, is_essay: bool) -> LetterStory:
    url = safe_url(story.url) if story.url else None
    rank = min(under + 1, 6)
    return LetterStory(
        number=story.number,
        rank=rank,
        # An essay is one story with the digest's own title, which stands above it already.
        title="" if is_essay else writer.title(story.title, url),
        url=url,
        source=host_of(url) if url else "",
        body=writer.blocks(story.body, under=1 if is_essay else rank),
    )


def _rank(section: Section, levels: list[int]) -> int:
    """Return the rank of a section's heading; ``levels`` are the written levels still open."""
    if not section.title or section.is_commentary:
        levels.clear()
        return 2
    while levels and levels[-1] >= section.level:
        levels.pop()
    levels.append(section.level)
    return min(1 + len(levels), 5)


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()
