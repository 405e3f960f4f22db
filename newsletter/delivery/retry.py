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


def pause_after(deferrals: int) -> timedelta | None:
    """Return how long to wait after that many deferrals; None: do not try again."""
    return PAUSES[deferrals - 1] if 1 <= deferrals <= len(PAUSES) else None


def pause_for_outage(retry_after: timedelta | None, *, moved: bool) -> timedelta:
    """Return how long to leave a far side alone that is down, full or slow. It is never given up.

    ``moved`` says that it took something in this pass: then it is only slow, and we go on.
    """
    if retry_after is not None:
        return retry_after
    return timedelta(0) if moved else PAUSES[0]
