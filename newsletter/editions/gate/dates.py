"""Dates as people write them in a digest: 2025年5月9日, 5月9日（星期五）, Friday, May 9, 2025.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = "january february march april may june july august september october november december".split()
_DAYS: tuple[str, ...] = tuple("monday tuesday wednesday thursday friday saturday sunday".split())
_ZH_DAYS = "一二三四五六日"
_ZH_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
_ZH = "〇零○一二三四五六七八九十"
_MONTH = (
    r"(?P<month_name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
WEEKDAY_EN = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
WEEKDAY_ZH = r"(?:星期|周|礼拜|週)[一二三四五六日天]"
_AFTER = rf"(?:[\s,，、.·|｜]*[（(]?\s*(?P<weekday_after>{WEEKDAY_ZH}|{WEEKDAY_EN}))?"
_PATTERNS = (
    re.compile(
        rf"(?<!\d)(?P<year>\d{{4}})\s*[年./-]\s*(?P<month>\d{{1,2}})\s*[月./-]\s*(?P<day>\d{{1,2}})(?!\d)\s*[日号號]?{_AFTER}",
        re.I,
    ),
    re.compile(
        rf"(?P<year>[{_ZH}]{{4}})年(?P<month>[{_ZH}]{{1,2}})月(?P<day>[{_ZH}]{{1,3}})[日号]{_AFTER}", re.I
    ),
    re.compile(rf"(?<![\d年./-])(?P<month>\d{{1,2}})\s*月\s*(?P<day>\d{{1,2}})\s*[日号號]{_AFTER}", re.I),
    re.compile(
        rf"(?:(?P<weekday_before>{WEEKDAY_EN}),?\s+)?\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd"
        rf"|th)?\b(?:,?\s+(?P<year>\d{{4}}))?{_AFTER}",
        re.I,
    ),
    re.compile(
        rf"(?:(?P<weekday_before>{WEEKDAY_EN}),?\s+)?\b(?P<day>\d{{1,2}})(?:st|nd|rd"
        rf"|th)?\s+(?:of\s+)?{_MONTH}\b(?:,?\s+(?P<year>\d{{4}}))?",
        re.I,
    ),
)
_SHORT = re.compile(r"(?<![\d./-])(?P<month>[01]?\d)[-./](?P<day>[0-3]\d)(?![\d./-])")


@dataclass(frozen=True, slots=True)
class Written:
    """A date in a text. ``day`` is None for one that no calendar has: 2月30日."""

    start: int
    end: int
    text: str
    day: date | None
    weekday: int | None  # written beside it; Monday is 0
    has_year: bool


def dates_in(text: str, *, near: date, short: bool = False) -> list[Written]:
    """Return the dates that ``text`` writes, in order; one without a year is the nearest to ``near``.

    ``short`` takes 03-02 for one too, which elsewhere may be a score or a range.
    """
    found = sorted(
        _found(text, near, (*_PATTERNS, _SHORT) if short else _PATTERNS),
        key=lambda written: (written.start, -written.end),
    )
    kept: list[Written] = []
    for written in found:
        if not kept or written.start >= kept[-1].end:
            kept.append(written)
    return kept


def weekday_of(words: str) -> int:
    """Return the number of a weekday's name, as of 星期五 or Friday."""
    last = words[-1].replace("天", "日")
    return _ZH_DAYS.find(last) if last in _ZH_DAYS else _DAYS.index(words.lower())


def name_of(weekday: int) -> tuple[str, str]:
    """Return a weekday's name in both languages."""
    return f"星期{_ZH_DAYS[weekday]}", _DAYS[weekday].capitalize()


def _found(text: str, near: date, patterns: tuple[re.Pattern[str], ...]) -> Iterator[Written]:
    if not re.search(r"\d|[一二三四五六七八九十]月", text):
        return
    for pattern in patterns:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = _month(parts)
            day = _number(parts["day"])
            year = _number(parts["year"]) if parts.get("year") else None
            weekday = parts.get("weekday_before") or parts.get("weekday_after")
            yield Written(
                start=match.start(),
                end=match.end(),
                text=match[0].strip(),
                day=_date(year, month, day, near),
                weekday=weekday_of(weekday) if weekday else None,
                has_year=year is not None,
            )


def _month(parts: dict[str, str]) -> int:
    name = parts.get("month_name")
    if name:
        return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()[:3]))
    return _number(parts["month"])


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_ZH_DIGITS.get(tens, 1)) * 10 + _ZH_DIGITS.get(ones, 0)
    return int("".join(str(_ZH_DIGITS[digit]) for digit in text))


def _date(year: int | None, month: int, day: int, near: date) -> date | None:
    years = (year,) if year else (near.year, near.year - 1, near.year + 1)
    possible = []
    for each in years:
        try:
            possible.append(date(each, month, day))
        except ValueError:
            continue
    return min(possible, key=lambda one: abs(one - near), default=None)
