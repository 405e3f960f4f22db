"""Gmail cuts an email off at about 102,000 bytes of HTML, and the leave link with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from newsletter.digests.digest import Story
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark

MOST_BYTES = 100_000
MANY_BYTES = 80_000


def too_big(evidence: Evidence) -> Iterator[Remark]:
    """Remark on an email over the limit, and name the story whose cut brings it under."""
    if evidence.html_bytes is None or evidence.html_bytes <= MOST_BYTES:
        return
    line, cut_zh, cut_en = _cut(evidence, evidence.html_bytes - MOST_BYTES)
    yield Remark(
        line=line,
        message_zh=f"邮件有 {evidence.html_bytes:,} 字节，超过 {MOST_BYTES:,}，会被 Gmail 截断",
        message_en=f"The email has {evidence.html_bytes:,} bytes; Gmail clips it over {MOST_BYTES:,}",
        remedy_zh=cut_zh,
        remedy_en=cut_en,
    )


def nearly_too_big(evidence: Evidence) -> Iterator[Remark]:
    """Remark on an email near the limit."""
    if evidence.html_bytes is None or not MANY_BYTES < evidence.html_bytes <= MOST_BYTES:
        return
    yield Remark(
        line=None,
        message_zh=f"邮件有 {evidence.html_bytes:,} 字节，超过 {MOST_BYTES:,} 就会被截断",
        message_en=f"The email has {evidence.html_bytes:,} bytes; over {MOST_BYTES:,} it is clipped",
        remedy_zh="请留意长度",
        remedy_en="Mind its length",
    )


def _cut(evidence: Evidence, excess: int) -> tuple[int | None, str, str]:
    """Return line and words of what to cut: one story, the last that is big enough, or several."""
    stories, sizes = evidence.digest.stories, evidence.story_bytes
    if sizes is None or len(sizes) != len(stories):
        return None, "请删减内容", "Cut some of it"
    enough = [place for place, size in enumerate(sizes) if size >= excess]
    if enough and len(stories) > 1:
        place = enough[-1]
        name = _name(stories[place], place)
        return stories[place].line, f"删去{name[0]}就够了", f"It is enough to cut {name[1]}"
    freed = list(accumulate(reversed(sizes)))
    count = next((n for n, total in enumerate(freed, start=1) if total >= excess), len(stories))
    if count >= len(stories):  # even without any story it would be too big, or empty
        return None, "请大幅缩短正文", "Shorten the text by much"
    place = len(stories) - count
    name = _name(stories[place], place)
    return (
        stories[place].line,
        f"请删去最后 {count} 条新闻，从{name[0]}起",
        f"Cut the last {count} stories, from {name[1]} on",
    )


def _name(story: Story, place: int) -> tuple[str, str]:
    number, title = story.number or place + 1, story.title_text[:30]
    return f"第 {number} 条“{title}”", f"story {number} “{title}”"
