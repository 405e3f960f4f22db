"""Raw HTML that no email may hold: what is harmful, and what is only lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.digests.prose import RawBlock, RawInline
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.reading import blocks_of, texts_of

# Nobody writes these into a digest by hand: they come with a page, or an attack, that was pasted.
_UNSAFE = re.compile(
    r"<(script|iframe|frame|frameset|object|embed|applet|form|meta|base|link)\b"
    r"|<[a-z][^>]*?\s(on[a-z]{3,20})\s*=|<[a-z][^>]*?\b(?:href|src|action)\s*=\s*[\"']?\s*(javascript"
    r"|vbscript|data):",
    re.I,
)
_REMOVED = re.compile(r"<(style|input|button|select|textarea|svg|math|video|audio|canvas)\b", re.I)


def unsafe_html(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each piece of raw HTML that could do harm."""
    for line, html in _raw(evidence):
        for found in _UNSAFE.finditer(html):
            name = next(filter(None, found.groups())).lower()
            yield Remark(
                line=line + html.count("\n", 0, found.start()),
                message_zh=f"有不安全的 HTML：{name}",
                message_en=f"There is unsafe HTML: {name}",
                remedy_zh="请删去这段 HTML，并看看它是怎么进来的",
                remedy_en="Delete the HTML, and see how it got in",
            )


def removed_html(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each element that readers would not see."""
    for line, html in _raw(evidence):
        for found in _REMOVED.finditer(html):
            name = found[1].lower()
            yield Remark(
                line=line + html.count("\n", 0, found.start()),
                message_zh=f"<{name}> 在邮件里会被删去",
                message_en=f"<{name}> is removed from the email",
                remedy_zh="请改用文字、链接或图片",
                remedy_en="Use text, a link or an image instead",
            )


def _raw(evidence: Evidence) -> Iterator[tuple[int, str]]:
    for block in blocks_of(evidence.digest):
        if isinstance(block, RawBlock):
            yield block.line, block.html
    for line, inlines in texts_of(evidence.digest):
        yield from ((i.line or line, i.html) for i in inlines if isinstance(i, RawInline))
