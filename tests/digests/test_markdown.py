"""Markdown read into the prose tree, with lines, and nothing dropped on the way."""

from __future__ import annotations

import contextlib
import time

import pytest

from newsletter.digests.lines import settle_blocks
from newsletter.digests.markdown import Parser, parse
from newsletter.digests.prose import (
    Block,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Image,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    RawBlock,
    RawInline,
    Rule,
    Strike,
    Strong,
    Table,
    Text,
    every_block,
    inlines_of,
)
from newsletter.errors import DigestError
from tests.digests.support import blocks_text
from tests.digests.test_cjk_emphasis import SPEC
from tests.digests.test_cjk_emphasis import examples as commonmark_examples


def read(text: str) -> tuple[Block, ...]:
    return settle_blocks(parse(text))


def paragraph(text: str) -> tuple[object, ...]:
    (block,) = read(text)
    assert isinstance(block, Paragraph)
    return block.children


def test_every_kind_of_block_is_read_with_its_line() -> None:
    blocks = read(
        "# 一\n\n文 **粗** *斜* ~~删~~ `码`\n\n- 甲\n- 乙\n\n3. 丙\n\n> 引\n\n```py\ncode\n```\n\n"
        "| a | b |\n|:--|--:|\n| 1 | 2 |\n\n---\n\n<div>x</div>\n"
    )

    assert blocks == (
        Heading(1, (Text("一"),), 1),
        Paragraph(
            (
                Text("文 "),
                Strong((Text("粗"),)),
                Text(" "),
                Emphasis((Text("斜"),)),
                Text(" "),
                Strike((Text("删"),)),
                Text(" "),
                Code("码"),
            ),
            3,
        ),
        ListBlock(None, ((Paragraph((Text("甲"),), 5),), (Paragraph((Text("乙"),), 6),)), True, 5),
        ListBlock(3, ((Paragraph((Text("丙"),), 8),),), True, 8),
        Quote((Paragraph((Text("引"),), 10),), 10),
        CodeBlock("code", "py", 12),
        Table(("left", "right"), ((Text("a"),), (Text("b"),)), (((Text("1"),), (Text("2"),)),), 16),
        Rule(20),
        RawBlock("<div>x</div>", 22),
    )


def test_lines_count_from_where_the_text_starts() -> None:
    (block,) = parse("甲\n[乙](u)\n![丙](v)", first_line=10)

    assert isinstance(block, Paragraph)
    assert [i.line for i in block.children if isinstance(i, Text | Link | Image) and i.line] == [10, 11, 12]


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("中文\n中文", "中文中文"),
        ("句号。\n下句", "句号。下句"),
        ("引文”\n下句", "引文”下句"),
        ("中文\n“引文", "中文“引文"),
        ("カナ\n漢字", "カナ漢字"),
        ("中文\nLatin", "中文 Latin"),
        ("Latin\n中文", "Latin 中文"),
        ("one\ntwo", "one two"),
        ("한국어\n문장", "한국어 문장"),
        ("**中文**\n中文", "中文中文"),
        ("[中文](u)\n**中文**", "中文中文"),
        ("*中\n文*", "中文"),
        ("表情📌\n中文", "表情📌 中文"),
        ("`code`\n中文", "code 中文"),
    ],
)
def test_soft_breaks_vanish_between_chinese_characters(text: str, joined: str) -> None:
    assert list(blocks_text(read(text))) == [joined]


def test_links_stay_as_written_but_web_addresses_are_encoded() -> None:
    links = paragraph("[a](空) [b](javascript:x) [c](<../甲 乙>) [d](https://例.example/人工?q=智能) [e]()")

    assert [i.url for i in links if isinstance(i, Link)] == [
        "空",
        "javascript:x",
        "../甲 乙",
        "https://xn--fsq.example/%E4%BA%BA%E5%B7%A5?q=%E6%99%BA%E8%83%BD",
        "",
    ]


def test_an_address_in_the_text_is_no_link() -> None:
    # Whatever guesses where an address ends takes the Chinese after it along.
    assert paragraph("见https://a.example。后面") == (Text("见https://a.example。后面"),)


def test_a_word_in_angle_brackets_is_text() -> None:
    assert paragraph("模型输出 <think> 和 </think>，<图像URL>。") == (
        Text("模型输出 <think> 和 </think>，<图像URL>。"),
    )
    assert list(blocks_text(read("<think>\n**粗**\n</think>\n"))) == ["<think> 粗 </think>"]


def test_html_stays_html() -> None:
    assert paragraph("水 H<sub>2</sub>O<br>换行<!-- 注 -->") == (
        Text("水 H"),
        RawInline("<sub>"),
        Text("2"),
        RawInline("</sub>"),
        Text("O"),
        LineBreak(),
        Text("换行"),
        RawInline("<!-- 注 -->"),
    )


def test_a_script_in_the_text_holds_no_text_of_ours() -> None:
    assert paragraph("前<script>alert(**1**)</script>后") == (
        Text("前"),
        RawInline("<script>alert(1)</script>"),
        Text("后"),
    )


def test_a_script_that_never_ends_swallows_nothing() -> None:
    assert paragraph("前<script>后面的字") == (Text("前<script>后面的字"),)


def test_a_remark_that_looks_like_a_link_definition_is_text() -> None:
    assert list(blocks_text(read("[注]: 以上内容，仅供参考\n\n[a][ref]\n\n[ref]: https://a.example\n"))) == [
        "[注]: 以上内容，仅供参考",
        "a",
    ]


def test_a_loose_list_is_told_from_a_tight_one() -> None:
    tight, loose = (b for b in read("- 甲\n- 乙\n\n文\n\n- 甲\n\n- 乙\n") if isinstance(b, ListBlock))

    assert (tight.tight, loose.tight) == (True, False)


def test_a_list_keeps_the_numbers_that_were_written() -> None:
    (block,) = read("3. 甲\n5. 乙\n")

    assert isinstance(block, ListBlock)
    assert (block.start, block.numbers) == (3, (3, 5))


@pytest.mark.skipif(not SPEC.exists(), reason="CommonMark's examples are missing: make tools")
def test_the_whole_parser_reads_commonmarks_examples_as_commonmark_does() -> None:
    class Encoding(Parser):
        """Ours, but with the addresses as CommonMark writes them."""

        validateLink = Parser.__mro__[1].validateLink  # noqa: N815
        normalizeLink = Parser.__mro__[1].normalizeLink  # noqa: N815

    parser = Encoding()
    parser.options["inline_definitions"] = False

    assert [markdown for markdown, wanted in commonmark_examples() if parser.render(markdown) != wanted] == []


HOSTILE = ["[", "*a ", "字<script>", "`", "- ", "![", "字\n", "a&amp;", "<b>", "**中", "_a*", "[a](u)", "|a"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_no_hostile_time(piece: str) -> None:
    started = time.process_time()

    with contextlib.suppress(DigestError):
        parse(piece * 5_000)

    # Half a second here; what grows with the square takes minutes.
    assert time.process_time() - started < 10


def test_every_inline_of_every_block_can_be_walked() -> None:
    blocks = read("> - [**粗**](u)\n\n| `a` |\n|---|\n| ![b](v) |\n")

    walked = [type(inline) for block in every_block(blocks) for inline in inlines_of(block)]

    assert walked == [Link, Strong, Text, Code, Image]
