"""Notes, filler and slots that editors, templates and models leave behind: TODO, lorem ipsum, [新闻标题].

A story may be about a to-do app or about lorem ipsum; what makes a word a leaving is where it stands.
The tables of ``unfinished`` say both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import Passage, Place, unquoted
from newsletter.editions.gate.unfinished.filler import FILLER, LOREM, SAMPLES
from newsletter.editions.gate.unfinished.notes import NOTES
from newsletter.editions.gate.unfinished.rows import Row, left_over
from newsletter.editions.gate.unfinished.slots import slot_in

_ABOUT_FILLER = re.compile(
    r"cicero|西塞罗|填充文|占位|假文|排版|拉丁|typograph|typeset|filler|dummy|latin|printer|占位符", re.I
)
_ABOUT_NOTES = re.compile(
    r"注释|代码|仓库|提交|清单|待办|应用|程序员|comments?\b|\bcode\b|\bapps?\b|\blists?\b|commit|linter", re.I
)
_TASK = re.compile(r"\W*(?:TODO|TO-DO|FIXME|XXX)\b")
_QUOTES = "「『《“"


@dataclass(frozen=True, slots=True)
class _Read:
    """One line, and the words of the whole story that it stands in."""

    line: int | None
    text: str
    story: str
    passage: Passage | None = None


def leftover_notes(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each note of an editor to himself, and on filler text."""
    told = set()
    for read in _reads(evidence):
        found = _note_in(read)
        # Subject and preheader repeat the titles.
        if found and (read.passage or found not in told):
            told.add(found)
            yield Remark(
                line=read.line,
                message_zh=f"读者会看到没写完的备注：“{found}”",
                message_en=f"Readers would see an unfinished note: “{found}”",
                remedy_zh="请写完或删去；确实要写这个词，请放进反引号或引号",
                remedy_en="Finish or delete it; put the word in backticks or quotation marks if it is wanted",
            )


def leftover_slots(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each slot of a template that nobody filled."""
    quoted = [
        _Read(passage.line, passage.text, "")
        for passage in evidence.passages
        if passage.text.startswith(tuple(_QUOTES)) and len(passage.text) < 12
    ]
    told = set()
    for read in (*quoted, *_reads(evidence)):
        found = slot_in(read.text)
        if found and (read.line or found not in told):
            told.add(found)
            yield Remark(
                line=read.line,
                message_zh=f"读者会看到没有填写的占位“{found}”",
                message_en=f"Readers would see the empty slot “{found}”",
                remedy_zh="请填上内容，或删去这一条",
                remedy_en="Fill it in, or delete the story",
            )


def _note_in(read: _Read) -> str | None:
    """Return the note on one line; None without one, and when the story is about such notes."""
    is_cell = read.passage is not None and read.passage.is_cell
    rows: tuple[Row, ...] = (*NOTES, *FILLER)
    # A section may be called 测试, and a cell of a table may say 待定 or TBD.
    if not is_cell and (read.passage is None or read.passage.place is not Place.HEADING):
        rows += SAMPLES
    if is_cell:
        rows = tuple(row for row in rows if not row.is_alone)
    found = left_over(read.text, rows)
    if found and _TASK.match(found) and _ABOUT_NOTES.search(read.story) and not read.text.startswith(found):
        found = None
    return found or (None if _ABOUT_FILLER.search(read.story) else left_over(read.text, LOREM))


def _reads(evidence: Evidence) -> Iterator[_Read]:
    """Yield each line without what it quotes; the words over the digest only when they say more."""
    stories: dict[int | None, str] = {}
    for passage in evidence.passages:
        stories[passage.story] = f"{stories.get(passage.story, '')}\n{passage.text}"
    whole = [passage.text for passage in evidence.passages]
    for passage in evidence.passages:
        # The label before a paragraph (标题：, 来源：) is a heading of its own.
        if passage.place is not Place.HEADING or not passage.text.endswith(("：", ":")):
            yield _Read(passage.line, unquoted(passage.text), stories[passage.story], passage)
    for line, text in headlines_of(evidence):
        if not any(text in other for other in whole):
            yield _Read(line, unquoted(text), text)
