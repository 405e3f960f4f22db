"""Template marks that nothing has filled in: ``{{ name }}`` is no way to greet a reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.visible import visible_text

_MARK = re.compile(r"\{\{|\}\}|\{%|%\}")


def leftover_templates(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line that shows a template's braces, and on a text part that does."""
    lines = {line: found[0] for line, text in visible_text(evidence) if (found := _MARK.search(text))}
    if len(lines) > 1:  # title and subject repeat what the text says
        lines.pop(None, None)
    # The text part repeats the digest's own words; alone it tells of a template that failed.
    if not lines and evidence.text_part and (found := _MARK.search(evidence.text_part)):
        lines[None] = found[0]
    for line, mark in lines.items():
        yield Remark(
            line=line,
            message_zh=f"读者会看到模板标记 {mark}",
            message_en=f"Readers would see the template mark {mark}",
            remedy_zh="请填上内容，或把它放进反引号",
            remedy_en="Fill it in, or put it in backticks",
        )
