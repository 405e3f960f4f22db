"""Walking through all that a digest shows: its running text, with lines.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.digests.digest import Digest
from newsletter.digests.prose import Block, Inline, every_block, every_inline, inlines_of


def blocks_of(digest: Digest) -> Iterator[Block]:
    """Yield every block, nested ones too, in reading order."""
    yield from every_block(digest.intro)
    for section in digest.sections:
        yield from every_block(section.lead)
        for story in section.stories:
            yield from every_block(story.body)


def texts_of(digest: Digest) -> Iterator[tuple[int, tuple[Inline, ...]]]:
    """Yield the inlines of each title and block, nested ones too, with the line they start on."""
    yield from ((block.line, tuple(inlines_of(block))) for block in every_block(digest.intro))
    for section in digest.sections:
        yield section.line, tuple(every_inline(section.title))
        yield from ((block.line, tuple(inlines_of(block))) for block in every_block(section.lead))
        for story in section.stories:
            yield story.line, tuple(every_inline(story.title))
            yield from ((block.line, tuple(inlines_of(block))) for block in every_block(story.body))
