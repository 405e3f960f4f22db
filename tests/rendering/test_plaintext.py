"""Prose as plain text."""

import pytest

from newsletter.digests.prose import (
    Block,
    CodeBlock,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    RawBlock,
    RawInline,
    Rule,
    Strong,
    Table,
    Text,
)
from newsletter.rendering.plaintext import TextWriter
from tests.rendering.support import paragraph, words

WRITER = TextWriter(image_label="［图片：{}］".format, unnamed_image="图片")


def text(*blocks: Block) -> str:
    return WRITER.blocks(blocks)


@pytest.mark.parametrize(
    ("inline", "written"),
    [
        (Strong(words("粗")), "粗"),
        (Link("https://a.example/", words("原文")), "原文 <https://a.example/>"),
        (Link("https://a.example/", words("https://a.example/")), "https://a.example/"),
        (Link("https://a.example/", ()), "<https://a.example/>"),
        (Link("javascript:x", words("原文")), "原文"),
        (Image("https://i.example/1.png", "图一"), "［图片：图一］ <https://i.example/1.png>"),
        (Image("1.png", ""), "［图片：图片］"),
        (LineBreak(), ""),
        (RawInline("<b>"), ""),
    ],
)
def test_an_inline_keeps_its_words_and_its_address(inline: Inline, written: str) -> None:
    assert text(Paragraph((inline,))) == written


def test_blocks_stand_apart_and_lists_hang_together() -> None:
    blocks = (
        paragraph("一段"),
        ListBlock(3, ((paragraph("甲"), ListBlock(None, ((paragraph("里"),),))), (paragraph("乙"),))),
        Quote((paragraph("引"), paragraph("用"))),
        CodeBlock("x\n  y\n"),
        Table(("", ""), (words("a"), words("b")), ((words("1"), words("2")),)),
        Rule(),
        RawBlock("<p>生<br>米</p><script>x</script>&lt;"),
    )

    assert text(*blocks) == (
        "一段\n\n3. 甲\n   - 里\n4. 乙\n\n> 引\n>\n> 用\n\n    x\n      y\n\na | b\n1 | 2\n\n———\n\n生\n米\n<"
    )


def test_a_long_address_is_never_broken() -> None:
    url = "https://a.example/" + "x" * 500

    assert url in text(paragraph("字" * 300), Paragraph((Link(url, words("原文")),)))


def test_a_title_is_one_line_and_names_other_addresses() -> None:
    title = (Text("甲\n"), Link("https://b.example/", words("乙")), Link("https://a.example/", words("丙")))

    assert WRITER.title(title, "https://a.example/") == "甲 乙 <https://b.example/>丙"
