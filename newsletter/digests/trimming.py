"""Cutting running text without losing its markup: marks in front, blanks at the ends, wrappers around.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from newsletter.digests.lines import SOFT_BREAK
from newsletter.digests.prose import Emphasis, Inline, LineBreak, Link, Strike, Strong, Text, plain

Inlines = tuple[Inline, ...]


def cut_front(inlines: Sequence[Inline], pattern: re.Pattern[str]) -> tuple[re.Match[str] | None, Inlines]:
    """Cut what ``pattern`` matches off the front, also inside emphasis and links; None when it does not."""
    match inlines:
        case [Text(text, line), *rest]:
            if found := pattern.match(text):
                left = text[found.end() :]
                return found, ((Text(left, line), *rest) if left else tuple(rest))
        case [(Strong() | Emphasis() | Strike() | Link()) as first, *rest]:
            found, children = cut_front(first.children, pattern)
            if found:
                return found, ((replace(first, children=children), *rest) if children else tuple(rest))
    return None, tuple(inlines)


def trim(inlines: Sequence[Inline]) -> Inlines:
    """Cut blanks and line breaks off both ends."""
    kept = list(inlines)
    while kept and _is_blank(kept[0]):
        kept.pop(0)
    while kept and _is_blank(kept[-1]):
        kept.pop()
    if kept and isinstance(first := kept[0], Text):
        kept[0] = replace(first, text=first.text.lstrip())
    if kept and isinstance(last := kept[-1], Text):
        kept[-1] = replace(last, text=last.text.rstrip())
    return tuple(kept)


def _is_blank(inline: Inline) -> bool:
    return isinstance(inline, LineBreak) or (isinstance(inline, Text) and not inline.text.strip())


def unwrap(inlines: Sequence[Inline]) -> Inlines:
    """Take off emphasis that encloses the whole."""
    whole = trim(inlines)
    while len(whole) == 1 and isinstance(only := whole[0], Strong | Emphasis):
        whole = trim(only.children)
    return whole


def is_all_strong(inlines: Sequence[Inline]) -> bool:
    """Say whether bold type encloses the whole."""
    whole = trim(inlines)
    return len(whole) == 1 and isinstance(whole[0], Strong)


def unlink(inlines: Sequence[Inline], url: str) -> Inlines:
    """Take off the links to ``url``, and keep their text."""
    unlinked: list[Inline] = []
    for inline in inlines:
        match inline:
            case Link() if inline.url == url:
                unlinked += inline.children
            case Strong() | Emphasis() | Strike():
                unlinked.append(replace(inline, children=unlink(inline.children, url)))
            case _:
                unlinked.append(inline)
    return tuple(unlinked)


def cut_after(inlines: Sequence[Inline], pattern: re.Pattern[str]) -> tuple[Inlines, Inlines]:
    """Part running text after the first match of ``pattern`` that no markup encloses."""
    for index, inline in enumerate(inlines):
        if isinstance(inline, Text) and inline != SOFT_BREAK and (found := pattern.search(inline.text)):
            after = trim((replace(inline, text=inline.text[found.end() :]), *inlines[index + 1 :]))
            if plain(after):
                return (*inlines[:index], replace(inline, text=inline.text[: found.end()])), after
            break
    return tuple(inlines), ()
