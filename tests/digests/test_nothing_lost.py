"""All that is visible in the Markdown is in the digest, in order.

What is visible is worked out by the stock parser alone, without any of our reading of shapes.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.digests.numbering import with_markdown_numbers
from newsletter.errors import DigestError
from tests.digests.support import EVERY_DIGEST, a_digest, text_of

STOCK = MarkdownIt("commonmark").enable(["table", "strikethrough"])
STOCK.validateLink = lambda url, validator=None: True  # or a javascript: link would be text
# What may go: emphasis marks, 📌 🔗, blanks, the mark after a number, what parts a title from its text.
FREE = re.compile(r"[*_~\s\ufe0f📌🔗：:|｜—–-]")
NUMBER_MARK = re.compile(r"(?<!\d)0*(\d{1,3})[.、)](?!\d)")
LABELS = re.compile(r"原文链接|消息来源|阅读原文|来源")
TAG = re.compile(r"</?(?:br|div)>|<!--.*?-->|<script>.*?</script>", re.S)  # a title is plain text
ADDRESS = re.compile(r"https?://[!-~]+")
NOTHING_INSIDE = re.compile(r"\(\)|【】|\[\]")


def bare(text: str) -> str:
    """Return ``text`` without what may go."""
    text = NUMBER_MARK.sub(r"\1", unicodedata.normalize("NFKC", text))
    text = LABELS.sub("", ADDRESS.sub("", TAG.sub("", text)))
    return NOTHING_INSIDE.sub("", FREE.sub("", text))


def only_letters(text: str) -> str:
    """Return the letters and digits of ``text``, list numbers left out."""
    numberless = NUMBER_MARK.sub("", unicodedata.normalize("NFKC", text))
    return "".join(c for c in bare(numberless) if unicodedata.category(c)[0] in "LN")


def body_of(text: str) -> str:
    """Return what follows the front matter."""
    fence = text[:3]
    if fence in ("---", "+++") and "\ntitle" in text[:20]:
        return text.split(f"\n{fence}\n", 1)[1]
    return text


def visible_chunks(body: str) -> list[str]:
    """Return the visible text of each block."""
    chunks = []
    for token in STOCK.parse(body):
        if token.type == "inline":
            chunks.append("".join(map(shown, token.children or [])))
        elif token.type in ("html_block", "fence", "code_block"):
            chunks.append(token.content)
    return chunks


def shown(token: Token) -> str:
    if token.type == "image":
        return "".join(map(shown, token.children or []))
    return "\n" if token.type in ("softbreak", "hardbreak") else token.content


def first_lost(chunks: list[str], text: str, title: str) -> str | None:
    """Return the first chunk that ``text`` does not hold behind the others."""
    at = 0
    for place, chunk in enumerate(chunks):
        found = text.find(chunk, at)
        if found < 0:
            # The title comes first, though a greeting may have stood above it.
            lifted = title in chunks and chunks.index(title) <= place
            return first_lost(without_first(chunks, title), text, "") if title and lifted else chunk
        at = found + len(chunk)
    return None


def without_first(chunks: list[str], title: str) -> list[str]:
    at = chunks.index(title)
    return chunks[:at] + chunks[at + 1 :]


@pytest.mark.parametrize("path", EVERY_DIGEST, ids=lambda path: path.stem)
def test_every_digest_is_read_completely_and_in_order(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    digest = a_digest(source, file=path.name)

    assert (
        first_lost(
            [bare(chunk) for chunk in visible_chunks(body_of(source))],
            bare(text_of(digest)),
            bare(digest.title),
        )
        is None
    )


@pytest.mark.parametrize("path", EVERY_DIGEST, ids=lambda path: path.stem)
def test_nothing_is_said_twice(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    digest = a_digest(source, file=path.name)

    seen = only_letters("".join(visible_chunks(body_of(source))))
    # The title may come from the front matter or the file's name; list numbers are no text for the parser.
    letters = only_letters(text_of(digest)).removeprefix(only_letters(digest.title))
    assert len(re.sub(r"\d", "", letters)) <= len(re.sub(r"\d", "", seen)) + len(
        "注这一行不是链接定义而是一句话"
    )


FRAGMENTS = st.sampled_from(
    """
2026.03.01 早读
早上好，今天是周一：
一段没有来源的正文。
两句话。第二句。
Some English text
📌 **1. 甲**
📌 2. **乙**
📌 **3.** [丙]
**4. 丁**
🔗 [原文链接](https://a.example/x)
🔗 [原文链接]()
[阅读原文](b.html)
1. [戊](https://a.example/1)
2. [己](空)
10. 庚
- 辛。 [消息来源](https://a.example/2)
- [壬](https://a.example/3)：说明
- **癸**：说明
- 子
  - 丑
## 1. 寅
### [卯](https://a.example/4)
# 辰
### 点评
**点评：**巳
---
***
===
   缩进三格
    缩进四格
> 引用
```
~~~
\t
　　全角缩进
１．午
2、未
3) 申
<br>
答：<think>
</div>
<div>
<!-- 注释 -->
<script>x</script>
`代码`
**粗（体）**的
*斜*
~~删~~
[注]: 一句话
[a]: https://a.example
[a]
!["图"](u.png)
![](u)
&amp;&#10;
\\*
\\
|甲|乙|
|-|-|
|丙|丁|
|丙|丁|戊|
x|
https://a.example/bare
来源：[名字](https://a.example/5)
（[来源](https://a.example/6)）
📌
🔗
❤️
""".split("\n")
)
TEXTS = st.lists(st.tuples(FRAGMENTS, st.sampled_from(["\n", "\n\n", "  \n", "", " "])), max_size=14).map(
    lambda pieces: "".join(fragment + joint for fragment, joint in pieces)
)


@settings(max_examples=400, deadline=None)
@given(TEXTS | st.text(max_size=200))
@example("1. [a](https://a.example)\n---\n# b")
def test_no_text_is_lost_whatever_its_shape(text: str) -> None:
    try:
        digest = a_digest(text)
    except DigestError:
        return

    # A list mark can end what was code, in whichever notation.
    chunks = [only_letters(chunk) for chunk in visible_chunks(with_markdown_numbers(text))]
    assert first_lost(chunks, only_letters(text_of(digest)), only_letters(digest.title)) is None


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | TEXTS.map(lambda t: t.encode("gb18030"))
)
def test_any_bytes_are_a_digest_or_a_clear_error(data: bytes) -> None:
    try:
        said = text_of(a_digest(data))
    except DigestError as error:
        said = error.remedy if "\n" not in str(error) else ""

    assert said
