"""Markdown marks that were meant as bold type, links or headings and would reach readers as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.visible import visible_text

_MARK = re.compile(r"\*\*|__|```|!?\[[^\[\]]{0,200}\]\s?\((?:https?:|www\.|/)|!\[")
_LINE_MARK = re.compile(r"^(#{2,6})(?=[^\s#])|^(\|(?:[\s:]*-{3,}[\s:]*\|)+)")


def leftover_marks(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line that shows a literal ``**``, ``##``, ``[…](…)`` or the like outside code."""
    seen: set[tuple[int | None, str]] = set()
    # What is found in the text is not told again of the title and subject that repeat it.
    for line, text in sorted(visible_text(evidence), key=lambda piece: piece[0] is None):
        for found in _MARK.finditer(text):
            if not _is_told(seen, line, found[0]):
                seen.add((line, found[0]))
                yield _remark(line, text, found)
    for passage in evidence.passages:
        found = _LINE_MARK.match(passage.text)
        if found and (passage.line, found[0]) not in seen:
            yield _remark(passage.line, passage.text, found)


def _is_told(seen: set[tuple[int | None, str]], line: int | None, mark: str) -> bool:
    return (line, mark) in seen or (line is None and any(mark == other for _, other in seen))


def _remark(line: int | None, text: str, found: re.Match[str]) -> Remark:
    mark = found[0][:40]
    near = text[max(0, found.start() - 10) : found.end() + 10].strip()
    return Remark(
        line=line,
        message_zh=f"读者会看到没有生效的 {mark}：…{near}…",
        message_en=f"Readers would see a literal {mark}: …{near}…",
        remedy_zh=f"请成对书写 **，内侧不留空格；确实要显示 {mark}，请放进反引号",
        remedy_en=f"Write ** in pairs without a blank inside, or put a wanted {mark} in backticks",
    )
