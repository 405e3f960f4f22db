"""Emphasis beside Chinese, compared with comrak; everything else, with CommonMark."""

from __future__ import annotations

import html
import itertools
import re

import comrak
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from newsletter.digests.cjk import is_ambiguous_mark, is_cjk
from newsletter.digests.cjk_emphasis import cjk_emphasis
from tests.tools import ROOT

OURS = MarkdownIt("commonmark").enable("strikethrough").use(cjk_emphasis)
STOCK = MarkdownIt("commonmark").enable("strikethrough")
SPEC = ROOT / "tests" / "node" / "node_modules" / "commonmark-spec" / "spec.txt"

# One of each kind that can stand beside a mark: nothing, Han, Hangul, Latin, full-width marks, marks
# that are wide only in Chinese, ASCII marks, a blank, an emoji, a Han character with a selector.
NEIGHBOURS = ["", "文", "한", "a", "。", "（", "“", "—", "(", "%", " ", "📌", "葛\U000e0100"]
# And the rest of each kind, beside one of the kinds above on the other side of the mark.
MORE = [
    "カ",
    "é",
    "7",
    "ｆ",
    "，",
    "）",
    "「",
    "”",
    "…",
    "·",
    ")",
    '"',
    ".",
    "!",
    "！",
    "+",
    "\u3000",
    "❤\ufe0f",
]

SENTINEL = "\u3164"  # a Hangul letter that shows nothing: with it outside, both ends are beside CJK
BOLD = re.compile(r"(?<![\\*])\*\*(?!\*)(?=\S)(.+?)(?<=[^\s\\*])\*\*(?!\*)")


def ours(text: str) -> str:
    return html.unescape(OURS.render(text)).strip()


def oracle(text: str) -> str:
    options = comrak.ExtensionOptions()
    options.cjk_friendly_emphasis = options.strikethrough = True
    rendered = comrak.render_markdown(text, extension_options=options)
    return html.unescape(rendered.replace("del>", "s>")).replace(SENTINEL, "").strip()


def around(mark: str) -> list[str]:
    """Return text with ``mark`` beside all neighbours of which one at least is CJK."""
    places = itertools.chain(
        itertools.product(NEIGHBOURS, repeat=4),
        itertools.product(MORE, MORE, ["文"], ["文", "a"]),
        itertools.product(["文", "a"], ["文"], MORE, MORE),
    )
    return [
        f"x{outer_left}{mark}{inner_left}xx{inner_right}{mark}{outer_right}x"
        for outer_left, inner_left, inner_right, outer_right in places
        if any(is_cjk(n[0]) for n in (outer_left, inner_left, inner_right, outer_right) if n)
    ]


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("推动**领域专用模型（DSM）**的商业化", "领域专用模型（DSM）"),
        ("相关的**“神经回路”**，并发现", "“神经回路”"),
        ("**“护栏”**AI", "“护栏”"),
        ("首先，**“智能体（Agent）”**的竞赛", "“智能体（Agent）”"),
        ("增长**50%**AI", "50%"),
        ("**《周报》**2026", "《周报》"),
    ],
)
def test_bold_type_opens_and_closes_beside_chinese(text: str, bold: str) -> None:
    assert f"<strong>{bold}</strong>" in ours(text)
    assert "**" not in ours(text)


def test_double_stars_agree_with_comrak_beside_all_neighbours() -> None:
    wrong = [
        text
        for text in around("**")
        if ours(text) != oracle(BOLD.sub(lambda found: f"{SENTINEL}**{found[1]}**{SENTINEL}", text))
    ]

    assert wrong == []


@pytest.mark.parametrize("mark", ["*", "_", "__", "~~"])
def test_other_marks_agree_with_comrak_beside_all_neighbours(mark: str) -> None:
    # comrak does not count “ ” — … · as wide; the next test shows that we treat them like 「.
    texts = [text for text in around(mark) if not any(is_ambiguous_mark(c) for c in text)]

    assert [text for text in texts if ours(text) != oracle(text)] == []


@pytest.mark.parametrize("wide", "“”—…·")
@pytest.mark.parametrize("mark", ["*", "~~"])
def test_a_mark_that_is_wide_in_chinese_counts_like_a_corner_bracket(wide: str, mark: str) -> None:
    for text in (f"文a{mark}{wide}xx{wide}{mark}b", f"文{mark}xx{wide}{mark}b", f"文a{mark}{wide}xx{mark}b"):
        assert ours(text) == ours(text.replace(wide, "「")).replace("「", wide)


def test_a_product_in_chinese_text_is_no_emphasis() -> None:
    assert ours("面积是 5*(3+2)*2 平方米") == "<p>面积是 5*(3+2)*2 平方米</p>"


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from("*_~ab(). \n![]`\\<>\"'-é“—😀"), max_size=40))
def test_text_without_chinese_is_parsed_as_ever(text: str) -> None:
    assert OURS.render(text) == STOCK.render(text)


def test_a_parser_beside_it_is_not_changed() -> None:
    text = "**领域（DSM）**的"

    assert "<strong>" in OURS.render(text)
    assert "<strong>" not in MarkdownIt("commonmark").render(text)


def examples() -> list[tuple[str, str]]:
    """Return CommonMark's examples: Markdown, and the HTML it stands for."""
    text = SPEC.read_text(encoding="utf-8").partition("<!-- END TESTS -->")[0].replace("→", "\t")
    found = re.findall(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", text, re.M | re.S)
    # The parser writes an empty quote on one line.
    return [
        (md, wanted.replace("<blockquote>\n</blockquote>", "<blockquote></blockquote>"))
        for md, wanted in found
    ]


@pytest.mark.skipif(not SPEC.exists(), reason="CommonMark's examples are missing: make tools")
def test_the_examples_of_commonmark_pass_unchanged() -> None:
    parser = MarkdownIt("commonmark").use(cjk_emphasis)

    assert len(examples()) == 652
    assert [markdown for markdown, wanted in examples() if parser.render(markdown) != wanted] == []
