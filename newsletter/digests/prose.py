"""Prose: what a digest says between its titles, as a small tree of blocks and inlines.

The Markdown parser makes it; rendering turns it into HTML and plain text. The tree is ours so
that neither side depends on the parser's tokens, and so that "nothing is lost" can be tested on it.

Pure: no third-party library.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# ---- inlines ----


@dataclass(frozen=True, slots=True)
class Text:
    """Literal characters, unescaped. A soft break is already a blank, or nothing between Han.

    ``line`` tells an editor where it stands; it is no part of what the text is.
    """

    text: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Strong:
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Emphasis:
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Strike:
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Code:
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it was written; ``url`` may be empty, relative or unsafe: the gate and rendering judge."""

    url: str
    children: tuple[Inline, ...]
    title: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Image:
    url: str
    alt: str
    title: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class LineBreak:
    pass


@dataclass(frozen=True, slots=True)
class RawInline:
    """A raw HTML tag in running text, untrusted: rendering sanitises it.

    A script or style is one node with all it holds, so that a ``Text`` is always visible.
    """

    html: str
    line: int = field(default=0, compare=False)


Inline = Text | Strong | Emphasis | Strike | Code | Link | Image | LineBreak | RawInline


# ---- blocks ----


@dataclass(frozen=True, slots=True)
class Paragraph:
    children: tuple[Inline, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    children: tuple[Inline, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list that is not a list of stories. ``start`` is None for bullets."""

    start: int | None
    items: tuple[tuple[Block, ...], ...]
    tight: bool = True
    line: int = 0
    numbers: tuple[int, ...] = field(default=(), compare=False)  # as the editors wrote them


@dataclass(frozen=True, slots=True)
class Quote:
    children: tuple[Block, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class CodeBlock:
    text: str
    info: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Header cells and rows of cells; ``align`` holds '', 'left', 'center' or 'right' per column."""

    align: tuple[str, ...]
    header: tuple[tuple[Inline, ...], ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    line: int = 0


@dataclass(frozen=True, slots=True)
class RawBlock:
    """A block of raw HTML, untrusted: rendering sanitises it."""

    html: str
    line: int = 0


Block = Paragraph | Heading | ListBlock | Quote | CodeBlock | Table | Rule | RawBlock


def plain(inlines: Iterable[Inline]) -> str:
    """Return the visible characters of ``inlines`` on one line; an image counts as its alt text."""
    return "".join(_visible(inlines)).strip()


def _visible(inlines: Iterable[Inline]) -> Iterator[str]:
    for inline in inlines:
        match inline:
            case Text(text) | Code(text):
                yield text
            case Strong(children) | Emphasis(children) | Strike(children):
                yield from _visible(children)
            case Link(_, children):
                yield from _visible(children)
            case Image(_, alt):
                yield alt
            case LineBreak():
                yield " "
            case RawInline():
                pass


def every_block(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield ``blocks`` and all that is nested in them, in reading order."""
    for block in blocks:
        yield block
        match block:
            case Quote(children):
                yield from every_block(children)
            case ListBlock(_, items):
                for item in items:
                    yield from every_block(item)


def every_inline(inlines: Iterable[Inline]) -> Iterator[Inline]:
    """Yield ``inlines`` and all that is nested in them, in reading order."""
    for inline in inlines:
        yield inline
        match inline:
            case Strong(children) | Emphasis(children) | Strike(children) | Link(_, children):
                yield from every_inline(children)


def inlines_of(block: Block) -> Iterator[Inline]:
    """Yield every inline that stands in ``block`` itself, in reading order."""
    match block:
        case Paragraph(children) | Heading(_, children):
            yield from every_inline(children)
        case Table(_, header, rows):
            for row in (header, *rows):
                for cell in row:
                    yield from every_inline(cell)
