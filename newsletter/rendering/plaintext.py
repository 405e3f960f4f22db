"""A digest's prose as plain text: the same words in the same order, every link's address beside them.

Nothing is wrapped: the reader's program does that, and a URL broken in two is no URL.

Pure: values in, values out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence

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
from newsletter.rendering.links import safe_url
from newsletter.rendering.markup import clean, defused, title_runs

RULE = "———"
_BREAKING = re.compile(
    r"<(?:br|hr)\b[^>]*>|</?(?:p|div|li|ul|ol|tr|table|blockquote|h[1-6]|pre|dt|dd)\b[^>]*>", re.I
)
_RAW_TAG = re.compile(r"</?[A-Za-z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class TextWriter:
    """Writes prose as plain text. ``image_label`` makes an image's words out of its alternative text."""

    def __init__(self, *, image_label: Callable[[str], str], unnamed_image: str) -> None:
        self._image_label = image_label
        self._unnamed_image = unnamed_image

    def blocks(self, blocks: Sequence[Block], *, under: int = 0) -> str:
        """Return ``blocks`` with a blank line between them."""
        return self._joined(blocks, "\n\n")

    def heading(self, inlines: Sequence[Inline]) -> str:
        """Return the words of a heading on one line, each link followed by its address."""
        return " ".join(self._inlines(inlines).split())

    def title(self, inlines: Sequence[Inline], url: str | None) -> str:
        """Return a story's title on one line, with the addresses of links inside it but its own."""
        own, words = safe_url(url) if url else None, ""
        for target, run in title_runs(inlines):
            words += self._inlines(run)
            safe = safe_url(target) if target else None
            words += f" <{safe}>" if safe and safe != own else ""
        return " ".join(words.split())

    def _joined(self, blocks: Iterable[Block], gap: str) -> str:
        return gap.join(filter(None, map(self._block, blocks)))

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(children) | Heading(_, children):
                return self._inlines(children).strip()
            case ListBlock():
                return self._list(block)
            case Quote(children):
                return _prefixed(self.blocks(children), "> ", "> ")
            case CodeBlock(text):
                return _prefixed(clean(text).rstrip("\n"), "    ", "    ")
            case Table(_, header, rows):
                return "\n".join(self._row(cells) for cells in (header, *rows))
            case Rule():
                return RULE
            case RawBlock(raw):
                return _without_tags(raw).strip()

    def _list(self, block: ListBlock) -> str:
        gap = "\n" if block.tight else "\n\n"
        items = []
        for position, item in enumerate(block.items):
            mark = "- " if block.start is None else f"{block.start + position}. "
            words = self._joined(item, gap)
            items.append(_prefixed(words, mark, " " * len(mark)))
        return gap.join(items)

    def _row(self, cells: Iterable[Sequence[Inline]]) -> str:
        return " | ".join(" ".join(self._inlines(cell).split()) for cell in cells)

    def _inlines(self, inlines: Iterable[Inline]) -> str:
        return "".join(map(self._inline, inlines))

    def _inline(self, inline: Inline) -> str:
        match inline:
            case Text(text) | Code(text):
                return clean(text)
            case Strong(children) | Emphasis(children) | Strike(children):
                return self._inlines(children)
            case Link(url, children):
                words, target = self._inlines(children), safe_url(url)
                if target is None or words.strip() in {target, url}:
                    return words
                return f"{words} <{target}>" if words.strip() else f"<{target}>"
            case Image(url, alt, title):
                label = self._image_label(clean(alt or title) or self._unnamed_image)
                target = safe_url(url)
                return f"{label} <{target}>" if target else label
            case LineBreak():
                return "\n"
            case RawInline(raw):
                return "\n" if re.match(r"<br\b", raw, re.I) else ""


def _prefixed(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *((rest + line).rstrip() for line in lines[1:])])


def _without_tags(raw: str) -> str:
    text = _RAW_TAG.sub("", _BREAKING.sub("\n", defused(raw)))
    return _BLANK_LINES.sub("\n\n", html.unescape(text))
