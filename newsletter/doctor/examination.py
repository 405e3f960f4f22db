"""The examination: every check, or those that are named; one that fails itself does not end the others."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator

from newsletter.doctor.checks import CHECKS
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, not_checked
from newsletter.errors import ConfigError

logger = logging.getLogger(__name__)


def examine(patient: Patient, only: Collection[str] = ()) -> Iterator[Result]:
    """Yield what every check finds, as it is found. Raises ``ConfigError`` for a check there is none of."""
    if unknown := set(only) - CHECKS.keys():
        raise ConfigError(
            f"--only: there is no check {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}"
        )
    for name, look in CHECKS.items():
        if only and name not in only:
            continue
        try:
            yield from look(patient)
        except Exception as error:
            # Whoever is ill must hear of the rest, too.
            logger.exception("check failed", extra={"check": name})
            yield not_checked(
                name,
                "",
                f"the check itself failed ({type(error).__name__})",
                f"检查本身出错（{type(error).__name__}）",
            )
