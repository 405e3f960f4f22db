"""How much of what may go wrong before something follows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from newsletter.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an installation has decided about feedback."""

    soft_failures: int = 5  # so many editions in a row that failed for a reader's own reason,
    soft_span: timedelta = timedelta(days=14)  # over so long, end mail to them
    blocks_percent: float = 5  # of the copies handed over: more content or policy blocks stop the edition
    counts_reading: bool = False  # whether opens and clicks are counted at all
    keeps_trail: bool = False  # and whether it is kept who it was

    def __post_init__(self) -> None:
        if self.soft_failures < 2:
            raise ConfigError("feedback.soft_failures must be at least 2: once is no habit")
        if not 0 < self.blocks_percent <= 100:
            raise ConfigError("feedback.blocks_percent must be above 0, and 100 at most")
