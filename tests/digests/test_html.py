"""HTML from a feed becomes the Markdown an editor would have written, and no visible word is lost."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.digests.digest import Digest
from newsletter.digests.html import to_markdown
from newsletter.digests.html.inline import plain as html_text
from newsletter.digests.html.tree import parse as parse_html
from newsletter.digests.markdown import parse
from newsletter.digests.prose import Code, CodeBlock, Image, Link, Text, every_block, every_inline, inlines_of
from newsletter.digests.reader import read
from newsletter.editions.gate import Evidence, examine
from tests.digests.support import SHANGHAI


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("一句话", "一句话"),
        ("<p>一</p><p>二<p>三", "一\n\n二\n\n三"),
        ("<div>一<div>二</div>三</div>", "一\n\n二\n\n三"),
        ("<h1>大</h1><h3>小<br>题</h3>", "# 大\n\n### 小 题"),
        ("<b>粗</b>和<em>斜</em>和<s>删</s>", "**粗**和*斜*和~~删~~"),
        ("<b> 粗 </b>后", "**粗** 后"),
        ("<b>甲</b><b>乙</b>", "**甲乙**"),
        ("<b><b>甲</b></b>", "**甲**"),
        ('a<b>"x"</b>c', 'a"x"c'),  # CommonMark would show the stars
        ("<strong>续航（实测）</strong>的", "**续航（实测）**的"),
        ("一<br>二<br><br/>", "一  \n二"),
        ("<ul><li>一<li>二</ul>", "- 一\n- 二"),
        ("<ol start=3><li><p>一</p><p>二</p></li><li>三</ol>", "3. 一\n\n   二\n\n4. 三"),
        ("<ul><li>一<ul><li>深</ul></ul>", "- 一\n\n  - 深"),
        ("<ul><li>一</li><ul><li>深</li></ul></ul>", "- 一\n\n  - 深"),
        ('<a href="x y">名_字</a>', "[名\\_字](<https://a.example/x%20y>)"),
        ('<a href="https://b.example/?a=1&amp;copy;=2">名</a>', "[名](<https://b.example/?a=1&amp;copy;=2>)"),
        ('<a href="#top">回顶</a>', "回顶"),
        ("<a name=x>锚</a>", "锚"),
        ('<a href="javascript:alert(1)">坏</a>', "[坏](<javascript:alert(1)>)"),
        (
            '<a href="/u"><h3>题</h3><p>文</p></a>',
            "### [题](<https://a.example/u>)\n\n[文](<https://a.example/u>)",
        ),
        ('<img src="p.png" alt="图">', "![图](<https://a.example/p.png>)"),
        ('<img src="data:x" data-src="p.png" alt="图">', "![图](<https://a.example/p.png>)"),
        ('<img src="t.gif" width="1" height="1">', ""),
        ("<blockquote><p>一</p>二</blockquote>", "> 一\n>\n> 二"),
        ("<pre><code class='language-py'>a\n  *b*</code></pre>", "```py\na\n  *b*\n```"),
        ("<code>a`b</code>", "``a`b``"),
        ("<hr>", "***"),
        ("<table><tr><th>a<th>b<tr><td>1|2</table>", "| a | b |\n| --- | --- |\n| 1\\|2 |  |"),
        ("<table><tr><td><p>布局</p><td>二</table>", "布局\n\n二"),
        (
            "<table>\n<tr> <td>a</td>\n <td>b</td></tr> <tr><td>c<td>d</table>",
            "| a | b |\n| --- | --- |\n| c | d |",
        ),
        ("<table><caption>题</caption><tr><td>a<td>b<tr><td>c<td>d</table>", "题\n\na\n\nb\n\nc\n\nd"),
        ("<dl><dt>词<dd>义</dl>", "**词**\n\n义"),
        ("# 井号 &lt;b&gt; *星* &amp;amp;", "\\# 井号 \\<b\\> \\*星\\* &amp;amp;"),
        ("<script>x</script><style>y</style><p style='display: none'>z</p><p hidden>w</p>见", "见"),
        ("<iframe><b>x</b></iframe>见<svg><text>y</text></svg>", "见"),
        ("<p>1. <a href='https://b.example/1'>题</a></p>", "1. [题](<https://b.example/1>)"),
        ("\0一\x07二", "一二"),
        ("", ""),
    ],
)
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert to_markdown(html, base="https://a.example/") == markdown + "\n"


WORDS = st.text(alphabet=string.ascii_letters + "中文新闻，。“”*_#[]()<>`~|\\&!-+=1.: ", max_size=12)
INLINE = st.recursive(
    WORDS.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(["b", "em", "s", "span", "code", 'a href="https://a.example/(x)"']),
        st.lists(inner, max_size=3),
    ).map(lambda html: html.replace('</a href="https://a.example/(x)">', "</a>")),
    max_leaves=6,
)
BLOCK = st.recursive(
    st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", st.sampled_from(["p", "h2", "div", "pre"]), INLINE),
    lambda inner: st.one_of(
        st.builds(lambda parts: f"<blockquote>{''.join(parts)}</blockquote>", st.lists(inner, max_size=2)),
        st.builds(
            lambda tag, items: f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>",
            st.sampled_from(["ul", "ol"]),
            st.lists(inner, max_size=3),
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(BLOCK, max_size=4))
def test_no_visible_character_is_lost_or_added(blocks: list[str]) -> None:
    html = "".join(blocks)

    shown = "".join(
        shown.text
        for block in every_block(parse(to_markdown(html)))
        for shown in (block, *inlines_of(block))
        if isinstance(shown, Text | Code | CodeBlock)
    )

    assert squeezed(shown) == squeezed(html_text(parse_html(html)))


def squeezed(text: str) -> str:
    """Leave out what Markdown may put in another form: blanks, and the numbers and marks of lists."""
    return re.sub(r"\s|\d+[.)]|[-+](?=\s)", "", text)


@pytest.mark.parametrize("tag", ["div", "ul><li", "b", "blockquote", "a href=x", "table><tr><td"])
def test_nesting_without_end_exhausts_nothing(tag: str) -> None:
    assert "里" in to_markdown(f"<{tag}>" * 5000 + "里")


def test_an_unsafe_link_is_kept_for_the_gate_to_hold() -> None:
    html = "<ol><li><a href='javascript:alert(1)'>标题</a><p>正文。</p></li></ol>"

    digest = read_html(html)

    links = [
        i for b in every_block(digest.sections[0].stories[0].body) for i in every_inline(tuple(inlines_of(b)))
    ]
    assert digest.stories[0].url == "javascript:alert(1)" or any(isinstance(i, Link) for i in links)
    assert "bad-link" in {finding.check for finding in examine(Evidence(digest=digest))}


def read_html(html: str) -> Digest:
    front = "---\ntitle: t\ndate: 2026-03-02\n---\n\n"
    return read((front + to_markdown(html)).encode(), file="x", newsletter_name="n", tz=SHANGHAI)


def test_text_and_pictures_of_a_wechat_like_page_are_all_there() -> None:
    html = """<section><section><p><span><strong>一、</strong><strong>模型发布</strong></span></p>
    <p><img data-src="https://a.example/1.jpg" src="data:image/gif;base64,R0" alt="截图"></p>
    <p>正文<span>第一句。</span><br><a href="https://a.example/1">原文</a></p></section></section>"""

    blocks = parse(to_markdown(html))

    inlines = [inline for block in every_block(blocks) for inline in every_inline(tuple(inlines_of(block)))]
    assert [i.url for i in inlines if isinstance(i, Image)] == ["https://a.example/1.jpg"]
    assert [i.url for i in inlines if isinstance(i, Link)] == ["https://a.example/1"]
    assert "正文第一句。" in "".join(i.text for i in inlines if isinstance(i, Text))
