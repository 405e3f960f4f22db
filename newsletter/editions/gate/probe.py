"""What was found at the far end of a link, or of an image's address, when somebody went to look.

Pure: values only. The gate judges them; whoever may use the network makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reach(StrEnum):
    """Whether an address leads to something."""

    ALIVE = "alive"
    DEAD = "dead"  # its server, or the name system, says that there is no such thing
    UNREACHABLE_FROM_HERE = "unreachable_from_here"  # which says nothing about readers elsewhere
    NOT_CHECKED = "not_checked"  # there was no time, or it may not be opened from here


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What one address answered."""

    reach: Reach
    status: int | None = None  # of HTTP
    detail: str = ""  # for a person
    bytes: int | None = None  # of an image, as far as it is known
