"""What holds an unattended edition, what only warns, and where the fault is."""

from __future__ import annotations

import re

import pytest

from newsletter.editions.gate import CHECKS
from tests.digests.support import sample
from tests.editions.gate.support import findings, held, said
from tests.tools import ROOT

FINE = "1. [标题](https://a.example/1)\n\n   正文。\n"
ESSAY = "这是一篇文章，它没有链接。" * 12


@pytest.mark.parametrize(
    "text", [FINE, ESSAY, f"---\ntitle: 周一\n---\n\n导语。\n\n{FINE}\n### 点评\n\n看法。"]
)
def test_a_good_digest_passes_without_a_word(text: str) -> None:
    whole = findings(
        text, subject="今早", preheader="三条", html_bytes=30_000, text_part=f"早读 · 2026-03-01{text}"
    )

    assert whole == []


def test_every_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in CHECKS]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


def test_holds_come_first_and_then_the_order_of_the_file() -> None:
    text = f"{FINE}\n   ![](https://a.example/i.png)\n\n2. [乙]()\n\n   **丙\n\n3. [丁](空)\n\n   戊。\n"

    assert [(str(f.severity), f.line) for f in findings(text)] == [
        ("hold", 7),
        ("hold", 9),
        ("hold", 11),
        ("warn", 5),
    ]


def test_findings_are_said_in_both_languages_without_a_full_stop() -> None:
    bad = "   ![]() **{{ <script>x</script>\n"
    text = f"1. [甲]()\n2. [](https://a.example)\n3. [丙](https://a.example)\n\n{bad}"

    found = findings(text, html_bytes=120_000, story_bytes=(1, 2, 50_000)) + findings("无", html_bytes=90_000)

    assert len({finding.check for finding in found}) > 8
    for finding in found:
        for words in (finding.message_zh, finding.message_en, finding.remedy_zh, finding.remedy_en):
            assert words
            assert not words.endswith(("。", "."))


# ---- stories ----


@pytest.mark.parametrize(
    "text", ["今天没有新闻。", "好的，请您提供新闻的文本。" * 20, "# 标题\n\n- 甲\n- 乙\n"]
)
def test_a_digest_without_stories_is_held(text: str) -> None:
    assert "no-stories" in held(text)


def test_an_essay_counts_as_a_story() -> None:
    assert said(ESSAY, "no-stories") == []


def test_a_story_without_a_title_is_held_with_its_line() -> None:
    assert said("1. [甲](https://a.example/1)\n2. [](https://a.example/2)\n", "untitled-story") == [2]


# ---- links ----


@pytest.mark.parametrize(
    "url",
    ["", "空", "(空)", "无", "unknown", "URL", "url", "link", "链接", "#", "...", "TODO", "null",
     "/a/b", "a.html", "../a", "//evil.example/x",
     "www.a.example", "#anchor", "?q=1", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
     "<java&#10;script:alert(1)>", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "ftp://a.example",
     "https://", "http:///path", "https://?q", "http://[::1"],
)  # fmt: skip
def test_a_link_that_leads_nowhere_or_harms_is_held_with_its_line(url: str) -> None:
    title = f"1. [甲](https://a.example/1)\n2. [乙]({url})\n"
    text = f"{FINE}\n   见[乙]({url})。\n"

    assert said(title, "bad-link") == [2]
    assert said(text, "bad-link") == [5]


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "http://a.example/x?y#z",
        "https://例.example/人工",
        "mailto:a@a.example",
        "tel:+8610",
        "HTTPS://A.EXAMPLE",
    ],
)
def test_a_whole_address_passes(url: str) -> None:
    assert findings(f"{FINE}\n   见[乙]({url})。\n") == []


def test_a_source_label_without_address_is_held_on_its_own_line() -> None:
    assert said("📌 **1. 标题**\n🔗 [原文链接](空)\n正文。\n", "bad-link") == [2]


@pytest.mark.parametrize(
    "place",
    [
        "# [甲](空)\n\n",
        "> [甲](空)\n\n",
        "| [甲](空) |\n|---|\n\n",
        "- 乙\n  - [甲](空)\n\n",
        "**[甲](空)**\n\n",
    ],
)
def test_links_are_found_wherever_they_stand(place: str) -> None:
    assert said(f"导语。\n\n{place}{FINE}", "bad-link") == [3 if not place.startswith("- ") else 4]


# ---- images ----


@pytest.mark.parametrize(
    "url", ["", "a.png", "/a.png", "data:image/png;base64,AAAA", "空", "cid:x", "mailto:a@a.example"]
)
def test_an_image_that_cannot_load_is_held(url: str) -> None:
    assert said(f"{FINE}\n   ![图]({url})\n", "bad-image") == [5]


def test_an_image_without_words_only_warns() -> None:
    text = (
        f"{FINE}\n   ![](https://a.example/a.png)\n\n   [![ ](https://a.example/b.png)](https://a.example)\n"
    )

    assert said(text, "image-without-words") == [5, 7]
    assert held(text) == set()


# ---- leftovers ----


def test_a_literal_mark_is_held_with_the_line_it_stands_on() -> None:
    text = f"导语\n第二行 **没有闭合\n第三行\n\n{FINE}\n   一 __x__y__\n   二 * * * 三 **\n"

    assert said(text, "leftover-mark") == [2, 9, 10]


@pytest.mark.parametrize(
    "text",
    [
        "`**` 与 `__init__`",
        "```\n**\n__x__\n```",
        "<https://a.example/a__b>",
        "snake_case",
        "5 * 3 * 2",
        "**粗（体）**的",
    ],
)
def test_code_and_addresses_may_hold_marks(text: str) -> None:
    assert said(f"{FINE}\n---\n\n{text}\n", "leftover-mark") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1. [甲 **乙](https://a.example/1)\n", 1),
        ("## 甲 **\n\n- [乙](https://a.example/1)\n\n## 丙\n\n- [丁](https://a.example/2)\n", 1),
        (f"{FINE}\n| 甲 |\n|---|\n| ** |\n", 7),
        (f"{FINE}\n---\n\n<center>\n**甲**\n</center>\n", 8),
        (f"{FINE}\n![**](https://a.example/a.png)\n", 5),
        (f"---\ntitle: 甲 __ 乙\n---\n{FINE}", 2),
    ],
)
def test_marks_are_found_wherever_they_can_be_seen(text: str, line: int | None) -> None:
    assert said(text, "leftover-mark") == [line]


@pytest.mark.parametrize("mark", ["{{ name }}", "{% if x %}", "{{", "}}", "%}"])
def test_a_template_mark_is_held_with_its_line(mark: str) -> None:
    assert said(f"{FINE}\n   您好 {mark}\n", "leftover-template") == [5]
    assert said(f"{FINE}\n   `{mark}`\n", "leftover-template") == []


def test_marks_in_subject_preheader_and_text_part_are_seen() -> None:
    assert held(FINE, subject="早安 {{ name }}") == {"leftover-template"}
    assert held(FINE, preheader="**三条") == {"leftover-mark"}
    assert held(FINE, text_part="标题 退订 {{ leave_url }}") == {"leftover-template"}
    assert len(said(f"{FINE}\n   {{{{\n", "leftover-template", text_part="{{")) == 1


# ---- HTML and size ----


@pytest.mark.parametrize("html", ["<style>p{}</style>", "<svg></svg>", "<video src=x></video>"])
def test_html_that_is_lost_warns_that_it_goes(html: str) -> None:
    assert said(f"{FINE}\n---\n\n{html}\n", "removed-html")[:1] == [7]
    assert held(f"{FINE}\n---\n\n{html}\n") == set()


@pytest.mark.parametrize(
    "html",
    ["<script>alert(1)</script>", "<iframe src=x></iframe>", "<form>", "<object></object>",
     '<img src="https://a.example/i" onerror=x>', '<a href="javascript:x">甲</a>', "<meta http-equiv=x>"],
)  # fmt: skip
def test_html_that_could_do_harm_is_held(html: str) -> None:
    assert said(f"{FINE}\n---\n\n{html}\n", "unsafe-html")[:1] == [7]


def test_plain_html_is_no_fault() -> None:
    assert findings(f"{FINE}\n---\n\n<div>甲</div>\n\nH<sub>2</sub>O<!-- 注 -->\n") == []


def test_size_holds_over_a_hundred_kilobytes_and_warns_from_eighty() -> None:
    assert findings(FINE, html_bytes=80_000) == []
    assert said(FINE, "nearly-too-big", html_bytes=80_001) == [None]
    assert held(FINE, html_bytes=100_000) == set()
    assert held(FINE, html_bytes=100_001) == {"too-big"}
    assert held(FINE, html_bytes=None) == set()


THREE = "1. [甲](https://a.example/1)\n2. [乙](https://a.example/2)\n3. [丙](https://a.example/3)\n"


@pytest.mark.parametrize(
    ("story_bytes", "line", "words"),
    [
        ((6_000, 6_000, 4_000), 2, "cut story 2 “乙”"),  # the last that is big enough
        ((3_000, 3_000, 3_000), 2, "last 2 stories, from story 2 “乙”"),
        ((1_000, 1_000, 1_000), None, "Shorten"),
        (None, None, "Cut some"),
        ((1,), None, "Cut some"),
    ],
)
def test_a_digest_that_is_too_big_names_what_to_cut(
    story_bytes: tuple[int, ...] | None, line: int | None, words: str
) -> None:
    (finding,) = findings(THREE, html_bytes=105_000, story_bytes=story_bytes)

    assert finding.line == line
    assert words in finding.remedy_en


# ---- real and sample digests ----


def test_the_sample_of_traps_is_held_for_its_links_its_script_and_its_thoughts() -> None:
    digest = sample("traps")

    assert held(digest.source) == {"bad-link", "unsafe-html", "chatter"}
    assert said(digest.source, "chatter") == [31]  # a line that is only <think>
    # Line 5 holds [注], which the remark at the end has made a link.
    assert said(digest.source, "bad-link") == [5, 23, 27, 27, 27]


def test_the_guide_lists_every_check_with_what_it_does_by_default() -> None:
    guide = (ROOT / "docs" / "gate.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (hold|warn)(, in a story)? \|", guide, re.M)

    assert rows == [
        (check.name, str(check.severity), ", in a story" if check.in_story else "") for check in CHECKS
    ]
