"""Which words are a digest's title, when its front matter does not say.

Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from newsletter.digests.lines import join_lines, settle, split_lines
from newsletter.digests.outline import outline
from newsletter.digests.phrases import (
    DECORATION,
    is_greeting,
    is_masthead,
    may_be_title,
    names_commentary,
    names_overview,
    names_references,
)
from newsletter.digests.prose import (
    Block,
    Heading,
    Image,
    Inline,
    Link,
    Paragraph,
    RawBlock,
    Rule,
    every_inline,
    plain,
)
from newsletter.digests.structure import is_story_heading
from newsletter.digests.trimming import cut_front, trim


def take_title(blocks: Sequence[Block], given: str | None) -> tuple[str | None, tuple[Block, ...]]:
    """Return the title, and ``blocks`` without it.

    ``given`` is the front matter's and wins; a heading or first line that only repeats it goes.
    The title is never a greeting, a story or a commentary; it is None when nothing looks like one.
    """
    at = _title_heading(blocks)
    if at is not None and isinstance(heading := blocks[at], Heading):
        title, rest = _text(heading.children), (*blocks[:at], *blocks[at + 1 :])
    else:
        title, rest = _title_line(blocks)
    if given is None:
        return title, rest
    return given, (rest if title and _bare(title) == _bare(given) else tuple(blocks))


def _title_heading(blocks: Sequence[Block]) -> int | None:
    """Return where the heading over the whole digest is: the first, with only prose before it."""
    places = [at for at, block in enumerate(blocks) if isinstance(block, Heading)]
    if not places or not isinstance(heading := blocks[places[0]], Heading):
        return None
    text = _text(heading.children)
    if _leads_away(heading.children):
        return None
    if not text or is_greeting(text) or names_commentary(text) or names_overview(text):
        return None
    before = blocks[: places[0]]
    if any(run.drafts or run.is_commentary for run in outline(before, ())):
        return None
    if heading.level > 1:
        others = [block.level for at in places[1:] if isinstance(block := blocks[at], Heading)]
        starts = all(_is_unseen(block) or _greets(block) for block in before)
        if not starts or any(level <= heading.level for level in others):
            return None
    under = blocks[places[0] + 1 : (places[1:] or [len(blocks)])[0]]
    return None if is_story_heading(heading, under) else places[0]


def _leads_away(inlines: Sequence[Inline]) -> bool:
    """Say whether there is a link or an image, which a title, being plain text, would lose."""
    return any(isinstance(inline, Link | Image) for inline in every_inline(inlines))


def _is_unseen(block: Block) -> bool:
    return isinstance(block, Rule) or (isinstance(block, RawBlock) and block.html.lstrip().startswith("<!--"))


def _greets(block: Block) -> bool:
    return isinstance(block, Paragraph) and is_greeting(plain(block.children))


def _title_line(blocks: Sequence[Block]) -> tuple[str | None, tuple[Block, ...]]:
    """Take the first line of the first paragraph, when it can be a title."""
    at = next((at for at, block in enumerate(blocks) if not _is_unseen(block)), None)
    if at is None or not isinstance(block := blocks[at], Paragraph):
        return None, tuple(blocks)
    first, *rest = split_lines(block.children, block.line)
    text = _text(first.inlines)
    end = next((n for n in range(at, len(blocks)) if isinstance(blocks[n], Heading)), len(blocks))
    run = outline(blocks[at:end], ())[0]
    story = not run.lead and (run.is_commentary or bool(run.drafts))
    # A line of its own is a title by its looks; the first of several has to say that it is one.
    looks = is_masthead(text) if rest else may_be_title(text) and at + 1 < len(blocks)
    if _leads_away(first.inlines) or not looks or story or names_references(text):
        return None, tuple(blocks)
    left = (Paragraph(join_lines(rest), rest[0].number),) if rest else ()
    return text, (*blocks[:at], *left, *blocks[at + 1 :])


def _text(inlines: Sequence[Inline]) -> str:
    _, inlines = cut_front(trim(inlines), DECORATION)
    return " ".join(plain(settle(inlines)).split())


def _bare(text: str) -> str:
    return re.sub(r"\W", "", unicodedata.normalize("NFKC", text)).casefold()
