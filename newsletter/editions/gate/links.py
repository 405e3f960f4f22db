"""Every link must lead somewhere: a whole address, safe in an email, and to a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.addresses import fault_of
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.hosts import links_of
from newsletter.editions.gate.stories import name_of

_PICTURE = re.compile(r"^https?://[^?#]+\.(?:png|jpe?g|gif|webp|bmp|svg|avif)$", re.I)
_SCHEMES = frozenset(["http", "https", "mailto", "tel"])


def bad_links(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each link that is empty, relative, a placeholder or unsafe."""
    for line, name, url in links_of(evidence):
        if fault := fault_of(url, schemes=_SCHEMES):
            shown = f"（{url[:80]}）" if url.strip() else ""
            shown_en = f" ({url[:80]})" if url.strip() else ""
            yield Remark(
                line=line,
                message_zh=f"“{name[:30]}”的链接{fault.zh}{shown}",
                message_en=f"The link of “{name[:60]}” {fault.en}{shown_en}",
                remedy_zh="请填上以 https:// 开头的网址，或去掉这个链接",
                remedy_en="Write an address that starts with https://, or take the link away",
            )


def picture_links(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each story that leads to a bare picture in place of its source."""
    for place, story in enumerate(evidence.digest.stories, 1):
        if story.url and _PICTURE.search(story.url):
            zh, en = name_of(place, story)
            yield Remark(
                line=story.url_line or story.line,
                message_zh=f"{zh}的链接只是一张图片（{story.url[:80]}）",
                message_en=f"The link of {en} leads to a picture ({story.url[:80]})",
                remedy_zh="请换成原文的网址",
                remedy_en="Write the address of the source",
            )
