"""A digest written down again as Markdown: what ``reader`` reads from it is what was written.

For digests that are made by us out of others. Stories are items of numbered lists, so that nothing inside
one can be taken for another story. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from newsletter.digests.digest import Digest, Story
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

_MARKUP = re.compile(r"([\\`*_\[\]<>~|&])")
# What would begin a block of another kind at the start of a line; as an entity it is only a character.
_BEGINS_BLOCK = re.compile(r"(?:[#+=:-]|[0-9０-９]+\s*[.)、．）])")
_BARE_BAR = re.compile(r"(?<!\\)\|")  # in code, where nothing else is escaped
_RUN_OF_TICKS = re.compile("`+")


def write(digest: Digest) -> str:
    """Return ``digest`` as Markdown with front matter, its stories numbered as they are."""
    front: list[tuple[str, object]] = [("title", digest.title), ("date", digest.day.isoformat())]
    if digest.front.description:
        front.append(("description", digest.front.description))
    front += [
        (key, True)
        for key, is_on in (("ai_generated", digest.front.ai_generated), ("sponsored", digest.front.sponsored))
        if is_on
    ]
    keys = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front)
    pieces = [f"---\n{keys}\n---", *_blocks(digest.intro)]
    for section in digest.sections:
        if section.title:
            pieces.append(f"{'#' * section.level} {_inlines(section.title)}")
        pieces += _blocks(section.lead)
        pieces += [_story(story) for story in section.stories]
    return "\n\n".join(pieces) + "\n"


def _story(story: Story) -> str:
    title = _inlines(tuple(_unlinked(story.title)))
    head = f"[{title}]({_address(story.url)})" if story.url is not None else f"**{title}**"
    mark = f"{story.number}. " if story.number is not None else "- "
    return _hung(mark, [head, *_blocks(story.body)])


def _hung(mark: str, pieces: Iterable[str]) -> str:
    """Return the pieces as one list item."""
    text = "\n\n".join(pieces)
    indented = "\n".join(f"{' ' * len(mark)}{line}" if line else "" for line in text.split("\n"))
    return mark + indented[len(mark) :]


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    previous: Block | None = None
    for block in blocks:
        if isinstance(block, ListBlock) and isinstance(previous, ListBlock):
            yield "<!-- -->"  # two lists, not one
        match block:
            case Paragraph(children):
                yield _begun(_inlines(children))
            case Heading(level, children):
                yield f"{'#' * level} {_inlines(children)}"
            case ListBlock():
                yield _list(block)
            case Quote(children):
                yield "\n".join(f"> {line}".rstrip() for line in "\n\n".join(_blocks(children)).split("\n"))
            case CodeBlock(text, info):
                fence = "`" * max(3, _longest_run(text) + 1)
                yield f"{fence}{info}\n{text.removesuffix(chr(10))}\n{fence}"
            case Table():
                yield _table(block)
            case Rule():
                yield "***"
            case RawBlock(html):
                yield html.strip("\n")
        previous = block


def _list(block: ListBlock) -> str:
    items = []
    numbers = block.numbers or range(block.start or 1, (block.start or 1) + len(block.items))
    for number, item in zip_longest(numbers, block.items):
        if item is not None:
            items.append(_hung("- " if block.start is None else f"{number}. ", _blocks(item)))
    return ("\n" if block.tight else "\n\n").join(items)


def _table(block: Table) -> str:
    rules = {"left": ":---", "center": ":---:", "right": "---:"}
    rows = [
        "| " + " | ".join(_BARE_BAR.sub(r"\\|", _inlines(cell).replace("\n", " ")) for cell in row) + " |"
        for row in (block.header, *block.rows)
    ]
    rule = "| " + " | ".join(rules.get(each, "---") for each in block.align) + " |"
    return "\n".join([rows[0], rule, *rows[1:]])


def _inlines(inlines: Iterable[Inline]) -> str:
    return "".join(map(_inline, inlines))


def _inline(inline: Inline) -> str:
    match inline:
        case Text(text):
            return _escaped(text)
        case Strong(children):
            return f"**{_inlines(children)}**"
        case Emphasis(children):
            return f"*{_inlines(children)}*"
        case Strike(children):
            return f"~~{_inlines(children)}~~"
        case Code(text):
            ticks = "`" * (_longest_run(text) + 1)
            room = " " if text.startswith("`") or text.endswith("`") else ""
            return f"{ticks}{room}{text}{room}{ticks}"
        case Link(url, children):
            return f"[{_inlines(children)}]({_address(url)})"
        case Image(url, alt):
            return f"![{_escaped(alt)}]({_address(url)})"
        case LineBreak():
            return "\\\n"
        case RawInline(html):
            return html


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _unlinked(inlines: Iterable[Inline]) -> Iterator[Inline]:
    """Yield a title's words; a link cannot stand in a link."""
    for inline in inlines:
        if isinstance(inline, Link):
            yield from _unlinked(inline.children)
        else:
            yield inline


def _address(url: str) -> str:
    plain = re.fullmatch(r"[^\s<>()\\]*", url)
    return url if plain else "<" + re.sub(r"([\\<>])", r"\\\1", url.replace("\n", "")) + ">"


def _begun(paragraph: str) -> str:
    """Return a paragraph none of whose lines begins a block of another kind."""
    return "\n".join(
        f"&#{ord(line[0])};{line[1:]}" if _BEGINS_BLOCK.match(line) else line
        for line in paragraph.split("\n")
    )


def _longest_run(text: str) -> int:
    return max(map(len, _RUN_OF_TICKS.findall(text)), default=0)
