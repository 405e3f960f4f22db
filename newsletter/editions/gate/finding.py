"""What the gate has to say: a finding names its check, how bad it is, the place and the remedy.

Pure: values only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from newsletter.editions.gate.evidence import Evidence


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
    """A rule of the gate. ``remarks`` is pure."""

    name: str
    severity: Severity
    remarks: Callable[[Evidence], Iterable[Remark]]

    def examine(self, evidence: Evidence) -> list[Finding]:
        """Apply the rule."""
        return [
            Finding(
                check=self.name,
                severity=self.severity,
                line=remark.line or None,
                message_zh=remark.message_zh,
                message_en=remark.message_en,
                remedy_zh=remark.remedy_zh,
                remedy_en=remark.remedy_en,
            )
            for remark in self.remarks(evidence)
        ]
