"""Images need an address that works in an email, and words for those who do not see them."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.digests.prose import Image
from newsletter.editions.gate.addresses import fault_of
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.reading import texts_of

_SCHEMES = frozenset(["http", "https"])  # Gmail and Outlook show no data: images


def bad_images(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each image that no mail client can load."""
    for line, image in images_of(evidence):
        if fault := fault_of(image.url, schemes=_SCHEMES):
            shown = image.url[:80]
            yield Remark(
                line=line,
                message_zh=f"图片的地址{fault.zh}（{shown}）",
                message_en=f"The address of an image {fault.en} ({shown})",
                remedy_zh="请把图片放到网上，填上以 https:// 开头的地址，或去掉图片",
                remedy_en="Put the image on the web and write its https:// address, or take it away",
            )


def images_without_words(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each image without alternative text."""
    for line, image in images_of(evidence):
        if not image.alt.strip():
            yield Remark(
                line=line,
                message_zh="图片没有替代文字",
                message_en="An image has no alternative text",
                remedy_zh="请在 ![…] 里写一句说明：看不到图片的读者只能读到它",
                remedy_en="Describe it inside ![…]: those who do not see the image read that instead",
            )


def insecure_images(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each image that is fetched without encryption, which many mail clients refuse."""
    for line, image in images_of(evidence):
        if image.url.lower().startswith("http:"):
            yield Remark(
                line=line,
                message_zh=f"图片用的是 http://（{image.url[:80]}），很多邮箱不显示",
                message_en=f"An image comes by http:// ({image.url[:80]}); many mail clients do not show it",
                remedy_zh="请改成 https:// 的地址",
                remedy_en="Write its https:// address",
            )


def images_of(evidence: Evidence) -> Iterator[tuple[int, Image]]:
    """Yield (line, image) of every image."""
    for line, inlines in texts_of(evidence.digest):
        yield from ((inline.line or line, inline) for inline in inlines if isinstance(inline, Image))
