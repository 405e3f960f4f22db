"""Faults of time: drafts, other days, and what has been sent before."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from tests.gate_corpus.injectors.base import Injected, Subject
from tests.gate_corpus.links import links_of
from tests.gate_corpus.page import Written

WEEKDAYS = "一二三四五六日"
_DATE_IN_TITLE = re.compile(
    r"(?P<ymd>\d{4}\.\d\d\.\d\d|\d{4}-\d\d-\d\d)|(?P<zh>\d\d?月\d\d?日)|(?P<md>\b\d\d-\d\d\b)"
    r"|(?P<en>(?:March|April|May|June) \d{1,2}\b)"
)


def draft(subject: Subject) -> Injected | None:
    """Leave the editors' own mark that it is not ready."""
    return subject.written(subject.page.with_key("draft", "true"))


def wrong_day(subject: Subject) -> Injected | None:
    """Let it speak of another day: in a greeting, its title or its front matter."""
    ways = [_greets_another_day, _greets_another_day, _titled_another_day, _dated_another_day]
    subject.chance.shuffle(ways)
    return next((found for way in ways if (found := way(subject))), None)


def already_sent(subject: Subject) -> Injected | None:
    """Let a recent edition have had most of its stories."""
    links, recent = sorted(links_of(subject.page.markdown)), list(subject.context.recent)
    if len(links) < 3 or not recent:
        return None
    share = subject.chance.uniform(0.67, 1)
    repeated = frozenset(subject.chance.sample(links, max(round(share * len(links)), 2)))
    at = subject.chance.randrange(min(5, len(recent)))
    kept = frozenset(sorted(recent[at].links)[: subject.chance.randrange(4)])
    recent[at] = replace(recent[at], links=kept | repeated)
    return subject.known(recent=tuple(recent))


def _greets_another_day(subject: Subject) -> Injected | None:
    chance, day = subject.chance, subject.context.day
    # The evening before is another day too, for whoever says "today is".
    other = day + timedelta(days=chance.choice([-1, -1, -1, -2, -3, -7, -30, -365, 1, 2]))
    page = subject.page
    for number, line in enumerate(page.lines, start=1):
        if found := _SAID_DAY.search(line):
            said = chance.choice(_ways_to_say(other))
            return subject.written(page.with_line(number, line.replace(found["day"], said)))
    if subject.context.language == "en":
        written = chance.choice(
            [
                f"Good morning! Today is {other:%A, %B} {other.day}, {other.year}.",
                f"Today is {other:%B} {other.day}, {other.year}, and here is the news.",
            ]
        )
    else:
        said = chance.choice(_ways_to_say(other))
        written = chance.choice(
            [
                f"早上好，今天是{said}，以下是最新消息：",
                f"今天是{said}。",
                f"各位读者好，今天是{said}，欢迎收看。",
            ]
        )
    return subject.written(page.opened_with(written))


_SAID_DAY = re.compile(
    r"今天是\s?(?P<day>(?:\d{4}\s?年\s?)?\d{1,2}\s?月\s?\d{1,2}\s?日(?:，(?:星期|周)[一二三四五六日])?)"
)


def _ways_to_say(day: date) -> list[str]:
    weekday = WEEKDAYS[day.weekday()]
    return [
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year} 年 {day.month} 月 {day.day} 日",
        f"{day.year}年{day.month}月{day.day}日，星期{weekday}",
        f"{day.month}月{day.day}日，周{weekday}",
    ]


def _titled_another_day(subject: Subject) -> Injected | None:
    page, day = subject.page, subject.context.day
    at = page.key_line("title") or (1 if not page.front_end else None)
    found = _DATE_IN_TITLE.search(page.lines[at - 1]) if at else None
    if not at or not found:
        return None
    other = day + timedelta(days=subject.chance.choice([-30, -14, -7, -3, -2, 2, 3]))
    if found["ymd"]:
        said = f"{other:%Y.%m.%d}" if "." in found[0] else f"{other:%Y-%m-%d}"
    elif found["zh"]:
        padded = found[0].startswith("0")
        said = f"{other:%m月%d日}" if padded else f"{other.month}月{other.day}日"
    elif found["md"]:
        said = f"{other:%m-%d}"
    else:
        said = f"{other:%B} {other.day}"
    line = page.lines[at - 1]
    return subject.written(page.with_line(at, line[: found.start()] + said + line[found.end() :]))


def _dated_another_day(subject: Subject) -> Injected | None:
    page, day = subject.page, subject.context.day
    at = page.key_line("date")
    if not at:
        return None
    other = day + timedelta(days=subject.chance.choice([-60, -14, -7, -3, -2]))
    line = re.sub(r"\d{4}-\d\d-\d\d", f"{other:%Y-%m-%d}", page.lines[at - 1])
    written: Written = page.with_line(at, line)
    return subject.written(written)
