"""The prose tree as HTML, before it is sanitised.

Whatever raw HTML an editor wrote comes through here in a form that cannot swallow the text after
it: an unfinished tag is text, and elements that would hide what follows lose their tags. Making it
safe is the sanitiser's work, not this module's. Heading levels are those written.

Pure: values in, values out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

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

# Inline tags that may be written by hand in running text.
RAW_INLINE_TAGS = frozenset(
    "a abbr b br code del em i img ins kbd mark q s small span strong sub sup u wbr".split()
)
_RAW_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_RAW_LINK = re.compile(r"</?(?:a|img)\b", re.IGNORECASE)
_HIDING = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
# They make everything up to their end tag, which may never come, into something other than text.
_SWALLOWING = re.compile(
    r"</?(?:script|style|textarea|title|xmp|plaintext|iframe|noembed|noframes|noscript|template|select|svg"
    r"|math|frameset|object)\b[^<>]*>",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*>")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# What no email may hold: NUL and other controls, and halves of surrogate pairs.
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_PICTURE = r"(?:[\u2600-\u27bf\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff][\ufe0e\ufe0f\u20e3]?)"
_PICTURES = rf"{_PICTURE}(?:\u200d?{_PICTURE}|[\U0001f3fb-\U0001f3ff])*"
_LEADING_PICTURE = re.compile(rf"\s*{_PICTURES}")
_DECORATION = re.compile("(?:\U0001f4cc|\U0001f517)\ufe0f?")


def clean(text: str) -> str:
    """Return ``text`` with what no email may hold made visible as U+FFFD."""
    return _NOT_TEXT.sub("\ufffd", text)


def block_markup(blocks: Iterable[Block]) -> str:
    """Return ``blocks`` as unsanitised HTML."""
    return "".join(map(_block, blocks))


def inline_markup(inlines: Sequence[Inline]) -> str:
    """Return ``inlines`` as unsanitised HTML."""
    return "".join(map(_inline, inlines))


def heading_markup(inlines: Sequence[Inline]) -> str:
    """Return a heading's ``inlines``; an emoji in front is decoration and not read aloud."""
    if not inlines:
        return ""
    first, rest = inlines[0], inlines[1:]
    if isinstance(first, Strong):
        return f"<strong>{heading_markup(first.children)}</strong>{inline_markup(rest)}"
    if isinstance(first, Text) and (picture := _LEADING_PICTURE.match(clean(first.text))):
        return _decoration(picture[0]) + inline_markup([Text(first.text[picture.end() :]), *rest])
    return inline_markup(inlines)


def title_runs(title: Sequence[Inline]) -> list[tuple[str | None, tuple[Inline, ...]]]:
    """Split a title into runs with one target each: None, or the URL of a link inside it.

    A link inside emphasis is lifted out of it, and an image stands as its alternative text, so
    that no run holds a link.
    """
    runs: list[tuple[str | None, tuple[Inline, ...]]] = []
    for url, part in _runs(title):
        if runs and runs[-1][0] == url:
            runs[-1] = (url, (*runs[-1][1], part))
        else:
            runs.append((url, (part,)))
    return runs


def _runs(title: Iterable[Inline]) -> Iterator[tuple[str | None, Inline]]:
    for inline in title:
        match inline:
            case Link(url, children):
                for _, part in _runs(children):
                    yield url, part
            case Strong(children):
                for url, part in _runs(children):
                    yield url, Strong((part,))
            case Emphasis(children):
                for url, part in _runs(children):
                    yield url, Emphasis((part,))
            case Strike(children):
                for url, part in _runs(children):
                    yield url, Strike((part,))
            case Image(_, alt, hint):
                yield None, Text(alt or hint)
            case RawInline(raw) if _RAW_LINK.match(raw):
                pass  # its text stays; a title is one link, to its story
            case _:
                yield None, inline


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return f"<p>{inline_markup(children)}</p>"
        case Heading(level, children):
            level = min(max(level, 1), 6)
            return f"<h{level}>{heading_markup(children)}</h{level}>"
        case ListBlock():
            return _list(block)
        case Quote(children):
            return f"<blockquote>{block_markup(children)}</blockquote>"
        case CodeBlock(text):
            return f"<pre>{_escape(text)}</pre>"
        case Table():
            return _table(block)
        case Rule():
            return "<hr>"
        case RawBlock(raw):
            return defused(raw)


def _list(block: ListBlock) -> str:
    tag = "ul" if block.start is None else "ol"
    first = "" if block.start in (None, 1) else f' start="{block.start}"'
    items = "".join(f"<li>{_item(item, tight=block.tight)}</li>" for item in block.items)
    return f"<{tag}{first}>{items}</{tag}>"


def _item(blocks: Iterable[Block], *, tight: bool) -> str:
    return "".join(
        inline_markup(block.children) if tight and isinstance(block, Paragraph) else _block(block)
        for block in blocks
    )


def _table(table: Table) -> str:
    def cell(tag: str, column: int, inlines: Sequence[Inline]) -> str:
        side = table.align[column] if column < len(table.align) else ""
        # A header cell is centred unless it says otherwise, whatever its column does.
        side = side if side in {"left", "center", "right"} else "left" if tag == "th" else ""
        align = f' align="{side}"' if side else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{align}{scope}>{inline_markup(inlines)}</{tag}>"

    def row(tag: str, cells: Sequence[Sequence[Inline]]) -> str:
        return "<tr>" + "".join(cell(tag, column, inlines) for column, inlines in enumerate(cells)) + "</tr>"

    body = "".join(row("td", cells) for cells in table.rows)
    return f"<table><thead>{row('th', table.header)}</thead><tbody>{body}</tbody></table>"


def _inline(inline: Inline) -> str:
    match inline:
        case Text(text):
            return _DECORATION.sub(lambda picture: _decoration(picture[0]), _escape(text))
        case Strong(children):
            return f"<strong>{inline_markup(children)}</strong>"
        case Emphasis(children):
            # Slanted Han characters are hard to read; the styles make em bold and i slanted.
            inner = inline_markup(children)
            return f"<em>{inner}</em>" if _HAN.search(inner) else f"<i>{inner}</i>"
        case Strike(children):
            return f"<del>{inline_markup(children)}</del>"
        case Code(text):
            return f"<code>{_escape(text)}</code>"
        case Link(url, children, title):
            hint = f' title="{_attribute(title)}"' if title else ""
            return f'<a href="{_attribute(url)}"{hint}>{inline_markup(children)}</a>'
        case Image(url, alt, title):
            return f'<img src="{_attribute(url)}" alt="{_attribute(alt or title)}">'
        case LineBreak():
            return "<br>"
        case RawInline(raw):
            name = _RAW_NAME.match(raw)
            return defused(raw) if name and name[1].lower() in RAW_INLINE_TAGS else ""


def defused(raw: str) -> str:
    """Return raw HTML less what would hide the text inside or after it; sanitising is still to come."""
    raw = _HIDING.sub("", _COMMENT.sub("", clean(raw)))
    raw = _SWALLOWING.sub("", raw)
    pieces: list[str] = []
    position = 0
    for tag in _TAG.finditer(raw):
        pieces += [raw[position : tag.start()].replace("<", "&lt;"), tag[0]]
        position = tag.end()
    return "".join(pieces) + raw[position:].replace("<", "&lt;")


def _decoration(picture: str) -> str:
    return f'<span aria-hidden="true">{picture}</span>'


def _escape(text: str) -> str:
    return html.escape(clean(text), quote=False)


def _attribute(value: str) -> str:
    return html.escape(clean(value))
