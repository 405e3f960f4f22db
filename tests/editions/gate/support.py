"""Evidence for the gate, from Markdown as editors write it."""

from __future__ import annotations

from typing import Any

from newsletter.editions.gate import Evidence, Finding, Severity, examine
from tests.digests.support import a_digest


def findings(text: str, **known: Any) -> list[Finding]:
    """Examine a digest."""
    return examine(Evidence(digest=a_digest(text), **known))


def said(text: str, check: str, **known: Any) -> list[int | None]:
    """Return the lines that ``check`` finds fault with."""
    return [finding.line for finding in findings(text, **known) if finding.check == check]


def held(text: str, **known: Any) -> set[str]:
    """Return the names of the checks that hold a digest."""
    return {finding.check for finding in findings(text, **known) if finding.severity is Severity.HOLD}
