"""Raw HTML that no email may hold, and that is taken out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.digests.prose import RawBlock, RawInline
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.reading import blocks_of, texts_of

_ACTIVE = re.compile(
    r"<(script|style|iframe|frame|frameset|object|embed|applet|form|input|button|select|textarea|svg|math|video"
    r"|audio|canvas|link|meta|base)\b",
    re.I,
)


def removed_html(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each active element written as raw HTML."""
    for line, html in _raw(evidence):
        for found in _ACTIVE.finditer(html):
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
