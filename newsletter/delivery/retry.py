"""When a copy that was not taken over is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta

# Chinese providers ask for a longer wait each time (NetEase: two minutes, then a quarter of an hour).
PAUSES = (
    timedelta(minutes=2),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=1),
)


def pause_after(tries: int) -> timedelta | None:
    """Return how long to wait after the given number of tries; None: do not try again."""
    return PAUSES[tries - 1] if 1 <= tries <= len(PAUSES) else None


def pause_for_outage(tries: int) -> timedelta:
    """Return how long to leave a far side alone that was down or full. It is never given up."""
    return PAUSES[min(max(tries, 1), len(PAUSES)) - 1]
