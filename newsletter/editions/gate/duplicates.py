"""The same story must not stand twice in one digest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from newsletter.digests.digest import Story
from newsletter.digests.prose import Heading, Paragraph, every_block, plain
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.sites import leads_to_an_article, same_page
from newsletter.editions.gate.stories import name_of

_SHORTEST_TITLE = 6  # letters; 一句话新闻 may head several
_ALIKE = 0.4  # of the pairs of letters, where two stories lead to one page


def duplicate_stories(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each story that repeats one before it: its title, text, or link and much of its words."""
    seen: list[tuple[int, Story, str, str, str]] = []
    for place, story in enumerate(evidence.digest.stories, 1):
        title, text, page = _bare(story.title_text), _bare(_text(story)), same_page(story.url or "")
        for other_place, other, other_title, other_text, other_page in seen:
            is_title = len(title) >= _SHORTEST_TITLE and title == other_title
            is_text = len(text) >= 40 and text == other_text
            is_page = bool(page) and page == other_page and leads_to_an_article(page)
            if is_title or is_text or (is_page and _alike(title + text, other_title + other_text)):
                yield _remark(place, story, other_place, other)
                break
        seen.append((place, story, title, text, page))


def _alike(one: str, other: str) -> bool:
    pairs, others = ({text[at : at + 2] for at in range(len(text) - 1)} for text in (one, other))
    fewer = min(len(pairs), len(others))
    return fewer == 0 or len(pairs & others) >= _ALIKE * fewer


def _text(story: Story) -> str:
    return "".join(
        plain(block.children) for block in every_block(story.body) if isinstance(block, Paragraph | Heading)
    )


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()


def _remark(place: int, story: Story, other_place: int, other: Story) -> Remark:
    zh, en = name_of(place, story)
    other_number = other.number or other_place
    return Remark(
        line=story.line,
        message_zh=f"{zh}与第 {other_number} 条（第 {other.line} 行）重复",
        message_en=f"{en[0].upper()}{en[1:]} repeats story {other_number} (line {other.line})",
        remedy_zh="请删去其中一条",
        remedy_en="Delete one of the two",
    )
