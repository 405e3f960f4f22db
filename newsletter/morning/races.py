"""When another process was quicker: what it wrote is found by doing the step once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError

from newsletter.editions.states import EditionTransitionNotAllowed

RACES = 3  # how often another process may be quicker before we give up
SERIALIZATION_FAILURES = ("40001", "40P01")  # PostgreSQL, Appendix A

Result = TypeVar("Result")


def unless_outrun(step: Callable[[], Result]) -> Result:
    """Do ``step``, and again when another process was quicker: it then finds what that one wrote."""
    for _ in range(RACES - 1):
        try:
            return step()
        except EditionTransitionNotAllowed:
            continue
        except (IntegrityError, OperationalError) as error:
            if not _is_race(error):
                raise
    return step()


def _is_race(error: IntegrityError | OperationalError) -> bool:
    if isinstance(error, IntegrityError):
        return True
    return getattr(error.orig, "sqlstate", None) in SERIALIZATION_FAILURES
