"""What a digest says in its own words, line by line: quotations, quotes and code are somebody else's.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import Place, unquoted
from newsletter.editions.gate.talk.cue import Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """The own words of one line, and whether they stand around the news or are a part of it."""

    line: int | None
    text: str
    where: Where


def spoken(evidence: Evidence, *, with_titles: bool = False) -> Iterator[Spoken]:
    """Yield what nobody is quoted with; the words over the digest only when they say more than its text.

    A last paragraph that stands apart from a story's own is an end, and so are an essay's first and last
    words: a model's farewell stands in no section of its own.
    """
    passages = evidence.passages
    seen = set()
    told = {passage.story for passage in passages if passage.place is Place.STORY}
    ends = _ends(evidence)
    for passage in passages:
        if passage.is_quote:
            continue
        seen.add(passage.text)
        # A story may be called after what a model says; then its text is about that.
        if passage.place is Place.TITLE and passage.story in told and not with_titles:
            continue
        # An essay has no frame: all of it is somebody's own.
        where = Where.END if evidence.digest.is_essay else Where.FRAME
        if passage.is_in_story:
            where = Where.END if passage.line in ends else Where.STORY
        yield Spoken(line=passage.line, text=unquoted(passage.text), where=where)
    for line, text in headlines_of(evidence):
        if not any(text[:20] in other for other in seen):
            yield Spoken(line=line, text=unquoted(text), where=Where.FRAME)


def _ends(evidence: Evidence) -> set[int]:
    """Return the lines of the first and last words that belong to a story only by where they stand."""
    passages = [passage for passage in evidence.passages if passage.place is Place.STORY]
    if not passages:
        return set()
    first, last = passages[0], passages[-1]
    before = next((p for p in reversed(passages) if p.line < last.line), None)
    stands_apart = before is not None and before.story == last.story and before.line < last.line - 1
    ends = {last.line} if stands_apart else set[int]()
    return ends | {first.line} if evidence.digest.is_essay else ends
