"""Every story needs what the others have: a link to its source, and a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.digests.digest import Digest, Story
from newsletter.digests.prose import Rule, every_block
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark

_HABIT = 0.75  # what so many of the stories have, the others are missing
_SENTENCE_ENDS = ("。", "！", "？", ".", "!", "；")
_LINES_OF_A_STORY = 12
_FEWEST = 3  # stories, before one can speak of a habit


def empty_stories(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each story that has neither a link nor a text."""
    for place, story in _stories(evidence.digest):
        if story.url is None and not has_text(story):
            yield _remark(place, story, "既没有链接也没有正文", "has neither a link nor a text")


def stories_without_link(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each story without a link, where nearly all have one."""
    stories = evidence.digest.stories
    if _is_habit(sum(story.url is not None for story in stories), len(stories)):
        for place, story in _stories(evidence.digest):
            if story.url is None and has_text(story):
                yield _remark(place, story, "没有链接", "has no link")
    yield from _lost_stories(evidence.digest)


def stories_without_text(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each story without a text, where nearly all have one."""
    stories = evidence.digest.stories
    if _is_habit(sum(has_text(story) for story in stories), len(stories)):
        for place, story in _stories(evidence.digest):
            if not has_text(story) and story.url is not None:
                yield _remark(place, story, "没有正文", "has no text")


def has_text(story: Story) -> bool:
    """Say whether there is anything under a story's title, or the title is a sentence that tells all."""
    if story.title_text.endswith(_SENTENCE_ENDS):
        return True
    return any(not isinstance(block, Rule) for block in every_block(story.body))


def _lost_stories(digest: Digest) -> Iterator[Remark]:
    """Remark on each number that the stories leave out, where a line has it: nobody took it for a story."""
    lines = digest.source.split("\n")
    number, line = 0, 0
    for story in digest.stories:
        if story.number is None or story.number <= number:
            number, line = story.number or 0, story.line
            if number != 2:
                continue
            number, line = 0, max(0, story.line - _LINES_OF_A_STORY)
        for missing in range(number + 1, story.number or 0):
            mark = re.compile(rf"\W*0?{missing}\s*[、.．)）]\s*[^\s\d]")
            at = next((n for n in range(line + 1, story.line) if mark.match(lines[n - 1])), None)
            if at:
                yield Remark(
                    line=at,
                    message_zh=f"第 {missing} 条没有链接，读起来不像一条新闻",
                    message_en=f"Story {missing} has no link, and cannot be told from the text around it",
                    remedy_zh="请补上原文链接，或删去这一条",
                    remedy_en="Write its link, or delete the story",
                )
        number, line = story.number or 0, story.line


def _stories(digest: Digest) -> Iterator[tuple[int, Story]]:
    if not digest.is_essay:
        yield from enumerate(digest.stories, 1)


def _is_habit(count: int, of: int) -> bool:
    return of >= _FEWEST and count < of and (count == of - 1 or count >= _HABIT * of)


def name_of(place: int, story: Story) -> tuple[str, str]:
    """Return what people call a story, in both languages; ``place`` counts from 1."""
    number, title = story.number or place, story.title_text[:30]
    return f"第 {number} 条“{title}”", f"story {number} “{title}”"


def _remark(place: int, story: Story, zh: str, en: str) -> Remark:
    name_zh, name_en = name_of(place, story)
    return Remark(
        line=story.line,
        message_zh=f"{name_zh}{zh}",
        message_en=f"{name_en[0].upper()}{name_en[1:]} {en}",
        remedy_zh="请补上，或删去这一条",
        remedy_en="Write it, or delete the story",
    )
