"""Public holidays, as their government publishes them each autumn for the year after.

The one door to ``chinese_calendar``, whose tables end with the last year that was published. A day
behind their end is not guessed: it is ``None``, and people are told in time (``known_until``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from chinese_calendar import Holiday, holidays, workdays

Country = Literal["china"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """A day whose place in the week does not say whether people work on it."""

    is_holiday: bool  # or a day off in the week that is worked on, to make up for a holiday
    name_zh: str
    name_en: str


def known_until(country: Country = "china") -> date:
    """Return the last day that the tables say anything about."""
    return date(max(day.year for day in holidays), 12, 31)


def off(day: date, country: Country = "china") -> Off | None:
    """Return what is special about ``day``; None for an ordinary day and for one that is not known."""
    for is_holiday, table in ((True, holidays), (False, workdays)):
        if day in table:
            name: Any = Holiday(table[day])
            return Off(is_holiday=is_holiday, name_zh=name.chinese, name_en=name.value)
    return None
