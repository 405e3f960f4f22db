"""A digest as it would go out, proved: rendered in the newsletter's own language and examined by the gate.

Writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from newsletter.config import NewsletterSettings
from newsletter.digests.digest import Digest
from newsletter.digests.reader import read
from newsletter.editions.gate import (
    Evidence,
    Finding,
    NotChecked,
    ProbeResult,
    Severity,
    examine,
    not_checked,
)
from newsletter.errors import DigestError
from newsletter.mailing import Mailing
from newsletter.morning.evidence import NOTHING_KNOWN, Known
from newsletter.morning.strictness import policy_of
from newsletter.rendering.renderer import Renderer
from newsletter.urls import Urls


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A digest as it would go out, with all that the gate has to say about it."""

    digest: Digest
    day: date
    mailing: Mailing
    findings: list[Finding]
    not_checked: list[NotChecked] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether it must not go out unattended."""
        return any(finding.severity is Severity.HOLD for finding in self.findings)


def read_digest(file: Path, newsletter: NewsletterSettings, *, default_day: date) -> Digest:
    """Read one digest from anywhere, or raise ``DigestError``."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DigestError(
            f"cannot be read ({error.strerror})", remedy="check its path and rights", file=str(file)
        ) from error
    return read(
        data,
        file=str(file),
        newsletter_name=newsletter.name,
        tz=newsletter.schedule.tz,
        default_day=default_day,
    )


def prove(
    digest: Digest,
    slug: str,
    newsletter: NewsletterSettings,
    *,
    renderer: Renderer,
    urls: Urls,
    day: date,
    known: Known = NOTHING_KNOWN,
    probes: Mapping[str, ProbeResult] | None = None,
    now: datetime | None = None,
) -> Proof:
    """Render a digest in the newsletter's own language and examine it. Writes nothing.

    ``known`` is what the database says; what nobody knows is not checked, and the proof names it.
    """
    rendered = renderer.render(
        digest, newsletter, urls=urls, language=newsletter.language, day=day, edition=f"{slug}-{day}"
    )
    evidence = Evidence(
        digest=digest,
        policy=policy_of(slug, newsletter),
        day=day,
        now=now,
        language=newsletter.language,
        own_site=urls.base,
        subject=rendered.mailing.subject,
        preheader=rendered.preheader,
        html_bytes=rendered.html_bytes,
        story_bytes=rendered.story_bytes,
        text_part=rendered.mailing.text.fill({}),
        recent=known.recent,
        probes=probes,
        audience=known.audience,
        usual_audience=known.usual_audience,
        sender_dns=known.sender_dns,
    )
    return Proof(
        digest=digest,
        day=day,
        mailing=rendered.mailing,
        findings=examine(evidence),
        not_checked=not_checked(evidence),
    )


def as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as it is stored and printed: plain names, both languages."""
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "line": finding.line,
        "message": {"zh-CN": finding.message_zh, "en": finding.message_en},
        "remedy": {"zh-CN": finding.remedy_zh, "en": finding.remedy_en},
    }
