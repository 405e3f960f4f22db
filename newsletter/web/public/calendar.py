"""Days that people mean when they press a button. Pure."""

from __future__ import annotations

from datetime import date, timedelta


def next_monday(today: date) -> date:
    """Return the Monday after ``today``, which is never today."""
    return today + timedelta(days=7 - today.weekday())


def day_of(text: str) -> date | None:
    """Return the day that a date field sent, if it is one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
