"""The words over a digest: its title, the email's subject and preheader.

They repeat what stands in the text, so a check names them only when it has not found the place there.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.digests.digest import Digest
from newsletter.editions.gate.evidence import Evidence

_LINES_OF_FRONT_MATTER = 60


def headlines_of(evidence: Evidence) -> Iterator[tuple[int | None, str]]:
    """Yield (line, text) of title, subject, preheader and description; a line that is not known is None."""
    digest = evidence.digest
    yield title_line(digest), digest.title
    for text in (evidence.subject, evidence.preheader):
        if text and text != digest.title:
            yield None, text
    if digest.front.description:
        yield line_of(digest, digest.front.description), digest.front.description


def title_line(digest: Digest) -> int | None:
    """Return the line on which the title is written; None when it is made up."""
    return line_of(digest, digest.title)


def line_of(digest: Digest, text: str) -> int | None:
    """Return the first line near the top of the file that holds ``text``."""
    if not text:
        return None
    lines = digest.source.split("\n", _LINES_OF_FRONT_MATTER)[:_LINES_OF_FRONT_MATTER]
    return next((number for number, line in enumerate(lines, 1) if text in line), None)
