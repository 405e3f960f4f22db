"""Raw HTML in a digest: which tags are HTML, which hide what follows them, and which were never closed.

Pure.
"""

from __future__ import annotations

import re

# What hides everything up to its end tag from the reader, or shows it as something other than text.
HIDING = frozenset(
    "script style template title iframe noembed noframes noscript object svg math select textarea xmp".split()
)
_ELEMENTS = HIDING | frozenset(
    "a abbr acronym address area article aside audio b base bdi bdo big blockquote body br button canvas"
    " caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed"
    " fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html"
    " i img input ins kbd label legend li link main map mark marquee menu meta meter nav nobr ol optgroup"
    " option output p param picture plaintext pre progress q rp rt ruby s samp search section slot small"
    " source span strike strong sub summary sup table tbody td tfoot th thead time tr track tt u ul var video"
    " wbr".split()
)
_TAG_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_UNFINISHED = (
    (re.compile(r"<!--"), re.compile(r"-->"), "-->"),
    (re.compile(r"<\?"), re.compile(r"\?>"), "?>"),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>"), "]]>"),
    (re.compile(r"<![A-Za-z]"), re.compile(r">"), ">"),
    *(
        (re.compile(rf"<{name}(?=\s|>|$)", re.I), re.compile(rf"</{name}\s*>", re.I), f"</{name}>")
        for name in ("pre", "script", "style", "textarea")
    ),
)


def tag_name(html: str) -> str:
    """Return the lower-case name of the tag that ``html`` starts with, or nothing for a comment."""
    found = _TAG_NAME.match(html)
    return found[1].lower() if found else ""


def is_html(html: str) -> bool:
    """Say whether ``html`` starts with HTML, and not with a word in angle brackets such as <think>."""
    name = tag_name(html)
    return not name or name in _ELEMENTS


def missing_end(block: str) -> str:
    """Return the end that a raw block lacks and so swallows all that follows, or nothing."""
    text = block.lstrip()
    for opening, closing, name in _UNFINISHED:
        if opening.match(text):
            # From 1, as <!--> is a whole comment.
            return "" if closing.search(text, 1) else name
    return ""
