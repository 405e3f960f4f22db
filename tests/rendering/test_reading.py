"""Reading time, cut subjects and first sentences."""

import pytest

from newsletter.digests.prose import CodeBlock, ListBlock, Quote, Table
from newsletter.rendering.reading import cut, first_sentences, lines_of, minutes, width
from tests.rendering import support
from tests.rendering.support import paragraph, words


def test_a_latin_letter_is_half_as_wide_as_a_han_character() -> None:
    assert width("早报 AI") == 3.5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("短标题", "短标题"),
        ("一二三四五六七八九十", "一二三四五六七八九十"),
        ("一二三四五六七八九十一", "一二三四五六七八九…"),
        ("一二三四五六七八，九十一二", "一二三四五六七八…"),
        ("one two three four five", "one two three four…"[:18] + "…"),
        ("发布全新模型 Gemini Pro", "发布全新模型…"),
        ("Supercalifragilisticexpialidocious", "Supercalifragilist…"),
        ("两行\n标题", "两行 标题"),
    ],
)
def test_a_title_is_cut_where_a_person_would(text: str, shown: str) -> None:
    assert cut(text, 10) == shown
    assert width(cut(text, 10)) <= 10


def test_the_first_whole_sentences_that_fit() -> None:
    blocks = [paragraph("今天有三件事。第一件最大！第二件呢？" + "长" * 60)]

    assert first_sentences(blocks, 20) == "今天有三件事。第一件最大！第二件呢？"
    assert first_sentences(blocks, 10) == "今天有三件事。"


def test_a_closing_quotation_mark_belongs_to_its_sentence() -> None:
    assert first_sentences([paragraph("他说：“到此为止。”然后" + "走" * 30)], 12) == "他说：“到此为止。”"


def test_a_decimal_point_ends_no_sentence() -> None:
    assert first_sentences([paragraph("It grew 5.5 times. Then it fell.")], 10) == "It grew 5.5 times."


def test_one_long_sentence_is_cut() -> None:
    assert first_sentences([paragraph("长" * 100)], 10) == "长" * 9 + "…"


def test_a_greeting_that_only_announces_says_nothing() -> None:
    blocks = [paragraph("早上好，以下是今天的新闻："), paragraph("2026年11月23日 星期一")]

    assert first_sentences(blocks, 60) == ""


def test_every_leaf_of_a_tree_is_read() -> None:
    blocks = [
        Quote((paragraph("a"),)),
        ListBlock(None, ((paragraph("b"), ListBlock(1, ((paragraph("c"),),))),)),
        CodeBlock("d"),
        Table(("",), (words("e"),), ((words("f"),),)),
    ]

    assert list(lines_of(blocks)) == ["a", "b", "c", "d", "e", "f"]


def test_a_long_digest_takes_longer_to_read() -> None:
    short = support.a_digest(support.a_story("标题", "https://a.example/", "短。"))
    long = support.a_digest(support.a_story("标题", "https://a.example/", "字" * 4000))

    assert (minutes(short), minutes(long)) == (1, 10)
