"""Every story needs a title: it is the heading and the name of the link."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark


def untitled_stories(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each story without a visible title."""
    for place, story in enumerate(evidence.digest.stories, start=1):
        if not story.title_text:
            number = story.number or place
            yield Remark(
                line=story.line,
                message_zh=f"第 {number} 条新闻没有标题",
                message_en=f"Story {number} has no title",
                remedy_zh="请补上标题，或删去这一条",
                remedy_en="Give it a title, or delete it",
            )
