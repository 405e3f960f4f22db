"""When a copy that was not taken over is tried again. Pure.

A throttle is not a deferral: it is the lane that waits then (``pacing``), however often.
"""

from __future__ import annotations

from datetime import timedelta

from newsletter.delivery import pacing

# As long as a lane that came too fast, and once more: a greylist opens after minutes, a full server
# after an hour or two.
PAUSES = (*pacing.PAUSES, pacing.PAUSES[-1])


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
