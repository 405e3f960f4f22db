"""``on_hold = "drop_stories"``: the bad stories are named, and the rest goes out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from newsletter.config import NewsletterSettings
from newsletter.digests.cutting import without
from newsletter.morning import Proof, prove
from newsletter.rendering.renderer import Renderer
from tests.digests.support import a_digest
from tests.support import SLUG, URLS

RENDERER = Renderer()
DAY = date(2026, 3, 1)


def story(number: int, *, url: str | None = None) -> str:
    address = f"https://a.example/{number}" if url is None else url
    return f"{number}. [新闻第{number}号]({address})\n\n   第{number}号的正文。\n\n"


def proof_of(text: str, **gate: Any) -> Proof:
    newsletter = NewsletterSettings.model_validate(
        {"name": "早读", "gate": {"on_hold": "drop_stories", "min_stories": 3, **gate}}
    )
    return prove(a_digest(text), SLUG, newsletter, renderer=RENDERER, urls=URLS, day=DAY)


def numbers(proof: Proof) -> list[int | None]:
    return [each.number for each in proof.digest.stories]


def dropped(proof: Proof) -> list[int | None]:
    return [finding.line for finding in proof.findings if finding.check == "dropped-story"]


FIVE = f"{story(1)}{story(2, url='')}{story(3)}{story(4, url='TODO')}{story(5)}"
GOOD_AND_BAD = f"今天共 5 条。\n\n{FIVE}---\n\n明天见。\n"


def test_bad_stories_are_left_out_and_named_and_the_numbers_close_up() -> None:
    proof = proof_of(GOOD_AND_BAD)

    assert not proof.held
    assert dropped(proof) == [7, 15, 1]  # and the announcement of five
    assert numbers(proof) == [1, 2, 3]
    assert [each.title_text for each in proof.digest.stories] == ["新闻第1号", "新闻第3号", "新闻第5号"]
    assert "新闻第2号" not in proof.mailing.text.fill({})
    assert "明天见" in proof.mailing.text.fill({})


def test_lines_of_the_rest_stay_where_the_editors_see_them() -> None:
    proof = proof_of(GOOD_AND_BAD)

    assert [each.line for each in proof.digest.stories] == [3, 11, 19]


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        (GOOD_AND_BAD, {"min_stories": 4}),
        (f"今天是2026年2月1日。\n\n{GOOD_AND_BAD}", {}),
        (GOOD_AND_BAD, {"on_hold": "hold"}),
    ],
)
def test_too_few_left_another_fault_or_the_default_holds_as_ever(text: str, gate: dict[str, Any]) -> None:
    proof = proof_of(text, **gate)

    assert proof.held
    assert len(proof.digest.stories) == 5
    assert dropped(proof) == []


def test_pinned_stories_and_a_second_list_are_cut_cleanly() -> None:
    text = (
        "📌 **1. 甲的新闻**\n🔗 [原文链接](https://a.example/1)\n甲文。\n\n---\n\n"
        "📌 **2. 乙的新闻**\n🔗 [原文链接](空)\n乙文。\n\n---\n\n"
        "📌 **3. 丙的新闻**\n🔗 [原文链接](https://a.example/3)\n丙文。\n\n---\n\n以上。\n\n"
        f"{story(1, url='https://b.example/1')}{story(2, url='https://b.example/2')}"
    )

    digest = a_digest(text)
    again = a_digest(without(digest, {1}))

    assert [(each.number, each.title_text) for each in again.stories] == [
        (1, "甲的新闻"),
        (2, "丙的新闻"),
        (1, "新闻第1号"),
        (2, "新闻第2号"),
    ]
    assert "乙" not in without(digest, {1})
