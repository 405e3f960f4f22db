"""What a tale sounds like, and what is wrong with a canary, in the language of a catalog. Pure."""

from __future__ import annotations

from newsletter.feedback.canary_rows import Canary
from newsletter.feedback.sighting import CUT, JUNK
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


def canary(row: Canary, words: Catalog) -> str:
    """Return what is wrong with a canary's copy; empty when nothing is."""
    if row.place is None:
        if row.unreached:
            return words.say("canary.unreached", why=row.unreached)
        return words.say("canary.missing")
    return words.say("canary.and").join(_fault(each, words) for each in (row.faults or "").split())


def _fault(named: str, words: Catalog) -> str:
    if named in (JUNK, CUT):
        return words.say(f"canary.{named}")
    check, _, result = named.partition("=")
    return words.say("canary.failed", check=check.upper(), result=result)
