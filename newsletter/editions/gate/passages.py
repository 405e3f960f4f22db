"""What a reader reads, line by line as it was written, and where in the digest it stands.

Code is no text: it stands here as one mark. ``unquoted`` takes out what is only quoted, so that a
story about a fault is not taken for the fault.

Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from newsletter.digests.digest import Digest
from newsletter.digests.prose import (
    Block,
    Code,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    Strike,
    Strong,
    Table,
    Text,
)

CODE = "\ufffc"  # stands for code, and for what was quoted
_QUOTED = re.compile(
    r"“[^“”]{0,400}”|「[^「」]{0,400}」|『[^『』]{0,400}』|‘[^‘’]{0,400}’|\"[^\"]{0,400}\"|《[^《》]{1,100}》"
    r"|(?<![A-Za-z0-9])'[^']{1,200}'(?![A-Za-z0-9])"
)


class Place(StrEnum):
    """Where in a digest something stands."""

    INTRO = "intro"
    HEADING = "heading"
    LEAD = "lead"  # prose of a section outside its stories
    TITLE = "title"  # of a story
    STORY = "story"


@dataclass(frozen=True, slots=True)
class Passage:
    """What stands on one line, or in one cell of a table."""

    line: int
    text: str
    place: Place
    story: int | None  # its place in digest.stories
    is_quote: bool = False
    is_cell: bool = False  # of a table

    @property
    def is_in_story(self) -> bool:
        """Whether it belongs to one story and not to the frame around them."""
        return self.story is not None


def passages_of(digest: Digest) -> tuple[Passage, ...]:
    """Return all running text, in reading order."""
    return tuple(_passages(digest))


@lru_cache(maxsize=2048)
def unquoted(text: str) -> str:
    """Return ``text`` with a mark in place of each quotation."""
    return _QUOTED.sub(CODE, text)


def story_at(digest: Digest, line: int | None) -> int | None:
    """Return the place of the story that holds ``line``; None when it lies outside all of them."""
    if not line or digest.is_essay:
        return None
    starts: list[tuple[int, int]] = []  # (line, place of the story or -1)
    place = 0
    for section in digest.sections:
        starts += [(section.line, -1)] if section.line else []
        starts += [(block.line, -1) for block in section.lead]
        for story in section.stories:
            starts.append((story.line, place))
            place += 1
    starts.sort()
    at = bisect_right(starts, (line, place)) - 1
    return starts[at][1] if at >= 0 and starts[at][1] >= 0 else None


def _passages(digest: Digest) -> Iterator[Passage]:
    yield from _of_blocks(digest.intro, Place.INTRO, None)
    place = 0
    for section in digest.sections:
        yield from _of_inlines(section.title, section.line, Place.HEADING, None)
        yield from _of_blocks(section.lead, Place.LEAD, None)
        for story in section.stories:
            if not digest.is_essay:
                yield from _of_inlines(story.title, story.line, Place.TITLE, place)
            yield from _of_blocks(story.body, Place.STORY, place)
            place += 1


def _of_blocks(
    blocks: Iterable[Block], place: Place, story: int | None, *, quoted: bool = False
) -> Iterator[Passage]:
    for block in blocks:
        match block:
            case Paragraph(children) | Heading(_, children):
                yield from _of_inlines(children, block.line, place, story, quoted=quoted)
            case Quote(children):
                yield from _of_blocks(children, place, story, quoted=True)
            case ListBlock(_, items):
                for item in items:
                    yield from _of_blocks(item, place, story, quoted=quoted)
            case Table(_, header, rows):
                for row in (header, *rows):
                    for cell in row:
                        for passage in _of_inlines(cell, block.line, place, story, quoted=quoted):
                            yield replace(passage, is_cell=True)


def _of_inlines(
    inlines: Iterable[Inline], line: int, place: Place, story: int | None, *, quoted: bool = False
) -> Iterator[Passage]:
    lines: dict[int, list[str]] = {}
    current = line
    for own_line, text in _pieces(inlines):
        current = own_line or current
        lines.setdefault(current, []).append(text)
        if text == "\n":
            current += 1
    for number, pieces in lines.items():
        if text := "".join(pieces).strip():
            yield Passage(number, text, place, story, quoted)


def _pieces(inlines: Iterable[Inline]) -> Iterator[tuple[int, str]]:
    """Yield (line or 0, text) of everything shown."""
    for inline in inlines:
        match inline:
            case Text(text, line):
                yield line, text
            case Code():
                yield 0, CODE
            case Image(_, alt, _, line):
                yield line, alt
            case LineBreak():
                yield 0, "\n"
            case Link(_, children, _, line):
                yield line, ""
                yield from _pieces(children)
            case Strong(children) | Emphasis(children) | Strike(children):
                yield from _pieces(children)
