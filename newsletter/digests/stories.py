"""One story read from the lines it was written on: its number, title, link and text.

The first line is the title. It may be a link, bold, numbered and pinned, in any order; the link
may also follow as a source label (``🔗 [原文链接](…)``), which is dropped once its address is the
story's. All else that is visible stays, in order.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from newsletter.digests.digest import Story
from newsletter.digests.labels import labelled_source, named_source, take_label
from newsletter.digests.lines import Line, join_lines, settle, settle_blocks, split_lines
from newsletter.digests.phrases import (
    CHAIN,
    DECORATION,
    LABEL_AND_ADDRESS,
    NUMBER,
    SEPARATOR,
)
from newsletter.digests.prose import Block, Heading, Inline, Link, Paragraph, Quote, Strong, Text, plain
from newsletter.digests.trimming import cut_after, cut_front, is_all_strong, trim, unlink, unwrap

_SENTENCE = re.compile(r"。[”’」』）)】]*")
_CLOSING = tuple("：:。.！!？?")
_LONGEST_PLAIN_TITLE = 60
_SHORTEST_TITLE = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """A story as it was written: its lines, and the blocks that belong to it."""

    lines: tuple[Line, ...]
    rest: tuple[Block, ...] = ()
    number: int | None = None  # of its list item

    @classmethod
    def of_blocks(cls, blocks: Sequence[Block], number: int | None = None) -> Draft:
        """Make a draft of a list item."""
        match blocks:
            case [(Paragraph() | Heading()) as head, *rest]:
                return cls(tuple(split_lines(head.children, head.line)), tuple(rest), number)
        return cls((), tuple(blocks), number)

    def with_more(self, blocks: Sequence[Block]) -> Draft:
        """Return the draft with ``blocks`` after it."""
        return replace(self, rest=(*self.rest, *blocks))

    @property
    def read_number(self) -> int | None:
        """The number of its list item, or the one written in its first line."""
        return self.story(by_name=False).number

    @property
    def line(self) -> int:
        """The line it starts on."""
        return self.lines[0].number if self.lines else _first_line(self.rest)

    @property
    def has_text(self) -> bool:
        """Whether anything but a source label follows the title."""
        return bool(self.story().body)

    @property
    def reads_as_title_and_text(self) -> bool:
        """Whether the first line is a title by its looks, and text stands apart from it."""
        if not self.rest or len(self.lines) != 1:
            return False
        title = self.lines[0].text
        return is_all_strong(self.lines[0].inlines) or (
            0 < len(title) <= _LONGEST_PLAIN_TITLE and not title.endswith(("。", "；", "：", ".", ";", ":"))
        )

    def story(self, *, by_name: bool = True) -> Story:
        """Read the draft; ``by_name``: also take the address of a link that only stands at an end."""
        return _Reading(self).story(by_name=by_name)


class _Reading:
    """One draft being read; ``url`` is what has been found so far."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.number = draft.number
        self.url: str | None = None
        self.url_line = 0

    def story(self, *, by_name: bool) -> Story:
        lines = self.draft.lines
        title, first_text = self._title(lines[0]) if lines else ((), None)
        under = [] if first_text is None else [first_text]
        under += filter(None, map(self._text_line, lines[1:]))
        body: list[Block] = [Paragraph(join_lines(under), under[0].number)] if under else []
        body.extend(self._rest())
        if self.url is None:
            self._take_named_source(title, body, by_name=by_name)
        title = trim(unlink(title, self.url)) if self.url is not None else title
        if not body and not under and lines and not _starts_with_link_or_bold(lines[0].inlines):
            title, after = cut_after(title, _SENTENCE)
            body = [Paragraph(after, lines[0].number)] if after else []
        return Story(
            title=settle(trim(title)),
            url=self.url,
            body=settle_blocks(body),
            number=self.number,
            line=self.draft.line,
            url_line=self.url_line,
        )

    def _title(self, line: Line) -> tuple[tuple[Inline, ...], Line | None]:
        """Return the title, and what follows it on its line."""
        _, inlines = cut_front(line.inlines, DECORATION)
        inlines = self._cut_number(inlines)
        kept, label = take_label(inlines)
        if label and kept:
            inlines = kept
        else:  # a title that is nothing but 原文链接 is still the title
            label = None
        inlines = self._cut_number(unwrap(inlines))
        title, after = _parted(inlines, numbered=self.draft.number is not None)
        link = _only_link(title)
        if link:
            self._found(link.url, link.line or line.number)
            title = link.children
        # A title whose own link is empty is better served by the label's.
        if label and (self.url in (None, "", label.url)):
            self._found(label.url, label.line or line.number)
        elif label:
            after = (*after, label)
        title = unwrap(title)
        after = trim(after)
        return title, replace(line, inlines=after) if after else None

    def _cut_number(self, inlines: tuple[Inline, ...]) -> tuple[Inline, ...]:
        if self.draft.number is not None or self.number is not None:
            return inlines
        found, left = cut_front(inlines, NUMBER)
        if found and plain(left):
            self.number = int(found[1])
            return left
        return inlines

    def _text_line(self, line: Line) -> Line | None:
        """Return a line under the title without its source label, or None when nothing is left."""
        chained, inlines = cut_front(line.inlines, DECORATION)
        address = LABEL_AND_ADDRESS.fullmatch(plain(inlines).strip())
        if address and all(isinstance(i, Text) for i in inlines) and self.url in (None, "", address[1]):
            self._found(address[1], line.number)
            return None
        kept, label = take_label(inlines)
        if label and self.url in (None, "", label.url):
            self._found(label.url, label.line or line.number)
            inlines = kept
        elif chained and CHAIN in chained[0] and self.url is None and (link := _only_link(inlines)):
            self._found(link.url, link.line or line.number)
        inlines = trim(inlines)
        return replace(line, inlines=inlines) if inlines else None

    def _rest(self) -> Iterator[Block]:
        for block in self.draft.rest:
            if not isinstance(block, Paragraph):
                yield block
                continue
            lines = list(filter(None, map(self._text_line, split_lines(block.children, block.line))))
            if lines:
                yield Paragraph(join_lines(lines), lines[0].number)

    def _take_named_source(self, title: Sequence[Inline], body: Sequence[Block], *, by_name: bool) -> None:
        """Take the address of a source that is named, and so stays: ``来源：[机器之心](…)``."""
        lines = [Line(tuple(title), self.draft.line)]
        for block in body:
            quoted = block.children if isinstance(block, Quote) else (block,)
            for paragraph in quoted:
                if isinstance(paragraph, Paragraph):
                    lines += split_lines(paragraph.children, paragraph.line)
        for line in lines:
            link = labelled_source(line.inlines) or (named_source(line.inlines) if by_name else None)
            if link:
                self._found(link.url, link.line or line.number)
                return

    def _found(self, url: str, line: int) -> None:
        self.url, self.url_line = url, line


def _parted(inlines: tuple[Inline, ...], *, numbered: bool) -> tuple[tuple[Inline, ...], tuple[Inline, ...]]:
    """Part a line into the link or bold words it starts with, and what a separator sets off from them."""
    if len(inlines) > 1 and isinstance(inlines[0], Link | Strong):
        first, rest = inlines[:1], inlines[1:]
        found, after = cut_front(rest, SEPARATOR)
        closed = isinstance(inlines[0], Strong) and plain(first).endswith(_CLOSING)
        # 1. [A whole title](…) and a summary, with only a blank between.
        apart = numbered and isinstance(inlines[0], Link) and _starts_blank(rest[0])
        apart = apart and len(plain(first)) >= _SHORTEST_TITLE
        if (found or closed or apart) and plain(after):
            return first, after
    return inlines, ()


def _starts_blank(inline: Inline) -> bool:
    return isinstance(inline, Text) and inline.text[:1].isspace()


def _only_link(inlines: Sequence[Inline]) -> Link | None:
    whole = unwrap(inlines)
    return whole[0] if len(whole) == 1 and isinstance(whole[0], Link) else None


def _starts_with_link_or_bold(inlines: Sequence[Inline]) -> bool:
    return isinstance(next(iter(trim(inlines)), None), Link | Strong)


def _first_line(blocks: Sequence[Block]) -> int:
    return blocks[0].line if blocks else 0
