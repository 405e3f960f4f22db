"""Notes, filler and slots that editors, templates and models leave behind: TODO, lorem ipsum, [新闻标题].

A story may be about a to-do app or about lorem ipsum; what makes a word a leaving is where it stands.
The tables of ``unfinished`` say both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import Place, unquoted
from newsletter.editions.gate.unfinished.filler import FILLER, LOREM
from newsletter.editions.gate.unfinished.notes import NOTES
from newsletter.editions.gate.unfinished.rows import left_over
from newsletter.editions.gate.unfinished.slots import slot_in

_ABOUT_FILLER = re.compile(
    r"cicero|西塞罗|填充文|占位文|假文|排版|拉丁|typograph|typeset|filler|dummy|latin|printer", re.I
)
_ABOUT_NOTES = re.compile(
    r"注释|代码|仓库|提交|清单|待办|应用|comments?\b|\bcode\b|\bapps?\b|\blists?\b|commit|linter", re.I
)
_TASK = re.compile(r"\W*(?:TODO|TO-DO|FIXME|XXX)")


def leftover_notes(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each note of an editor to himself, and on filler text."""
    for line, text in _texts(evidence):
        found = left_over(text, NOTES)
        if found and _TASK.match(found) and _ABOUT_NOTES.search(text) and not text.startswith(found):
            found = None
        found = found or left_over(text, FILLER)
        found = found or (None if _ABOUT_FILLER.search(text) else left_over(text, LOREM))
        if found:
            yield Remark(
                line=line,
                message_zh=f"读者会看到没写完的备注：“{found}”",
                message_en=f"Readers would see an unfinished note: “{found}”",
                remedy_zh="请写完或删去；确实要写这个词，请放进反引号或引号",
                remedy_en="Finish or delete it; put the word in backticks or quotation marks if it is wanted",
            )


def leftover_slots(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each slot of a template that nobody filled."""
    quoted = ((p.line, p.text) for p in evidence.passages if p.text[0] in "「『《“" and len(p.text) < 12)
    for line, text in (*_texts(evidence), *quoted):
        if found := slot_in(text):
            yield Remark(
                line=line,
                message_zh=f"读者会看到没有填写的占位“{found}”",
                message_en=f"Readers would see the empty slot “{found}”",
                remedy_zh="请填上内容，或删去这一条",
                remedy_en="Fill it in, or delete the story",
            )


def _texts(evidence: Evidence) -> Iterator[tuple[int | None, str]]:
    """Yield (line, text) of what nobody quotes; the words over the digest only when they say more."""
    whole = []
    for passage in evidence.passages:
        whole.append(passage.text)
        # The label before a paragraph (标题：, 来源：) is a heading of its own.
        if passage.place is not Place.HEADING or not passage.text.endswith(("：", ":")):
            yield passage.line, unquoted(passage.text)
    for line, text in headlines_of(evidence):
        if not any(text in other for other in whole):
            yield line, unquoted(text)
