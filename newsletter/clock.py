"""The one place that asks the machine what time it is. Everything else is handed a moment."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]  # returns an aware UTC moment


def utc_now() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)


def steady() -> float:
    """Return the seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def is_kept() -> bool | None:
    """Say whether the kernel's clock is kept by a time server; None where the kernel does not tell.

    adjtimex(2): TIME_ERROR, 5, means that nobody keeps it.
    """
    try:
        ask = ctypes.CDLL(None, use_errno=True).ntp_adjtime
    except (OSError, AttributeError):  # no such call in this C library
        return None
    state = ask(ctypes.create_string_buffer(512))  # struct timex, all zero: read only
    return None if state < 0 else state != _TIME_ERROR


_TIME_ERROR = 5
