"""How strict the gate is: what a newsletter's settings change about it.

Pure: values only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """What a check's findings do, as settings say it."""

    HOLD = "hold"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What differs from the table of checks, and the measures that some of them take."""

    levels: Mapping[str, Level] = field(default_factory=dict)  # by the id of a check
    evening_before: bool = True  # whether a digest of the day before may go out
    overlap_percent: float = 50  # more story links than this in common with a recent edition: already sent
    band_percent: float = 50  # how far beyond the fewest and the most of the last 14 a count may be
    audience_change_percent: float = 30
    longest_subject: int = 70  # columns; a Han character takes two. Twice as many hold
    longest_preheader: int = 200  # columns
    heaviest_image_bytes: int = 1_000_000
