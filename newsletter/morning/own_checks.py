"""Users' own checks of the gate: what installed packages offer under ``newsletter.checks``.

An entry point is a ``Check``, or a function from ``Evidence`` to remarks, which then only warns. Its
name is the id, as in the settings.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points

from newsletter.editions.gate import CHECKS, Check, Finding, Severity
from newsletter.editions.gate.own import failed

GROUP = "newsletter.checks"


@cache
def own_checks() -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    """Return the checks there are, and a warning for each that cannot be loaded."""
    checks: list[Check] = []
    warnings: list[Finding] = []
    taken = {check.name for check in CHECKS}
    for entry in entry_points(group=GROUP):
        if entry.name in taken:
            warnings.append(failed(entry.name, "a check has this id already"))
            continue
        taken.add(entry.name)
        try:
            found = entry.load()
        except Exception as error:  # noqa: BLE001 - whatever a stranger's module does, the morning goes on
            warnings.append(failed(entry.name, f"{type(error).__name__}: {error}"))
            continue
        if isinstance(found, Check):
            checks.append(replace(found, name=entry.name))
        else:
            checks.append(Check(entry.name, Severity.WARN, found))
    return tuple(checks), tuple(warnings)
