"""What happens on each day of the month, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.alarms import Cause

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 11, 2)  # a Monday
DAYS = 30

TOPICS = (
    "芯片",
    "机器人",
    "开源模型",
    "搜索",
    "自动驾驶",
    "语音",
    "翻译",
    "医疗影像",
    "编程助手",
    "气象预报",
)
BROKEN = "\n好的，请您提供需要整理的新闻内容。参见 [object Object] 与 {{ note }}。\n"


def at(day: date, hour: str) -> datetime:
    """Return a local hour of a day, aware UTC."""
    return datetime.combine(day, time.fromisoformat(hour), ZONE).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """An editor saves a file at a moment."""

    at: datetime
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day: what editors do, when the machines are down, and what must come of it."""

    day: date
    story: str  # what kind of day, for the calendar
    writes: tuple[Write, ...] = ()
    down: tuple[datetime, datetime] | None = None  # all replicas
    skew: timedelta = timedelta(0)  # by which the second replica's clock is off
    goes_at: datetime | None = None  # the first copy; None: no edition goes out
    topic_of: date | None = None  # whose digest it is
    state: str = "finished"
    alarms: frozenset[Cause] = field(default_factory=frozenset)


def digest(day: date, *, extra: str = "", front: str = "", hour: str = "") -> str:
    """Return a digest as an editor would write it for ``day``."""
    n = day.toordinal()
    stories = []
    for number in range(1, 6):
        topic = TOPICS[(n * 3 + number) % len(TOPICS)]
        stories.append(
            f"{number}. [{topic}团队公布第 {n % 89 + number} 版进展](https://news.site.example/{day}/{number})\n\n"
            f"   他们说明了方法和数据，并开放了测试，误差比上一版低了{(n + number) % 7 + 2}个百分点。\n"
        )
    stamp = f"{day}T{hour}:00+08:00" if hour else f"{day}"
    return (
        f'---\ntitle: "全球AI新闻速递 {day.month}月{day.day}日"\ndate: {stamp}\n{front}---\n\n'
        f"各位读者早上好，这里是今天值得一读的五条。\n\n"
        + "\n".join(stories)
        + f"\n{extra}\n### 点评\n\n{TOPICS[n % len(TOPICS)]}走得比预想的快，真正难的是用好它。\n"
    )


def _write(day: date, hour: str, text: str, *, on: date | None = None, name: str = "") -> Write:
    return Write(at=at(on or day, hour), name=name or f"{day}-ai-news.md", text=text)


def month() -> Iterator[Day]:
    """Yield the days in order."""
    for n in range(DAYS):
        day = FIRST + timedelta(days=n)
        yield _day(n, day)


def _day(n: int, day: date) -> Day:
    morning = at(day, "07:30")
    ordinary = (_write(day, "06:31", digest(day)),)
    eve = day - timedelta(days=1)
    match n:
        case 2:
            return Day(
                day=day,
                story="written 19:47 the evening before",
                writes=(
                    _write(
                        day,
                        "19:47",
                        digest(day).replace(f"date: {day}", f"date: {eve}T19:47:00+08:00"),
                        on=eve,
                        name=f"{eve}-evening.md",
                    ),
                ),
                goes_at=morning,
                topic_of=eve,
            )
        case 4:
            return Day(
                day=day,
                story="stamped 09:15 of its day",
                writes=(_write(day, "06:31", digest(day, hour="09:15")),),
                goes_at=morning,
                topic_of=day,
            )
        case 6:
            return Day(
                day=day,
                story="no digest at all",
                state="missing",
                alarms=frozenset({Cause.MISSING, Cause.LATE}),
            )
        case 8:
            return Day(
                day=day,
                story="digest comes at 08:10",
                writes=(_write(day, "08:10", digest(day)),),
                goes_at=at(day, "08:10"),
                topic_of=day,
                alarms=frozenset({Cause.MISSING}),
            )
        case 10:
            return Day(
                day=day,
                story="digest comes at 11:31, past latest",
                writes=(_write(day, "11:31", digest(day)),),
                state="missing",
                alarms=frozenset({Cause.MISSING, Cause.LATE}),
            )
        case 11:
            return Day(
                day=day,
                story="broken, mended at 08:00",
                writes=(
                    _write(
                        day,
                        "22:10",
                        digest(day, extra=BROKEN),
                        on=eve,
                    ),
                    _write(day, "08:00", digest(day)),
                ),
                goes_at=at(day, "08:00"),
                topic_of=day,
                alarms=frozenset({Cause.HELD}),
            )
        case 13:
            return Day(
                day=day,
                story="broken, never mended",
                writes=(
                    _write(
                        day,
                        "06:31",
                        digest(day, extra=BROKEN),
                    ),
                ),
                state="held",
                alarms=frozenset({Cause.HELD, Cause.LATE}),
            )
        case 15:
            return Day(
                day=day,
                story="a draft until 07:10",
                writes=(
                    _write(day, "06:31", digest(day, front="draft: true\n")),
                    _write(day, "07:10", digest(day)),
                ),
                goes_at=morning,
                topic_of=day,
                alarms=frozenset({Cause.MISSING}),
            )
        case 17:
            return Day(
                day=day,
                story="a draft that stays one",
                writes=(_write(day, "06:31", digest(day, front="draft: true\n")),),
                state="missing",
                alarms=frozenset({Cause.MISSING, Cause.LATE}),
            )
        case 19:
            return Day(
                day=day,
                story="all machines down 07:20–07:50",
                writes=ordinary,
                down=(at(day, "07:20"), at(day, "07:50")),
                goes_at=at(day, "07:50"),
                topic_of=day,
            )
        case 21:
            return Day(
                day=day,
                story="all machines down until noon",
                writes=ordinary,
                down=(at(day, "06:45"), at(day, "12:00")),
                state="ready",
                alarms=frozenset({Cause.LATE}),
            )
        case 23:
            return Day(day=day, story="skipped by the schedule", writes=ordinary, state="skipped")
        case 25:
            return Day(
                day=day,
                story="a replica's clock is 9 min ahead",
                writes=ordinary,
                skew=timedelta(minutes=9),
                goes_at=at(day, "07:25"),  # its 07:34
                topic_of=day,
            )
        case 26:
            return Day(
                day=day,
                story="a typo mended after sending",
                writes=(
                    *ordinary,
                    _write(day, "08:31", digest(day).replace("早上好", "早安"), name=f"{day}-mended.md"),
                ),
                goes_at=morning,
                topic_of=day,
            )
        case _:
            return Day(day=day, story="ordinary", writes=ordinary, goes_at=morning, topic_of=day)


SKIPPED = FIRST + timedelta(days=23)
# When the replicas look, every day; each time a few of them do.
HOURS = (
    "00:30 05:59 06:32 06:59:58 07:00:05 07:10:11 07:19 07:25 07:29:58 07:30 07:30:02 07:30:05 07:36 07:41 "
    "07:50:01 07:50:04 08:00:11 08:02 08:10:09 08:11 08:32 09:10 10:59 11:00:03 11:32 12:00:02 12:05 14:00 "
    "18:00 19:48 20:10 22:10:30 22:11"
).split()
