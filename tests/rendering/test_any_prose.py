"""Whatever prose there may be: its words come through, its tags close, and it is safe."""

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.digests.prose import (
    Block,
    Code,
    CodeBlock,
    Emphasis,
    Heading,
    Image,
    Inline,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    RawBlock,
    RawInline,
    Strike,
    Strong,
    Table,
    Text,
)
from newsletter.rendering.content import HtmlWriter, ProseStyles
from newsletter.rendering.plaintext import TextWriter
from tests.rendering import reading_back
from tests.rendering.test_nothing_lost import in_blocks

HTML = HtmlWriter(
    ProseStyles(prose={"p": "margin:0;", "a": "color:red;"}, title={"a": "color:red;"}), unnamed_image="图片"
)
TEXT = TextWriter(image_label="［{}］".format, unnamed_image="图片")

words = st.text(st.sampled_from("ab<>&\"'/=*{}%\\ 中文，。“”📌🚀\ufe0f\u200d!-"), min_size=1, max_size=12)
urls = st.one_of(
    words, st.sampled_from(["https://a.example/?x=1&y=2", "javascript:x", "", "/x", "https://b.example/中"])
)
leaves = st.one_of(
    st.builds(Text, words), st.builds(Code, words), st.builds(Image, urls, words.filter(lambda w: w.strip()))
)
inlines: st.SearchStrategy[Inline] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        *(st.builds(kind, st.lists(inner, max_size=3).map(tuple)) for kind in (Strong, Emphasis, Strike)),
        st.builds(Link, urls, st.lists(leaves, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
lines = st.lists(inlines, max_size=4).map(tuple)
flat: st.SearchStrategy[Block] = st.one_of(
    st.builds(Paragraph, lines),
    st.builds(Heading, st.integers(1, 6), lines),
    st.builds(CodeBlock, words),
    st.builds(lambda header, row: Table(("",), (header,), ((row,),)), lines, lines),
)
blocks: st.SearchStrategy[Block] = st.recursive(
    flat,
    lambda inner: st.one_of(
        st.builds(Quote, st.lists(inner, max_size=3).map(tuple)),
        st.builds(
            lambda start, items, tight: ListBlock(start, tuple(map(tuple, items)), tight),
            st.one_of(st.none(), st.integers(0, 99)),
            st.lists(st.lists(inner, max_size=2), max_size=3),
            st.booleans(),
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(blocks, max_size=4))
def test_every_word_of_any_prose_comes_through(prose: list[Block]) -> None:
    wanted = [piece for piece in in_blocks(prose) if piece.strip()]

    assert reading_back.missing(wanted, reading_back.read(HTML.blocks(prose, under=1)).text) == []
    assert reading_back.missing(wanted, TEXT.blocks(prose)) == []


@settings(max_examples=200, deadline=None)
@given(lines, urls)
def test_every_word_of_any_title_comes_through(title: tuple[Inline, ...], url: str) -> None:
    wanted = [piece for piece in in_blocks([Paragraph(title)]) if piece.strip()]

    assert reading_back.missing(wanted, reading_back.read(HTML.title(title, url)).text) == []
    assert reading_back.missing(wanted, TEXT.title(title, url)) == []


raw = st.text(st.sampled_from("<>/=\"'! -abpiscrt"), max_size=30)
tags = st.sampled_from(
    "<p>|</p>|<b>|</b>|<a href='https://a.example'>|</a>|<script>|</script>|<style>|<!--|-->|<div \">|<table>"
    "|</table>|<td>|<textarea>|<template>|<svg>|<iframe>|<title>|<img src=x onerror=y>|<![CDATA[|]]>".split(
        "|"
    )
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(raw, tags), max_size=8).map("".join))
def test_no_raw_html_swallows_what_follows_or_breaks_out(html: str) -> None:
    prose = [RawBlock(html), Paragraph((Text("前"), RawInline(html), Text("后"))), Paragraph((Text("末段"),))]

    page = reading_back.read(HTML.blocks(prose, under=1))

    assert reading_back.missing(["前", "后", "末段"], page.text) == []
    assert not page.all("script", "style", "iframe", "svg", "textarea", "template", "title")
    assert all(not name.startswith("on") for element in page.elements for name in element.attributes)
