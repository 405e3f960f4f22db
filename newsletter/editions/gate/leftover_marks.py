"""Markdown marks that were meant as bold type and would reach readers as stars."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.visible import visible_text

_MARK = re.compile(r"\*\*|__")


def leftover_marks(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line that shows a literal ``**`` or ``__`` outside code."""
    seen: set[tuple[int | None, str]] = set()
    for line, text in visible_text(evidence):
        for found in _MARK.finditer(text):
            mark = found[0]
            if (line, mark) in seen:
                continue
            seen.add((line, mark))
            near = text[max(0, found.start() - 10) : found.end() + 10].strip()
            yield Remark(
                line=line,
                message_zh=f"读者会看到没有生效的 {mark}：…{near}…",
                message_en=f"Readers would see a literal {mark}: …{near}…",
                remedy_zh=f"请成对书写 **，内侧不留空格；确实要显示 {mark}，请放进反引号",
                remedy_en=f"Write ** in pairs without a blank inside, or put a wanted {mark} in backticks",
            )
