"""Running text by the lines it was written on.

Editors give lines a meaning: title, link, summary. So the parser keeps a soft line break as
``SOFT_BREAK`` until ``settle`` turns it into what CommonMark and Chinese typesetting make of it.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from newsletter.digests.cjk import joins_without_blank
from newsletter.digests.prose import (
    Block,
    Code,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    Strike,
    Strong,
    Table,
    Text,
    every_inline,
    plain,
)

SOFT_BREAK = Text("\n")


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on one line of a paragraph; ``ends_hard`` when two blanks or a backslash end it."""

    inlines: tuple[Inline, ...]
    number: int  # 1-based, in the file
    ends_hard: bool = False

    @property
    def text(self) -> str:
        """The line's visible characters."""
        return plain(self.inlines)


def split_lines(inlines: Iterable[Inline], first: int) -> list[Line]:
    """Split ``inlines``, which start on line ``first``, at the breaks that no markup encloses."""
    lines: list[Line] = []
    current: list[Inline] = []
    number = first
    for inline in inlines:
        if inline == SOFT_BREAK or isinstance(inline, LineBreak):
            lines.append(Line(tuple(current), number, isinstance(inline, LineBreak)))
            current, number = [], number + 1
        else:
            if not current:
                number = next(_line_numbers(inline), number)
            current.append(inline)
    return [*lines, Line(tuple(current), number)]


def join_lines(lines: Sequence[Line]) -> tuple[Inline, ...]:
    """Put ``lines`` together again, each with the break it ended in; the last one has none."""
    joined: list[Inline] = []
    for index, line in enumerate(lines):
        joined += line.inlines
        if index < len(lines) - 1:
            joined.append(LineBreak() if line.ends_hard else SOFT_BREAK)
    return tuple(joined)


def settle(inlines: Sequence[Inline]) -> tuple[Inline, ...]:
    """Return ``inlines`` with every soft break made a blank, or nothing between Chinese characters."""
    leaves = list(_leaves(inlines))
    if SOFT_BREAK not in leaves:
        return tuple(inlines)
    return tuple(_settled(inlines, iter(tuple(_what_breaks_become(leaves)))))


def settle_blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Settle all running text in ``blocks``."""
    return tuple(map(_settle_block, blocks))


def _settle_block(block: Block) -> Block:
    match block:
        case Paragraph() | Heading():
            return replace(block, children=settle(block.children))
        case Quote():
            return replace(block, children=settle_blocks(block.children))
        case ListBlock():
            return replace(block, items=tuple(map(settle_blocks, block.items)))
        case Table():
            return replace(
                block,
                header=tuple(map(settle, block.header)),
                rows=tuple(tuple(map(settle, row)) for row in block.rows),
            )
        case _:
            return block


def _line_numbers(inline: Inline) -> Iterator[int]:
    return (
        leaf.line for leaf in every_inline((inline,)) if isinstance(leaf, Text | Link | Image) and leaf.line
    )


def _leaves(inlines: Iterable[Inline]) -> Iterator[Inline]:
    for inline in inlines:
        match inline:
            case Strong(children) | Emphasis(children) | Strike(children) | Link(_, children):
                yield from _leaves(children)
            case _:
                yield inline


def _what_breaks_become(leaves: Iterable[Inline]) -> Iterator[str]:
    """Yield "" or " " for each soft break, from the nearest visible characters on its two sides."""
    before, waiting = " ", 0
    for leaf in leaves:
        if leaf == SOFT_BREAK:
            waiting += 1
        elif visible := _visible(leaf):
            yield from ["" if joins_without_blank(before, visible[0]) else " "] * waiting
            before, waiting = visible[-1], 0
    yield from [" "] * waiting


def _visible(leaf: Inline) -> str:
    match leaf:
        case Text(text) | Code(text):
            return text
        case Image(_, alt):
            return alt or "\ufffc"
        case LineBreak():
            return " "
        case _:
            return ""


def _settled(inlines: Iterable[Inline], joints: Iterator[str]) -> Iterator[Inline]:
    for inline in inlines:
        match inline:
            case Strong() | Emphasis() | Strike() | Link():
                yield replace(inline, children=tuple(_settled(inline.children, joints)))
            case _ if inline == SOFT_BREAK:
                if joint := next(joints):
                    yield Text(joint)
            case _:
                yield inline
