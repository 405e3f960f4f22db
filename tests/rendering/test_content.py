"""Prose as HTML: safe, styled on its elements, and with the words it had."""

import re

import pytest

from newsletter.digests.prose import (
    Block,
    CodeBlock,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Quote,
    RawBlock,
    RawInline,
    Strong,
    Table,
    Text,
)
from newsletter.rendering.content import HtmlWriter, ProseStyles, ranked
from newsletter.rendering.folders import Source, TemplateError
from tests.rendering import reading_back
from tests.rendering.support import paragraph, words

PLAIN = HtmlWriter(ProseStyles(prose={}, title={}), unnamed_image="图片")
STYLED = HtmlWriter(ProseStyles(prose={"p": "margin:0;", "a": "color:red;"}, title={}), unnamed_image="图片")


def html(*blocks: Block) -> str:
    return PLAIN.blocks(blocks, under=1)


def inline(*inlines: Inline) -> str:
    return html(Paragraph(inlines)).removeprefix("<p>").removesuffix("</p>")


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><circle></svg>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<iframe src="https://evil.example"></iframe>',
    '<form action="https://evil.example"><input name=password></form>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<base href="https://evil.example/">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    "<style>*{display:none}</style>",
    '<p style="position:fixed;inset:0;background:url(https://evil.example)">x</p>',
    '<div id="x" class="page" onclick="y()">x</div>',
    "</td></tr></table></div></body></html><h1>x</h1>",
    "<!--[if mso]><p>x</p><![endif]-->",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
]
HARMFUL = re.compile(
    r"<(?:script|iframe|svg|math|form|input|meta|base|link|style|object|embed)\b|\bon\w+\s*=|javascript:"
    r"|\bclass=|\bid=|evil\.example|<!--",
    re.IGNORECASE,
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_harmful_comes_through_in_a_block_or_in_a_line(attack: str) -> None:
    for fragment in (html(RawBlock(attack)), inline(Text("前"), RawInline(attack), Text("后"))):
        assert not HARMFUL.search(fragment), fragment
        reading_back.read(fragment)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_written_in_text_is_only_text(attack: str) -> None:
    assert reading_back.read(inline(Text(attack))).text == attack
    assert reading_back.read(PLAIN.title(words(attack), "https://a.example/")).text == attack


def test_the_text_after_an_unfinished_tag_is_not_swallowed() -> None:
    for unfinished in ("<script>", "<style>", "<!-- ", '<div title="', "<textarea>", "<title>", "<template>"):
        fragment = html(RawBlock(unfinished + "里面"), paragraph("之后的一段。"))

        assert "之后的一段。" in reading_back.read(fragment).text, unfinished


def test_a_script_in_a_line_goes_with_what_it_hides() -> None:
    assert inline(Text("前"), RawInline("<script>alert(1)</script>"), Text("后")) == "前后"


def test_an_opening_script_that_never_closes_hides_nothing() -> None:
    assert inline(RawInline("<script>"), Text("正文")) == "正文"


def test_safe_tags_by_hand_stay() -> None:
    assert (
        inline(Text("H"), RawInline("<sub>"), Text("2"), RawInline("</sub>"), Text("O")) == "H<sub>2</sub>O"
    )


def test_an_unsafe_link_is_shown_unlinked() -> None:
    for url in ("javascript:alert(1)", "", "空", "/relative", "//evil.example", "data:text/html,x"):
        assert inline(Link(url, words("原文"))) == "原文"


def test_a_safe_link_keeps_its_target_and_gains_nothing() -> None:
    assert inline(Link("https://a.example/?b=1&c=2", words("原文"))) == (
        '<a href="https://a.example/?b=1&amp;c=2">原文</a>'
    )


def test_an_image_has_words_and_comes_by_https() -> None:
    assert inline(Image("http://i.example/a.png", "图一")) == '<img src="https://i.example/a.png" alt="图一">'
    assert 'alt="图片"' in inline(Image("https://i.example/a.png", ""))


def test_an_image_without_an_address_is_its_words() -> None:
    assert inline(Image("a.png", "图一 <大>")) == "图一 &lt;大&gt;"
    assert inline(Image("data:image/png;base64,AAAA", "图二")) == "图二"


def test_styles_stand_on_the_elements_and_an_editors_own_are_gone() -> None:
    fragment = STYLED.blocks(
        [RawBlock('<p style="color:blue">x<a href="https://a.example/">y</a></p>')], under=1
    )

    assert fragment == '<p style="margin:0;">x<a href="https://a.example/" style="color:red;">y</a></p>'


def test_headings_rank_below_their_place_and_skip_no_rank() -> None:
    blocks = [Heading(2, words("a")), Heading(4, words("b")), Heading(4, words("c")), Heading(1, words("d"))]

    fragment = PLAIN.blocks(blocks, under=3)

    assert re.findall(r"<h(\d)>", fragment) == ["4", "5", "5", "4"]
    assert ranked("<h6>x</h6>", under=6) == "<h6>x</h6>"


def test_an_emoji_before_a_heading_is_not_read_aloud() -> None:
    hidden = '<span aria-hidden="true">'

    assert PLAIN.heading(words("🚀 发布")) == f"{hidden}🚀</span> 发布"
    assert PLAIN.heading((Strong(words("🇨🇳 国内")),)).startswith(f"<strong>{hidden}")
    assert PLAIN.heading(words("第 1 名 🏆")) == "第 1 名 🏆"
    assert PLAIN.heading(words("2026 年")) == "2026 年"


def test_pins_and_chains_are_decoration_wherever_they_stand() -> None:
    assert inline(Text("📌 看这里 🔗")) == (
        '<span aria-hidden="true">📌</span> 看这里 <span aria-hidden="true">🔗</span>'
    )


def test_han_emphasis_is_not_slanted() -> None:
    assert inline(Emphasis(words("重点")), Emphasis(words("aside"))) == "<em>重点</em><i>aside</i>"


def test_a_title_is_the_link_to_its_story() -> None:
    assert PLAIN.title(words("标题"), "https://a.example/") == '<a href="https://a.example/">标题</a>'
    assert PLAIN.title(words("标题"), "空") == "标题"
    assert PLAIN.title(words("标题"), None) == "标题"


def test_a_link_inside_a_title_keeps_its_own_target() -> None:
    title = (Text("甲"), Strong((Link("https://b.example/", words("乙")), Text("丙"))))

    links = reading_back.read(PLAIN.title(title, "https://a.example/")).links

    assert links == [("甲", "https://a.example/"), ("乙", "https://b.example/"), ("丙", "https://a.example/")]


def test_a_raw_link_cannot_take_over_a_title() -> None:
    title = (Text("甲"), RawInline('<a href="https://evil.example/">'), Text("乙"), RawInline("</a>"))

    assert reading_back.read(PLAIN.title(title, "https://a.example/")).links == [
        ("甲乙", "https://a.example/")
    ]


def test_lists_keep_their_numbers_and_tables_their_sides() -> None:
    assert '<ol start="3"><li>x</li></ol>' in html(ListBlock(3, ((paragraph("x"),),)))
    table = html(Table(("right", ""), (words("a"), words("b")), ((words("1"), words("2")),)))
    assert '<th align="right" scope="col">a</th>' in table
    assert '<th align="left" scope="col">b</th>' in table
    assert '<td align="right">1</td><td>2</td>' in table


def test_code_keeps_its_lines_and_its_angle_brackets() -> None:
    assert html(CodeBlock("a < b\n  c", "python")) == "<pre>a &lt; b\n  c</pre>"


def test_breaks_and_quotes_stay() -> None:
    assert inline(Text("a"), LineBreak(), Text("b")) == "a<br>b"
    assert html(Quote((paragraph("x"),))).startswith("<blockquote><p")


def test_what_no_email_may_hold_is_made_visible() -> None:
    assert inline(Text("a\0b\ud800c")) == "a\ufffdb\ufffdc"


def styles(text: str) -> ProseStyles:
    return ProseStyles.read(Source(name="daily/prose.toml", file="my/prose.toml", text=text, stamp=None))


def test_one_style_serves_every_heading() -> None:
    assert styles('[prose]\nh = "margin:0;"\nh2 = "color:red;"').prose["h5"] == "margin:0;"
    assert styles('[prose]\nh = "margin:0;"\nh2 = "color:red;"').prose["h2"] == "color:red;"


@pytest.mark.parametrize(
    "text", ["[prose]\nscript = 'x'", "[prose]\np = 1", "[prose]\np = 'a\"b'", "[porse]\np = 'x'", "p ="]
)
def test_a_wrong_style_sheet_is_named(text: str) -> None:
    with pytest.raises(TemplateError, match=r"my/prose\.toml"):
        styles(text)
