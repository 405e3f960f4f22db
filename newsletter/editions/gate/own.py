"""A user's own checks beside ours: a fault in one of them is told, and never stops a morning.

Pure, but for what the checks themselves do.
"""

from __future__ import annotations

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Check, Finding, Severity

FAILED = "own-check-failed"


def examine_own(check: Check, evidence: Evidence) -> list[Finding]:
    """Apply a user's check; when it fails, warn and name it."""
    try:
        return check.examine(evidence)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's code does, the morning goes on
        return [failed(check.name, f"{type(error).__name__}: {error}")]


def failed(name: str, why: str) -> Finding:
    """Return the warning that a user's check was not made."""
    return Finding(
        check=FAILED,
        severity=Severity.WARN,
        line=None,
        message_zh=f"自定义检查 {name} 出错，没有检查（{why}）",
        message_en=f"Your own check {name} failed and checked nothing ({why})",
        remedy_zh="请修好它，或卸载它所在的包",
        remedy_en="Mend it, or uninstall its package",
    )
