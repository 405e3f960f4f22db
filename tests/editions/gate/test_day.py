"""A digest goes out on its own day, and only once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from newsletter.editions.gate import Policy, RecentEdition
from tests.editions.gate.support import said

DAY = date(2025, 5, 9)  # a Friday
STORY = "1. [标题](https://a.example/1)\n\n   正文。\n"


def days(text: str, check: str = "wrong-day", day: date = DAY, **known: Any) -> list[int | None]:
    """Examine a digest whose front matter has the right day."""
    lines = said(f"---\ndate: {day}\n---\n\n{text}\n\n{STORY}", check, day=day, **known)
    return [line - 4 if line else line for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        "早上好，今天是2025年5月8日，以下是最新的AI行业新闻：",
        "今天是2025年5月10日，星期六。",
        "今天是 5 月 8 日。",
        "各位早上好！今天是2024年5月9日。",
        "今日是二〇二五年五月八日。",
        "今天是2025-05-08。",
        "今天（5月8日），早安。",
        "早上好！2025年5月8日，星期四。",
        "今天是2025年2月30日。",
        "Good morning! Today is Thursday, May 8.",
        "Today is May 8th, 2025.",
        "Good morning. It's 8 May 2025.",
        "**2024年5月16日**",
        "> 2025年05月07日 19:47:39",
        "2025.05.06 星期二",
    ],
)
def test_a_greeting_or_dateline_of_another_day_is_held_with_its_line(text: str) -> None:
    assert days(text) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "早上好，今天是2025年5月9日，以下是最新的AI行业新闻：",
        "今天是5月9日，星期五。",
        "今天是二〇二五年五月九日。",
        "Good morning! Today is Friday, May 9, 2025.",
        "> 2025年05月08日 19:47:39",
        "**2025年5月9日**",
        "昨天（5月8日），谷歌发布了新模型。",
        "5月8日，欧盟表决通过了法案。",
        "“今天是2024年1月1日”，模型这样回答。",
        "大会将在5月20日举行。",
        "早上好，昨天5月8日谷歌办了发布会。",
        "今天是母亲节前的最后一个工作日。",
    ],
)
def test_the_right_day_and_other_days_in_the_news_pass(text: str) -> None:
    assert days(text) == []
    assert days(text, "wrong-weekday") == []


def test_a_story_may_speak_of_any_day() -> None:
    text = "1. [标题](https://a.example/1)\n\n   今天（5月8日），谷歌发布了新模型。\n\n   2024年5月16日\n"

    assert said(f"---\ndate: {DAY}\n---\n{text}", "wrong-day", day=DAY) == []


@pytest.mark.parametrize(
    "text",
    [
        "今天是星期六。",
        "今天是5月9日，星期六。",
        "今天是2025年5月9日（周四）。",
        "Today is Saturday, May 9.",
        "Happy Monday!",
    ],
)
def test_a_weekday_that_the_day_does_not_have_is_held(text: str) -> None:
    assert days(text, "wrong-weekday") == [1]


@pytest.mark.parametrize(
    ("title", "fits"),
    [
        ("2025.05.09 全球AI新闻速递", True),
        ("5月8日 AI 快讯", True),
        ("2025.05.07 全球AI新闻速递", False),
        ("AI 早报 | 5月6日", False),
        ("AI Daily, May 6", False),
        ("5月20日谷歌大会看点", True),
        ("苹果 9 月 10 日发布会定档", True),
        ("2024年5月9日", False),
        ("1月2日新规生效", True),
    ],
)
def test_a_title_that_is_dated_names_the_day_or_the_evening_before(title: str, *, fits: bool) -> None:
    text = f'---\ndate: {DAY}\ntitle: "{title}"\n---\n{STORY}'

    assert said(text, "wrong-day", day=DAY) == ([] if fits else [3])


def test_front_matter_is_of_the_day_or_the_evening_before() -> None:
    def lines(written: date, **known: Any) -> list[int | None]:
        return said(f"---\ntitle: 早安\ndate: {written}\n---\n{STORY}", "wrong-day", day=DAY, **known)

    assert lines(DAY) == lines(DAY - timedelta(days=1)) == []
    assert lines(DAY - timedelta(days=2)) == lines(DAY + timedelta(days=1)) == [3]
    assert lines(DAY - timedelta(days=1), policy=Policy(evening_before=False)) == [3]


def test_a_draft_is_held_and_so_is_one_that_is_not_in_force() -> None:
    now = datetime(2025, 5, 9, 23, 30, tzinfo=UTC)

    assert said(f"---\ntitle: 早安\ndraft: true\n---\n{STORY}", "draft") == [3]
    assert said(f"---\ntitle: 早安\npublishDate: 2025-05-11\n---\n{STORY}", "not-in-force", now=now) == [3]
    assert said(f"---\ntitle: 早安\nexpiryDate: 2025-05-09\n---\n{STORY}", "not-in-force", now=now) == [3]
    assert said(f"---\ntitle: 早安\npublishDate: 2025-05-09\n---\n{STORY}", "not-in-force", now=now) == []


# ---- what went out before ----


def digest_of(*pages: str) -> str:
    return "".join(
        f"{n}. [新闻第{n}号的标题](https://{page})\n\n   正文。\n\n" for n, page in enumerate(pages, 1)
    )


def sent(*pages: str, day: date = DAY - timedelta(days=1), count: int = 10) -> RecentEdition:
    links = frozenset(f"https://{page}" for page in pages)
    return RecentEdition(day=day, subject="昨天", links=links, story_count=count)


def test_a_digest_that_mostly_went_out_before_is_held() -> None:
    ours = digest_of("a.example/1", "www.a.example/2?utm_source=x", "a.example/3#top", "a.example/4")
    before = (sent("b.example/1"), sent("a.example/1", "a.example/2", "a.example/3", "c.example/9"))

    assert said(ours, "already-sent", recent=before) == [None]
    assert said(ours, "already-sent", recent=before, policy=Policy(overlap_percent=80)) == []


def test_a_follow_up_or_two_and_the_front_door_of_a_site_are_no_repetition() -> None:
    ours = digest_of("a.example/1", "a.example/2", "a.example/3", "openai.com", "b.example/5")

    assert said(ours, "already-sent", recent=(sent("a.example/1", "a.example/2", "c.example"),)) == []
    assert said(ours, "already-sent", recent=()) == []


def test_todays_digest_written_after_all_of_yesterdays_is_held() -> None:
    yesterday = [f"a.example/{n}" for n in range(4)]
    today = [f"b.example/{n}" for n in range(8)]

    assert said(digest_of(*yesterday, *today), "already-sent", recent=(sent(*yesterday),)) == [None]


def test_a_count_far_outside_the_usual_is_held_once_there_is_a_usual() -> None:
    usual = tuple(sent(f"z.example/{n}", count=10 + n % 3) for n in range(14))

    def counted(stories: int) -> list[int | None]:
        return said(digest_of(*(f"a.example/{n}" for n in range(stories))), "unusual-count", recent=usual)

    assert counted(4) == counted(19) == [None]
    assert counted(5) == counted(10) == counted(18) == []
    assert said(digest_of("a.example/1"), "unusual-count", recent=usual[:4]) == []


def test_the_subject_of_yesterday_is_held_unless_it_never_changes() -> None:
    text = digest_of("a.example/1")
    changing = (sent("b.example/1"), sent("b.example/2"))

    def repeated(subject: str, *recent: str) -> list[int | None]:
        editions = tuple(
            RecentEdition(day=DAY, subject=each, links=frozenset(), story_count=3) for each in recent
        )
        return said(text, "repeated-subject", subject=subject, recent=editions)

    assert repeated("造车新势力 · 5月8日", "造车新势力 · 5月8日", "别的") == [None]
    assert repeated("早安", "早安", "早安") == []
    assert repeated("今天", "昨天", "前天") == []
    assert said(text, "repeated-subject", subject="昨天", recent=changing) == []
