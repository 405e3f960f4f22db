"""Reading digests in tests, and writing down again all that can be seen of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import zip_longest
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.digests.digest import Digest
from newsletter.digests.prose import (
    Block,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    RawBlock,
    RawInline,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
)
from newsletter.digests.reader import read
from tests.tools import SHARED

SHANGHAI = ZoneInfo("Asia/Shanghai")
SAMPLES = Path(__file__).parent / "samples"
DAY = date(2026, 3, 1)
SHARED_DIGESTS = sorted((SHARED / "digests").glob("*.md")) if SHARED.exists() else []
EVERY_DIGEST = [*sorted(SAMPLES.glob("*.md")), *SHARED_DIGESTS]


def a_digest(text: str | bytes, *, file: str = "digest.md", default_day: date | None = DAY) -> Digest:
    """Read ``text`` as a digest of the newsletter 早读."""
    data = text.encode() if isinstance(text, str) else text
    return read(data, file=file, newsletter_name="早读", tz=SHANGHAI, default_day=default_day)


def sample(name: str) -> Digest:
    """Read one of the samples, by the end of its name."""
    path = next(SAMPLES.glob(f"*-{name}.md"))
    return a_digest(path.read_bytes(), file=path.name)


def titles(digest: Digest) -> list[str]:
    """Return the titles of the stories."""
    return [story.title_text for story in digest.stories]


def text_of(digest: Digest) -> str:
    """Return all that the tree of ``digest`` holds, in order; raw HTML as it was written."""
    pieces = [digest.title, *blocks_text(digest.intro)]
    for section in digest.sections:
        pieces += [*inlines_text(section.title), *blocks_text(section.lead)]
        for story in section.stories:
            pieces += [f"{story.number}." if story.number is not None else "", *inlines_text(story.title)]
            pieces += blocks_text(story.body)
    return "\n".join(pieces)


def blocks_text(blocks: Iterable[Block]) -> Iterator[str]:
    """Yield the text of each block."""
    for block in blocks:
        match block:
            case Paragraph(children) | Heading(_, children):
                yield "".join(inlines_text(children))
            case ListBlock(_, items):
                for number, item in zip_longest(block.numbers, items):
                    yield f"{number}." if block.numbers else ""
                    yield from blocks_text(item)
            case Quote(children):
                yield from blocks_text(children)
            case CodeBlock(text) | RawBlock(text):
                yield text
            case Table(_, header, rows):
                for row in (header, *rows):
                    yield from ("".join(inlines_text(cell)) for cell in row)
            case Rule():
                pass


def inlines_text(inlines: Iterable[Inline]) -> Iterator[str]:
    """Yield the characters of each inline."""
    for inline in inlines:
        match inline:
            case Text(text) | Code(text) | RawInline(text):
                yield text
            case Image(_, alt):
                yield alt
            case LineBreak():
                yield "\n"
            case Strong(children) | Emphasis(children) | Strike(children) | Link(_, children):
                yield from inlines_text(children)
