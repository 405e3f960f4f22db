"""What a tale sounds like, in the language of a catalog. Pure."""

from __future__ import annotations

from newsletter.feedback.why import Fate, Tale
from newsletter.language import Catalog
from newsletter.replies import Meaning


def what(tale: Tale, words: Catalog) -> str:
    """Return in one sentence what became of it."""
    if tale.fate is Fate.SUPPRESSED and tale.suppressed is not None:
        return words.say(f"why.suppressed.{tale.suppressed}")
    return words.say(f"why.{tale.fate}.what")


def to_do(tale: Tale, words: Catalog, *, sender: str) -> str | None:
    """Return what the reader can do about it; None when there is nothing."""
    key = f"why.{tale.fate}.do"
    if tale.fate is Fate.BLOCKED and tale.meaning is Meaning.SOFT:
        key = "why.blocked.do_soft"
    return words.say(key, sender=sender) if key in words.texts else None
