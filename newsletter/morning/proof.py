"""A digest as it would go out, proved: rendered in the newsletter's own language and examined by the gate.

Writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from newsletter.config import NewsletterSettings
from newsletter.digests.cutting import without
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
from newsletter.editions.gate.dropping import DROPPED, to_leave_out, told
from newsletter.errors import DigestError
from newsletter.mailing import Mailing
from newsletter.morning.evidence import NOTHING_KNOWN, Known
from newsletter.morning.own_checks import own_checks
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
    probes: Mapping[str, ProbeResult] = field(default_factory=dict)  # what is at each address, if asked

    @property
    def is_shorter(self) -> bool:
        """Whether stories were left out of it."""
        return any(finding.check == DROPPED for finding in self.findings)

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

    ``known`` is what the database says; what nobody knows is not checked, and the proof names it. With
    ``on_hold = "drop_stories"`` the proof may be of the digest without its bad stories, which it names.
    """

    def look(text: Digest, dropped: int = 0) -> tuple[Proof, Evidence]:
        rendered = renderer.render(
            text, newsletter, urls=urls, language=newsletter.language, day=day, edition=f"{slug}-{day}"
        )
        evidence = Evidence(
            digest=text,
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
            dropped=dropped,
        )
        own, broken = own_checks()
        findings, unknown = [*examine(evidence, own), *broken], not_checked(evidence, own)
        return Proof(
            digest=text,
            day=day,
            mailing=rendered.mailing,
            findings=findings,
            not_checked=unknown,
            probes=probes or {},
        ), evidence

    proof, evidence = look(digest)
    if newsletter.gate.on_hold != "drop_stories" or not proof.held:
        return proof
    places = to_leave_out(proof.findings, digest, at_least=newsletter.gate.min_stories)
    rest = _rest(digest, newsletter, places) if places else None
    if rest is None:
        return proof
    shorter, _ = look(rest, dropped=len(places))
    if shorter.held:
        return proof
    return replace(shorter, findings=[*told(proof.findings, evidence, places), *shorter.findings])


def _rest(digest: Digest, newsletter: NewsletterSettings, places: frozenset[int]) -> Digest | None:
    """Return the digest without the stories at ``places``; None when the rest would not be the same."""
    try:
        rest = read(
            without(digest, places).encode(),
            file=digest.file,
            newsletter_name=newsletter.name,
            tz=newsletter.schedule.tz,
            default_day=digest.day,
        )
    except DigestError:  # what is left is no digest of its own
        return None
    kept = [story for place, story in enumerate(digest.stories) if place not in places]
    same = [(story.title_text, story.url, story.line) for story in rest.stories]
    return rest if same == [(story.title_text, story.url, story.line) for story in kept] else None


def as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as it is stored and printed: plain names, both languages."""
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "line": finding.line,
        "message": {"zh-CN": finding.message_zh, "en": finding.message_en},
        "remedy": {"zh-CN": finding.remedy_zh, "en": finding.remedy_en},
    }
