"""Evidence from the web, cut to what is kept of it: a browser may send us anything."""

from __future__ import annotations

from dataclasses import replace

from newsletter.config import LANGUAGES
from subscribers import Evidence

_LONGEST = {"origin": 200, "notice_version": 40, "ip": 45, "user_agent": 300, "wording": 4000}


def fitting(evidence: Evidence) -> Evidence:
    """Return evidence that any database can hold; a language we do not have is left out."""
    texts = {name: _cut(getattr(evidence, name), longest) for name, longest in _LONGEST.items()}
    language = evidence.language if evidence.language in LANGUAGES else None
    return replace(evidence, **texts, language=language)


def _cut(text: str | None, longest: int) -> str | None:
    # PostgreSQL takes no NUL, and half a surrogate pair cannot be written as UTF-8.
    return text and text.replace("\0", "").encode("utf-8", "replace").decode()[:longest]
