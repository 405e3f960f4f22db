"""What the gate looks at: a digest and the email it became.

Pure: values only.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.digests.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A digest, and what is known of its email. None is "not known", and is not checked."""

    digest: Digest
    subject: str | None = None
    preheader: str | None = None
    html_bytes: int | None = None  # decoded, as a mail client counts
    text_part: str | None = None
    story_bytes: tuple[int, ...] | None = None  # each story's share of html_bytes, as in digest.stories
