"""The gate: the checks an edition must pass to go out unattended.

The whole policy is the table ``CHECKS``: which rules there are, and whether one holds the edition
or only warns. ``examine`` applies them all. Pure: no database, no clock, no network.
"""

from __future__ import annotations

from newsletter.editions.gate.evidence import Evidence, RecentEdition, SenderDns
from newsletter.editions.gate.finding import Check, Finding, Remark, Severity
from newsletter.editions.gate.images import bad_images, images_without_words
from newsletter.editions.gate.leftover_marks import leftover_marks
from newsletter.editions.gate.leftover_templates import leftover_templates
from newsletter.editions.gate.links import bad_links
from newsletter.editions.gate.needs import WORDS, Need, NotChecked, is_known
from newsletter.editions.gate.no_stories import no_stories
from newsletter.editions.gate.policy import Level, Policy
from newsletter.editions.gate.probe import ProbeResult, Reach
from newsletter.editions.gate.removed_html import removed_html
from newsletter.editions.gate.size import nearly_too_big, too_big
from newsletter.editions.gate.untitled_stories import untitled_stories

__all__ = [
    "CHECKS",
    "Check",
    "Evidence",
    "Finding",
    "Level",
    "Need",
    "NotChecked",
    "Policy",
    "ProbeResult",
    "Reach",
    "RecentEdition",
    "Remark",
    "SenderDns",
    "Severity",
    "examine",
    "not_checked",
]

CHECKS: tuple[Check, ...] = (
    Check("no-stories", Severity.HOLD, no_stories),
    Check("untitled-story", Severity.HOLD, untitled_stories),
    Check("bad-link", Severity.HOLD, bad_links),
    Check("bad-image", Severity.HOLD, bad_images),
    Check("image-without-words", Severity.WARN, images_without_words),
    Check("leftover-mark", Severity.HOLD, leftover_marks),
    Check("leftover-template", Severity.HOLD, leftover_templates),
    Check("removed-html", Severity.WARN, removed_html),
    Check("too-big", Severity.HOLD, too_big, Need.SIZE),
    Check("nearly-too-big", Severity.WARN, nearly_too_big, Need.SIZE),
)


def examine(evidence: Evidence) -> list[Finding]:
    """Return all findings, holds first, then in the order of the file."""
    findings = [finding for check in CHECKS for finding in check.examine(evidence)]
    return sorted(findings, key=lambda finding: (finding.severity is Severity.WARN, finding.line or 0))


def not_checked(evidence: Evidence) -> list[NotChecked]:
    """Return which checks were not made for want of evidence. One that is switched off is not wanted."""
    missing: dict[Need, list[str]] = {}
    for check in CHECKS:
        if evidence.policy.levels.get(check.name) is not Level.OFF and not is_known(check.needs, evidence):
            missing.setdefault(check.needs, []).append(check.name)
    return [
        NotChecked(checks=tuple(names), because_zh=WORDS[need][0], because_en=WORDS[need][1])
        for need, names in missing.items()
    ]
