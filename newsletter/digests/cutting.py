"""Leaving stories out of a digest: the Markdown without them, every other line where it was.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from newsletter.digests.digest import Digest

_RULE = re.compile(r"\s*(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$")


def without(digest: Digest, places: Collection[int]) -> str:
    """Return the Markdown without the stories at ``places`` in ``digest.stories``.

    Their lines are empty, so that the lines of the rest do not move; the numbers of those behind them
    close up. Rules stay: they part what is left.
    """
    lines = digest.source.split("\n")
    starts = _starts(digest)
    place, dropped, before = 0, 0, 0
    for section in digest.sections:
        for story in section.stories:
            if (story.number or 0) <= before:
                dropped = 0  # another list, which counts from the start again
            before = story.number or 0
            if place in places:
                end = min((start for start in starts if start > story.line), default=len(lines) + 1)
                for at in range(story.line - 1, end - 1):
                    lines[at] = lines[at] if _RULE.match(lines[at]) else ""
                dropped += 1
            elif dropped and story.number is not None:
                lines[story.line - 1] = _renumbered(lines[story.line - 1], story.number, -dropped)
            place += 1
    return "\n".join(lines)


def _starts(digest: Digest) -> set[int]:
    """Return the lines on which a story, a heading or prose outside the stories starts."""
    starts: set[int] = set()
    for section in digest.sections:
        starts |= {section.line, *(block.line for block in section.lead)}
        starts |= {story.line for story in section.stories}
    return starts


def _renumbered(line: str, number: int, by: int) -> str:
    """Return a story's first line with its number changed; a number in other digits stays."""
    return re.sub(rf"^(\D*)0?{number}(?=\s*[.、．)）])", rf"\g<1>{number + by}", line, count=1)
