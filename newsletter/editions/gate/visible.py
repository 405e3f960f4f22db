"""The characters a reader would see as text, each piece with its line; code is not among them.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.digests.prose import Image, Inline, Link, RawBlock, Text, every_inline, plain
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.headlines import title_line
from newsletter.editions.gate.reading import blocks_of, texts_of

_NOT_SHOWN = re.compile(r"<!--.*?-->|<(script|style|pre|code)\b.*?</\1\s*>|<[^<>]*>", re.S | re.I)


def visible_text(evidence: Evidence) -> Iterator[tuple[int | None, str]]:
    """Yield (line, text) of everything shown: subject, preheader, title, running text, raw HTML."""
    yield title_line(evidence.digest), evidence.digest.title
    for words in (evidence.subject, evidence.preheader):
        yield None, words or ""
    for line, inlines in texts_of(evidence.digest):
        own_names = {id(child) for inline in inlines for child in _own_name(inline)}
        for inline in inlines:
            match inline:
                case Text(text, own_line) if id(inline) not in own_names:
                    yield own_line or line, text
                case Image(_, alt, _, own_line):
                    yield own_line or line, alt
    for block in blocks_of(evidence.digest):
        if isinstance(block, RawBlock):
            # What is not shown goes, but its line ends stay, so that lines can be counted.
            shown = _NOT_SHOWN.sub(lambda found: "\n" * found[0].count("\n"), block.html)
            yield from ((block.line + number, line) for number, line in enumerate(shown.split("\n")))


def _own_name(inline: Inline) -> Iterator[Inline]:
    """Yield the text of a link that shows its own address, in which two underscores are no mark."""
    if isinstance(inline, Link) and plain(inline.children) == inline.url:
        yield from every_inline(inline.children)
