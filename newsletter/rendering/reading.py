"""How long a digest takes to read, and short pieces of it for the inbox: cut subjects, first sentences.

Widths are in Han characters: anything narrower, such as a Latin letter, counts as half of one.

Pure: values in, values out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from newsletter.digests.digest import Digest
from newsletter.digests.prose import (
    Block,
    CodeBlock,
    Heading,
    Inline,
    ListBlock,
    Paragraph,
    Quote,
    Table,
    plain,
)

HAN_PER_MINUTE = 400
WORDS_PER_MINUTE = 230
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[A-Za-z0-9]+(?:[.'’-][A-Za-z0-9]+)*")
_SENTENCE_END = re.compile(
    r"(?<=[。！？!?…])(?![。！？!?…”’」』）)])|(?<=[。！？!?…][”’」』）)])|(?<=[.!?])\s+(?=\S)"
)
_CLAUSE_END = re.compile(r"(?<=[，；：。！？])|(?<=[,;:.!?]) ")
# "Here is the news:" and a bare date.
_SAYS_NOTHING = re.compile(r".*[：:]\s*|[\s\d年月日星期周一二三四五六.:/-]*", re.DOTALL)


def minutes(digest: Digest) -> int:
    """Return how many minutes ``digest`` takes to read, at least one."""
    text = "\n".join(visible_text(digest))
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    return max(1, round(han / HAN_PER_MINUTE + words / WORDS_PER_MINUTE))


def visible_text(digest: Digest) -> Iterator[str]:
    """Yield every visible line of ``digest`` in reading order, raw HTML left out."""
    yield digest.title
    yield from lines_of(digest.intro)
    for section in digest.sections:
        yield section.title_text
        yield from lines_of(section.lead)
        for story in section.stories:
            yield story.title_text
            yield from lines_of(story.body)


def lines_of(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the visible text of each leaf of ``blocks``."""
    for block in blocks:
        match block:
            case Paragraph(children) | Heading(_, children):
                yield plain(children)
            case Quote(children):
                yield from lines_of(children)
            case ListBlock(_, items):
                for item in items:
                    yield from lines_of(item)
            case CodeBlock(text):
                yield text
            case Table(_, header, rows):
                cells: Iterable[tuple[Inline, ...]] = (*header, *(cell for row in rows for cell in row))
                yield from map(plain, cells)


def width(text: str) -> float:
    """Return how many Han characters wide ``text`` is."""
    # A: quotation marks and dashes, which Chinese fonts draw as wide as a Han character.
    return sum(
        0.0 if unicodedata.combining(c) else 1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.5
        for c in text
    )


def cut(text: str, han: int) -> str:
    """Return ``text``, or as much of it as fits in ``han`` Han characters with an … at its end."""
    text = one_line(text)
    if width(text) <= han:
        return text
    room, end = float(han - 1), 0
    while room >= (step := width(text[end])):
        room, end = room - step, end + 1
    kept = text[:end]
    # Whole clauses read best, when not too much is lost for them.
    clause = _CLAUSE_END.split(kept)[-1]
    if clause != kept and width(kept) - width(clause) >= han * 0.6:
        return _without_tail(kept.removesuffix(clause)) + "…"
    # A Latin word is kept whole, unless it is all there is.
    if _WORD.match(text[end]) and _WORD.search(kept[-1:]):
        whole = re.sub(r"[A-Za-z0-9.'’-]+$", "", kept)
        kept = whole if width(whole) >= han / 2 else kept
    return _without_tail(kept) + "…"


def first_sentences(blocks: Iterable[Block], han: int) -> str:
    """Return the first whole sentences of ``blocks`` that fit in ``han``, or the first one, cut.

    A line that only announces what follows (and so ends with a colon) says nothing, nor does a date.
    """
    text = " ".join(line for line in map(one_line, lines_of(blocks)) if not _SAYS_NOTHING.fullmatch(line))
    taken = ""
    for sentence in _SENTENCE_END.split(text):
        joined = f"{taken} {sentence}".strip() if taken and taken[-1].isascii() else taken + sentence
        if width(joined) > han:
            break
        taken = joined
    return taken.strip() or cut(text, han)


def _without_tail(text: str) -> str:
    return text.rstrip(" ，、；：。,;:—-–（(“‘「《")


def one_line(text: str) -> str:
    """Return ``text`` with every run of blanks and line ends made one blank."""
    return " ".join(text.split())
