"""From a newsletter's settings to the gate's policy."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.config import NewsletterSettings
from newsletter.editions.gate import CHECKS, Level, Policy
from newsletter.errors import ConfigError
from newsletter.morning.own_checks import own_checks


def policy_of(slug: str, newsletter: NewsletterSettings) -> Policy:
    """Return how strict the gate of a newsletter is, or raise ``ConfigError`` that names an unknown check."""
    gate = newsletter.gate
    return Policy(
        levels=_levels(slug, gate.severity),
        evening_before=newsletter.source.yesterday_evening,
        overlap_percent=gate.overlap_percent,
        band_percent=gate.band_percent,
        audience_change_percent=gate.audience_change_percent,
        longest_subject=gate.longest_subject,
        longest_preheader=gate.longest_preheader,
        heaviest_image_bytes=gate.heaviest_image_bytes,
    )


def _levels(slug: str, severity: Mapping[str, str]) -> dict[str, Level]:
    known = {check.name for check in (*CHECKS, *own_checks()[0])}
    for name in severity:
        if name not in known:
            raise ConfigError(
                f"newsletters.{slug}.gate.severity.{name}: there is no such check; docs/gate.md lists them"
            )
    return {name: Level(level) for name, level in severity.items()}
