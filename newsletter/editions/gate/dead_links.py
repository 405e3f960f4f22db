"""Links and images whose far end says that there is no such thing."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.hosts import links_of
from newsletter.editions.gate.images import images_of
from newsletter.editions.gate.probe import ProbeResult, Reach

MOST_DEAD = 3  # one dead link is a mishap of its far end; more than a third of them are the digest's own


def dead_links(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each link that is dead."""
    for line, name, url in links_of(evidence):
        if found := _dead(evidence, url):
            yield Remark(
                line=line,
                message_zh=f"“{name[:30]}”的链接打不开（{_why(found)}）：{url[:80]}",
                message_en=f"The link of “{name[:60]}” is dead ({_why(found)}): {url[:80]}",
                remedy_zh="请换成能打开的网址，或删去这一条",
                remedy_en="Write an address that opens, or delete the story",
            )


def many_dead_links(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a digest of which more than a third of the stories lead nowhere."""
    stories = [story for story in evidence.digest.stories if story.url]
    dead = [story for story in stories if _dead(evidence, story.url or "")]
    if len(dead) * MOST_DEAD > len(stories):
        yield Remark(
            line=dead[0].url_line or dead[0].line,
            message_zh=f"{len(stories)} 条新闻里有 {len(dead)} 条的链接打不开",
            message_en=f"The links of {len(dead)} of {len(stories)} stories are dead",
            remedy_zh="这些网址可能是编造的，请逐条核对",
            remedy_en="They may be made up: check each of them",
        )


def dead_images(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each image that is not there."""
    for line, image in images_of(evidence):
        if found := _dead(evidence, image.url):
            yield Remark(
                line=line,
                message_zh=f"图片打不开（{_why(found)}）：{image.url[:80]}",
                message_en=f"An image is not there ({_why(found)}): {image.url[:80]}",
                remedy_zh="请换一张图片，或去掉它",
                remedy_en="Use another image, or take it away",
            )


def heavy_images(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each image that readers on the move wait for."""
    for line, image in images_of(evidence):
        found = (evidence.probes or {}).get(image.url)
        if found and found.bytes and found.bytes > evidence.policy.heaviest_image_bytes:
            most = evidence.policy.heaviest_image_bytes
            yield Remark(
                line=line,
                message_zh=f"图片有 {found.bytes:,} 字节，超过 {most:,}",
                message_en=f"An image has {found.bytes:,} bytes; more than {most:,} is slow on a phone",
                remedy_zh="请压缩图片，宽 1200 像素足够",
                remedy_en="Compress it; a width of 1200 pixels is enough",
            )


def _dead(evidence: Evidence, url: str) -> ProbeResult | None:
    found = (evidence.probes or {}).get(url)
    return found if found and found.reach is Reach.DEAD else None


def _why(found: ProbeResult) -> str:
    return found.detail or f"HTTP {found.status}"
