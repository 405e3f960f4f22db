"""How strict the gate of a newsletter is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from newsletter.config.base import Section


class GateSettings(Section):
    # By the id of a check, as docs/gate.md lists them; one that is not named keeps its own severity.
    severity: dict[str, Literal["hold", "warn", "off"]] = Field(default_factory=dict)
    on_hold: Literal["hold", "drop_stories"] = "hold"  # drop_stories: send the rest without the bad ones,
    min_stories: int = Field(default=5, ge=1)  # while at least so many are left
    overlap_percent: float = Field(default=50, gt=0, le=100)
    band_percent: float = Field(default=50, gt=0)
    audience_change_percent: float = Field(default=30, gt=0)
    longest_subject: int = Field(default=70, ge=10)  # columns; a Han character takes two
    longest_preheader: int = Field(default=200, ge=10)
    heaviest_image_bytes: int = Field(default=1_000_000, ge=1)
    probe_links: bool = True
