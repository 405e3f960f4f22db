"""What the software costs, measured: ``make bench``. Nothing here is asserted by a test.

A measurement is a function that returns one number; its name says the unit. Each is taken three
times and the median is kept. ``ONLY=freeze`` takes only those whose name holds the word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Measurement(NamedTuple):
    """One number to be measured, with the bound we hold ourselves to."""

    name: str
    measure: Callable[[], float]
    bound: str  # for the table: "≤ 50"


MEASUREMENTS: list[Measurement] = []


def measured(bound: str) -> Callable[[Callable[[], float]], Callable[[], float]]:
    """Add a function to the bench under its own name."""

    def add(measure: Callable[[], float]) -> Callable[[], float]:
        MEASUREMENTS.append(Measurement(measure.__name__, measure, bound))
        return measure

    return add
