"""Template marks that nothing has filled in: ``{{ name }}`` is no way to greet a reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import unquoted

_MARK = re.compile(r"\{\{|\}\}|\{%|%\}")


def leftover_templates(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line that shows a template's braces, and on a text part that does."""
    texts = [(passage.line, passage.text) for passage in evidence.passages] + list(headlines_of(evidence))
    lines = {line: found[0] for line, text in texts if (found := _MARK.search(unquoted(text)))}
    # Title, subject and preheader repeat what the text says, and may cut a quotation in two.
    if len(lines) > 1 or _MARK.search(evidence.digest.source):
        lines.pop(None, None)
    # The text part repeats the digest's own words; alone it tells of a template that failed.
    elif not lines and evidence.text_part and (found := _MARK.search(evidence.text_part)):
        lines[None] = found[0]
    for line, mark in lines.items():
        yield Remark(
            line=line,
            message_zh=f"读者会看到模板标记 {mark}",
            message_en=f"Readers would see the template mark {mark}",
            remedy_zh="请填上内容，或把它放进反引号",
            remedy_en="Fill it in, or put it in backticks",
        )
