"""Front matter in YAML, TOML or not at all; a wrong one is an error with its place."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.digests.digest import FrontMatter
from newsletter.digests.frontmatter import part
from newsletter.errors import DigestError
from tests.digests.support import SHANGHAI

EAST = timezone(timedelta(hours=8))


def front(text: str) -> FrontMatter:
    return part(text, file="f.md", tz=SHANGHAI).front


def body(text: str) -> str:
    return part(text, file="f.md", tz=SHANGHAI).body


def fault(text: str) -> DigestError:
    with pytest.raises(DigestError) as caught:
        part(text, file="f.md", tz=SHANGHAI)
    return caught.value


def test_every_known_key_is_read_from_yaml() -> None:
    read = front(
        """---
title: 周一
date: 2026-03-02T06:20:00+08:00
categories: [芯片, 机器人]
tags: 开源
description: 三条消息
subject: 今早三条
draft: true
slug: monday
publishDate: 2026-03-02 06:30:00
expiryDate: 2026-03-09
ai_generated: true
sponsored: false
---
正文
"""
    )

    assert read == FrontMatter(
        title="周一",
        date=datetime(2026, 3, 2, 6, 20, tzinfo=EAST),
        categories=("芯片", "机器人"),
        tags=("开源",),
        description="三条消息",
        subject="今早三条",
        draft=True,
        slug="monday",
        publish_at=datetime(2026, 3, 2, 6, 30, tzinfo=SHANGHAI),
        expires_at=date(2026, 3, 9),
        ai_generated=True,
        sponsored=False,
    )


def test_toml_says_the_same() -> None:
    read = front(
        '+++\ntitle = "周一"\ndate = 2026-03-02T06:20:00\ntags = ["a", "b"]\ndraft = true\n'
        "[params]\nx = 1\n+++\n"
    )

    assert (read.title, read.date) == ("周一", datetime(2026, 3, 2, 6, 20, tzinfo=SHANGHAI))
    assert (read.tags, read.draft, read.extra) == (("a", "b"), True, {"params": {"x": 1}})


def test_keys_are_known_whatever_their_case() -> None:
    read = front("---\nTitle: a\npublishdate: 2026-03-01\nDRAFT: True\n---\n")

    assert (read.title, read.publish_at, read.draft) == ("a", date(2026, 3, 1), True)


def test_text_stays_the_text_that_was_written() -> None:
    read = front('---\ntitle: 1.10\nsubject: no\ndescription: 08:30\ntags: [2026-01-01, "12", on]\n---\n')

    assert (read.title, read.subject, read.description) == ("1.10", "no", "08:30")
    assert read.tags == ("2026-01-01", "12", "on")


def test_unknown_keys_are_kept_untouched() -> None:
    assert front("---\ntitle: a\nno: no\nweight: 007\nmenu: {main: {name: x}}\n---\n").extra == {
        "no": "no",
        "weight": "007",
        "menu": {"main": {"name": "x"}},
    }


def test_an_empty_value_is_no_value() -> None:
    read = front("---\ntitle:\ndate: ~\ntags: [a, ]\ndraft: null\n---\n")

    assert read == FrontMatter(tags=("a",))


def test_text_is_one_line() -> None:
    assert (
        front('---\ntitle: |\n  第一行\n  第二行\nsubject: "a\\r\\nBcc: x"\n---\n').title == "第一行 第二行"
    )
    assert front('---\nsubject: "a\\r\\nBcc: x"\n---\n').subject == "a Bcc: x"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-02", date(2026, 3, 2)),
        ("2026-3-2", date(2026, 3, 2)),
        ("2026-03-02 06:20", datetime(2026, 3, 2, 6, 20, tzinfo=SHANGHAI)),
        ("2026-03-02T06:20:05.5+08:00", datetime(2026, 3, 2, 6, 20, 5, tzinfo=EAST)),
        ("2026-03-02 06:20:00 +0800", datetime(2026, 3, 2, 6, 20, tzinfo=EAST)),
        ("2026-03-01T22:20:00Z", datetime(2026, 3, 2, 6, 20, tzinfo=EAST)),
        ("'2026-03-02'", date(2026, 3, 2)),
    ],
)
def test_a_date_is_a_day_or_a_moment(written: str, read: date | datetime) -> None:
    assert front(f"---\ndate: {written}\n---\n").date == read


def test_a_text_without_front_matter_is_all_body() -> None:
    assert (front("# 标题\n\ndate: 1"), body("# 标题\n\ndate: 1")) == (FrontMatter(), "# 标题\n\ndate: 1")


@pytest.mark.parametrize(
    "text",
    [
        "---\n\n今天的第一段。\n\n---\n\n第二段。\n",
        "---\n今天: 第一段 : 有冒号\n---\n第二段\n",
        "---\n- 甲\n- 乙\n---\n",
        "---\n\nNote: the first block\n\n---\n",
        "---\n\n只有一条线\n",
    ],
)
def test_a_body_between_two_rules_keeps_its_first_block(text: str) -> None:
    assert body(text) == text


def test_the_body_knows_the_line_it_starts_on() -> None:
    parted = part("\n---\ntitle: a\n---\n\n正文", file="f.md", tz=SHANGHAI)

    assert (parted.body, parted.body_line) == ("\n正文", 5)


@pytest.mark.parametrize(
    ("text", "line", "column", "remedy"),
    [
        ("---\ntitle: a: b\n---\n", 2, 9, "quotes"),
        ("---\ndate: 2026-03-02\ntitle: 重磅: 三条\n---\n", 3, 10, "quotes"),
        ("---\ntitle: a\ndate: 2026-03-02\ntitle: b\n---\n", 4, 1, "delete one"),
        ("---\ntitle: a\nTITLE: b\n---\n", 3, 1, "delete one"),
        ("---\ntitle: a\nmenu: {x: 1, x: 2}\n---\n", 3, 14, "delete one"),
        ("---\ntitle: a\n\n正文没有和上面隔开", 1, 1, "---"),
        ('+++\ntitle = "a"\n\n正文', 1, 1, "+++"),
        ("---\ntitle: a\n\n正文。\n\n---\n\n1. b\n", 4, 1, "close the front matter"),
        ('---\ntitle: "a\ndate: 2026-03-02\n---\n', 2, 8, "close the quotation mark"),
        ('---\ntitle: "a" b\n---\n', 2, 12, "one pair of quotes"),
        ("---\ntitle: **粗**\n---\n", 2, 9, "quotes"),
        ("---\ntitle: *粗\n---\n", 2, 9, "quotes"),
        ("---\ntitle: @a\n---\n", 2, 8, "quotes"),
        ("---\ntitle: 周报 #12\n---\n", 2, 10, "quotes"),
        ("---\n\ttitle: a\n---\n", 2, 1, "tabs"),
        ("---\ntitle：a\n---\n", 2, 1, "title: …"),
        ("---\n标题: a\n---\n", 2, 1, "title: …"),
        ("---\ntitle: a\x07\n---\n", 2, 9, "delete"),
        ("---\ntitle:\n  - a\n---\n", 3, 3, "in quotes"),
        ("---\ndraft: yes\n---\n", 2, 8, "draft: true or draft: false"),
        ("---\ndate: 2026-13-01\n---\n", 2, 7, "2025-11-13"),
        ("---\ndate: 明天\n---\n", 2, 7, "2025-11-13"),
        ("---\ndate: 9999-12-31T23:00:00-12:00\n---\n", 2, 7, "2025-11-13"),
        ('+++\ntitle = "a"\ntitle = "b"\n+++\n', 3, None, "each key once"),
        ("+++\ntitle = a\n+++\n", 2, 9, 'key = "text"'),
        ("+++\ntitle = 1.10\n+++\n", 2, 9, "in quotes"),
        ('+++\ntitle = "a"\n\ndraft = "maybe"\n+++\n', 4, 9, "draft: true"),
        (f"---\ntitle: a\nx: {'[' * 40}{']' * 40}\n---\n", 3, None, "flatter"),
    ],
)
def test_a_fault_is_said_with_its_place_and_what_to_do(
    text: str, line: int, column: int | None, remedy: str
) -> None:
    error = fault(text)

    assert (error.file, error.line) == ("f.md", line)
    assert column is None or error.column == column
    assert remedy in error.remedy
    assert "\n" not in str(error)


LINES = st.sampled_from(
    """title: a|title: a: b|date: 2026-03-02|date: x|tags: [a|- b|  c: d|draft: no|&x *x|title = "a"|[t]
x = [[[|"|'|>-|\t|? x|!!set {a}|---|+++|...|%YAML 9""".replace("\n", "|").split("|")
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["---", "+++"]), st.lists(LINES | st.text(max_size=20), max_size=8))
def test_any_front_matter_is_read_or_refused_clearly(fence: str, lines: list[str]) -> None:
    text = "\n".join([fence, *lines, fence, "正文"])

    try:
        parted = part(text, file="f.md", tz=SHANGHAI)
    except DigestError:
        return

    assert text.endswith(parted.body)
