"""Two days in one digest: what a missed day brought goes out with the next one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from newsletter.digests.digest import Digest, Section
from newsletter.digests.prose import Text


def merged(today: Digest, missed: Sequence[tuple[str, Digest]]) -> Digest:
    """Return ``today`` with the stories of each missed digest in a section of the given heading.

    They come after today's stories and before its commentary. A story whose link is there already is
    not told twice. Lines of what was missed are 0: they belong to another file.
    """
    told = {story.url for story in today.stories if story.url}
    added = []
    for heading, digest in missed:
        stories = tuple(
            replace(story, number=None, line=0, url_line=0)
            for story in digest.stories
            if not (story.url and story.url in told)
        )
        told |= {story.url for story in stories if story.url}
        if stories:
            added.append(Section(title=(Text(heading),), stories=stories))
    place = next(
        (at for at, section in enumerate(today.sections) if section.is_commentary), len(today.sections)
    )
    return replace(today, sections=(*today.sections[:place], *added, *today.sections[place:]))
