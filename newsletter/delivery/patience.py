"""Patience with a database that is away for a moment: its server may be starting again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from newsletter.delivery.stopping import Stopping

logger = logging.getLogger(__name__)

PAUSES = (0.1, 0.4, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between two attempts

Result = TypeVar("Result")


def patiently(step: Callable[[int], Result], stopping: Stopping) -> Result:
    """Return what ``step`` returns; it is given the number of the attempt, and may be called again.

    Only trouble in reaching the database is waited for, and a deadlock. Raises what ``step`` raises in
    the end.
    """
    for attempt, pause in enumerate(PAUSES):
        try:
            return step(attempt)
        except DBAPIError as error:
            is_away = error.connection_invalidated or isinstance(error, OperationalError)
            if not is_away or stopping.is_overdue:
                raise
            logger.warning("the database is away: %s", type(error.orig).__name__)
            time.sleep(pause)
    return step(len(PAUSES))
