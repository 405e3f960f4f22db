"""What the gate has to say: a finding names its check, how bad it is, the place and the remedy.

Pure: values only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.needs import Need, is_known
from newsletter.editions.gate.passages import story_at
from newsletter.editions.gate.policy import Level


class Severity(StrEnum):
    """What a finding does to an unattended edition."""

    HOLD = "hold"  # it does not go out until a person has looked
    WARN = "warn"  # it goes out, and people are told


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, said without a full stop, in both languages of the desk."""

    check: str
    severity: Severity
    line: int | None  # of the digest's file
    message_zh: str
    message_en: str
    remedy_zh: str
    remedy_en: str
    story: int | None = None  # the place in digest.stories of the one story that the fault lies in


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a check has to say; how bad that is, the table of checks knows."""

    line: int | None
    message_zh: str
    message_en: str
    remedy_zh: str
    remedy_en: str


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of the gate. ``remarks`` is pure, and asked only when what it needs is known."""

    name: str
    severity: Severity
    remarks: Callable[[Evidence], Iterable[Remark]]
    needs: Need = Need.NOTHING
    in_story: bool = False  # whether what it finds in a story is cured by leaving the story out

    def examine(self, evidence: Evidence) -> list[Finding]:
        """Apply the rule, as strict as the policy wants it."""
        level = evidence.policy.levels.get(self.name, Level(self.severity))
        if level is Level.OFF or not is_known(self.needs, evidence):
            return []
        return [
            Finding(
                check=self.name,
                severity=Severity(level),
                line=remark.line or None,
                message_zh=remark.message_zh,
                message_en=remark.message_en,
                remedy_zh=remark.remedy_zh,
                remedy_en=remark.remedy_en,
                story=story_at(evidence.digest, remark.line) if self.in_story else None,
            )
            for remark in self.remarks(evidence)
        ]
