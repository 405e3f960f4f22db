"""What cannot be read says so: file, line, column and remedy, and never a half-read digest."""

from __future__ import annotations

import pytest

from newsletter.errors import DigestError, ExitCode
from tests.digests.support import a_digest, text_of, titles

STORY = "1. [标题](https://a.example/1)\n\n   正文。\n"


def fault(data: str | bytes) -> DigestError:
    with pytest.raises(DigestError) as caught:
        a_digest(data, file="2026-03-02.md")
    assert caught.value.exit_code is ExitCode.UNREADABLE
    assert str(caught.value).startswith("2026-03-02.md")
    return caught.value


def test_crlf_and_a_byte_order_mark_change_nothing() -> None:
    text = f"---\ntitle: 甲\n---\n\n{STORY}"

    dos = a_digest(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    assert dos == a_digest(text)
    assert "\r" not in dos.source


def test_gb18030_is_told_from_utf8() -> None:
    error = fault(f"# ok\n\n{STORY}".encode("gb18030"))

    assert "GB18030" in error.problem
    assert "UTF-8" in error.remedy
    assert (error.line, error.column) == (3, 5)


def test_utf16_is_told_too() -> None:
    assert "UTF-16" in fault(STORY.encode("utf-16")).problem


def test_bytes_that_are_no_text_have_their_place() -> None:
    error = fault("第一行\n第二\xff行".encode().replace(b"\xc3\xbf", b"\xff"))

    assert (error.line, error.column) == (2, 3)


def test_a_nul_byte_has_its_place() -> None:
    error = fault("第一行\n第\0二行")

    assert (error.line, error.column) == (2, 2)


@pytest.mark.parametrize(
    "text", ["", "  \n\n", "---\ntitle: 甲\n---\n", "---\ntitle: 甲\n---\n\n---\n<!-- 无 -->\n"]
)
def test_an_empty_body_is_refused(text: str) -> None:
    assert "empty" in fault(text).problem


def test_over_a_megabyte_is_refused() -> None:
    assert "1,000,000" in fault(STORY + "字" * 400_000).problem
    assert a_digest(STORY + "\n" + "字" * 300_000)


@pytest.mark.parametrize(
    ("opening", "line"),
    [("> " * 16 + "深", 3), ("".join(f"{'  ' * n}- 层\n" for n in range(16)), 18), ("*a **b " * 20, 3)],
)
def test_nesting_beyond_fifteen_is_refused(opening: str, line: int) -> None:
    text = f"{STORY.splitlines()[0]}\n\n{opening}" + "c** d* " * 20

    error = fault(text)

    assert "15" in error.problem
    assert error.line == line


@pytest.mark.parametrize("opening", ["> " * 15 + "深", "".join(f"{'  ' * n}- 层{n}\n" for n in range(15))])
def test_fifteen_levels_are_read_to_the_last_word(opening: str) -> None:
    digest = a_digest(f"{STORY}\n---\n\n{opening}")

    assert ("深" in text_of(digest)) or ("层14" in text_of(digest))


@pytest.mark.parametrize(
    "html", ["<!-- 忘了关", "<script>\nalert(1)", "<style>", "<?php", "<![CDATA[ x", "<textarea>"]
)
def test_html_that_would_swallow_the_rest_is_refused(html: str) -> None:
    error = fault(f"# 甲\n\n{html}\n\n{STORY}")

    assert "never closed" in error.problem
    assert error.line == 3


def test_a_table_row_with_too_many_cells_is_refused() -> None:
    error = fault(f"{STORY}\n---\n\n| 甲 | 乙 |\n|---|---|\n| 1 | 2 |\n| 3 | 4 | 5 |\n")

    assert error.line == 10
    assert r"\|" in error.remedy


def test_lines_count_from_the_top_of_the_file() -> None:
    error = fault(f"---\ntitle: 甲\n---\n\n{STORY}\n<!-- 忘了关\n")

    assert error.line == 9


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "/相对", "空", "unknown", "", "#", "data:text/html,x", "URL"]
)
def test_a_bad_link_is_kept_for_the_gate_to_see(url: str) -> None:
    digest = a_digest(f"1. [标题]({url})\n\n   正文有[链接]({url})。\n")

    assert [story.url for story in digest.stories] == [url]
    assert titles(digest) == ["标题"]


def test_without_any_day_the_remedy_is_said() -> None:
    with pytest.raises(DigestError, match="date: 2025-11-13"):
        a_digest(STORY, file="notes.md", default_day=None)
