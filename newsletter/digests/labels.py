"""Source labels: ``🔗 [原文链接](…)`` and its like, whose only worth is the address behind them.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from newsletter.digests.phrases import CHAIN, LABEL_BEFORE, NEEDS_LINK, is_source_label
from newsletter.digests.prose import Inline, Link, Text, plain
from newsletter.digests.trimming import Inlines, cut_front, trim, unwrap

_NOTHING_AFTER = re.compile(r"[\s）)】\]。.!！；;|｜·]*")
_NOTHING_BEFORE = re.compile(rf"[\s（(【\[{CHAIN}\ufe0f]*")
_OPENED = re.compile(r"[（(【\[]\s*$")
_CLOSED = re.compile(r"\s*[）)】\]]")
_JOINT_BEFORE = re.compile(rf"(?:\s*(?:[|｜·]|[—–-]{{1,2}}|{CHAIN}\ufe0f?))*\s*$")
_JOINT_AFTER = re.compile(r"\s*(?:[:：|｜·]|[—–-]{1,2})?\s*")


def take_label(inlines: Sequence[Inline]) -> tuple[Inlines, Link | None]:
    """Return a line without the source label that starts or ends it, and that label's link.

    A label that the sentence needs (详见原文), or one of several, stays, and the link is None.
    """
    line = unwrap(inlines)
    places = [at for at, i in enumerate(line) if isinstance(i, Link) and is_source_label(plain(i.children))]
    if len(places) != 1:
        return tuple(inlines), None
    link = line[places[0]]
    assert isinstance(link, Link)  # noqa: S101 (for the type checker)
    before, after = line[: places[0]], line[places[0] + 1 :]
    if _NOTHING_AFTER.fullmatch(plain(after)):
        if NEEDS_LINK.search(plain(before)):
            return tuple(inlines), None
        before, after = _without_frame(before, after)
        return trim((*before, *after)), link
    if _NOTHING_BEFORE.fullmatch(plain(before)):
        _, after = _without_frame(before, after)
        return trim(cut_front(after, _JOINT_AFTER)[1]), link
    return tuple(inlines), None


def labelled_source(inlines: Sequence[Inline]) -> Link | None:
    """Return the first link that a label announces: ``来源：[机器之心](…)``."""
    line = unwrap(inlines)
    for before, link in pairwise((Text(""), *line)):
        if isinstance(link, Link) and isinstance(before, Text) and LABEL_BEFORE.search(before.text):
            return link
    return None


def named_source(inlines: Sequence[Inline]) -> Link | None:
    """Return the one link of a line when it starts or ends it: ``来源：[机器之心](…)``."""
    line = unwrap(inlines)
    links = [at for at, inline in enumerate(line) if isinstance(inline, Link)]
    if len(links) != 1:
        return None
    link = line[links[0]]
    at_end = _NOTHING_AFTER.fullmatch(plain(line[links[0] + 1 :]))
    at_start = _NOTHING_BEFORE.fullmatch(plain(line[: links[0]]))
    return link if isinstance(link, Link) and (at_end or at_start) else None


def _without_frame(before: Inlines, after: Inlines) -> tuple[Inlines, Inlines]:
    """Take off what stands around a label for its sake: brackets, 来源：, a dash."""
    if not before or not isinstance(last := before[-1], Text):
        return before, after
    text = last.text.removesuffix(" ")
    if opened := _OPENED.search(text):
        closed, rest = cut_front(after, _CLOSED)
        if closed:
            text, after = text[: opened.start()], rest
    elif labelled := LABEL_BEFORE.search(text):
        text = text[: labelled.start()]
        if (opened := _OPENED.search(text)) and (closed := cut_front(after, _CLOSED))[0]:
            text, after = text[: opened.start()], closed[1]
    text = _JOINT_BEFORE.sub("", text)
    return ((*before[:-1], replace(last, text=text)) if text else before[:-1]), after
