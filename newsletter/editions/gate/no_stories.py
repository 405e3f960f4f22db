"""A digest needs at least one story. An essay is one."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark


def no_stories(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a digest that is neither stories nor an essay."""
    if not evidence.digest.stories:
        yield Remark(
            line=None,
            message_zh="没有找到任何一条新闻",
            message_en="There is no story in it",
            remedy_zh="请写成“1. [标题](链接)”这样的列表，或“## 标题”加正文和原文链接",
            remedy_en="Write `1. [title](url)` and so on, or `## title` over text and a source link",
        )
