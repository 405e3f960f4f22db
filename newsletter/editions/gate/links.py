"""Every link must lead somewhere: a whole address, and one that is safe in an email."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.digests.prose import Link, plain
from newsletter.editions.gate.addresses import fault_of
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.reading import texts_of

_SCHEMES = frozenset(["http", "https", "mailto", "tel"])


def bad_links(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each link that is empty, relative, a placeholder or unsafe."""
    for line, name, url in sorted(_links(evidence)):
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


def _links(evidence: Evidence) -> set[tuple[int, str, str]]:
    """Return line, name and address of each link; one written twice on a line counts once."""
    links = {
        (story.url_line or story.line, story.title_text, story.url)
        for story in evidence.digest.stories
        if story.url is not None
    }
    for line, inlines in texts_of(evidence.digest):
        links |= {(i.line or line, plain(i.children), i.url) for i in inlines if isinstance(i, Link)}
    return links
