"""A digest file read: bytes in, ``Digest`` out, or a ``DigestError`` that says where and what to do.

Nothing visible is lost: it is in the title, the intro, a section or a story, in the order in which
it was written. What goes is what Markdown or we put in another form: list marks and numbers, rules
between stories, 📌 and 🔗, and a source label (原文链接) whose address is its story's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, tzinfo

from newsletter.digests.day import day_in_front, day_in_name
from newsletter.digests.decoding import decode
from newsletter.digests.digest import Digest, FrontMatter, Section, Story
from newsletter.digests.frontmatter import part
from newsletter.digests.lines import settle_blocks
from newsletter.digests.markdown import parse
from newsletter.digests.numbering import with_markdown_numbers
from newsletter.digests.phrases import is_greeting
from newsletter.digests.prose import (
    Block,
    Code,
    CodeBlock,
    Image,
    Paragraph,
    Text,
    every_block,
    inlines_of,
    plain,
)
from newsletter.digests.structure import structure
from newsletter.digests.title import take_title
from newsletter.errors import DigestError

SHORTEST_ESSAY = 100  # characters; less, without a story, is hardly what anybody meant to send


def read(
    data: bytes, *, file: str, newsletter_name: str, tz: tzinfo, default_day: date | None = None
) -> Digest:
    """Read a digest, or raise ``DigestError``.

    Its day is the front matter's date in ``tz``, else the file name's, else ``default_day``. Its
    title is the front matter's, else a first heading or title line, else newsletter and day.
    """
    source = decode(data, file=file)
    parted = part(source, file=file, tz=tz)
    blocks = parse(with_markdown_numbers(parted.body), file=file, first_line=parted.body_line)
    if not _is_anything_visible(blocks):
        raise DigestError(
            "the digest is empty",
            remedy="write its stories under the front matter",
            file=file,
            line=parted.body_line,
        )
    day = day_in_front(parted.front, tz) or day_in_name(file) or default_day
    if day is None:
        raise DigestError(
            "nothing says which day the digest is for",
            remedy="write `date: 2025-11-13` in its front matter, or name the file 2025-11-13.md",
            file=file,
            line=1,
        )
    found_title, body = take_title(blocks, parted.front.title)
    title = found_title or f"{newsletter_name} · {day.isoformat()}"
    return _assemble(title, body, day=day, front=parted.front, file=file, source=source)


def read_front(data: bytes, *, file: str, tz: tzinfo) -> FrontMatter:
    """Read only the front matter of the start of a file, or raise ``DigestError``."""
    return part(decode(data, file=file), file=file, tz=tz).front


def _assemble(
    title: str, blocks: Sequence[Block], *, day: date, front: FrontMatter, file: str, source: str
) -> Digest:
    intro, sections = structure(blocks, source.split("\n"))
    is_essay = not any(section.stories for section in sections) and _is_essay(blocks)
    if is_essay:
        body = settle_blocks(blocks)
        story = Story(title=(Text(title),), url=None, body=body, line=body[0].line)
        intro, sections = (), (Section(stories=(story,), line=story.line),)
    return Digest(
        title=title,
        day=day,
        front=front,
        intro=intro,
        sections=sections,
        is_essay=is_essay,
        file=file,
        source=source,
    )


def _is_anything_visible(blocks: Sequence[Block]) -> bool:
    for block in every_block(blocks):
        if isinstance(block, CodeBlock) and block.text.strip():
            return True
        for inline in inlines_of(block):
            if isinstance(inline, Image) or (isinstance(inline, Text | Code) and inline.text.strip()):
                return True
    return False


def _is_essay(blocks: Sequence[Block]) -> bool:
    """Say whether there is enough to read that is no greeting and no chatter of a language model."""
    text = (
        plain(block.children)
        for block in every_block(blocks)
        if isinstance(block, Paragraph) and not is_greeting(plain(block.children))
    )
    return sum(map(len, text)) >= SHORTEST_ESSAY
