"""What keeps an edition back although nothing is wrong with its digest. Pure.

Somebody is still to say yes, or the place where digests come from is away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from newsletter.editions.approval import HELD_BY_HAND, NEEDS_APPROVAL, WAITS
from newsletter.editions.gate import Finding, Severity

UNREACHABLE = "unreachable"  # the finding of a day whose source did not answer

NOT_APPROVED = Finding(
    check=NEEDS_APPROVAL,
    severity=Severity.HOLD,
    line=None,
    message_zh="还没有人批准它发出",
    message_en="Nobody has approved it yet",
    remedy_zh="请看过之后运行 newsletter approve；来源可信的话，也可以设置 source.unattended = true",
    remedy_en="Look at it, then run `newsletter approve`; or trust the source: source.unattended = true",
)


def held_by_hand(because: str) -> Finding:
    """Return the finding of an edition that somebody holds; ``because`` says who, and why."""
    return Finding(
        check=HELD_BY_HAND,
        severity=Severity.HOLD,
        line=None,
        message_zh=f"有人要求先不发出（{because}）",
        message_en=f"Somebody holds it ({because})",
        remedy_zh="可以发出时，请运行 newsletter approve",
        remedy_en="Once it may go out, run `newsletter approve`",
    )


def holds(findings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the findings that hold an edition, as they are stored."""
    return [finding for finding in findings if finding["severity"] == Severity.HOLD]


def only_waits(findings: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether stored findings hold an edition, and only until somebody says yes."""
    found = holds(findings)
    return bool(found) and all(finding["check"] in WAITS for finding in found)


def only_unreachable(findings: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether nothing is known but that the source did not answer."""
    found = holds(findings)
    return bool(found) and all(finding["check"] == UNREACHABLE for finding in found)
