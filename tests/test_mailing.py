"""A mailing: what fits its holes, and what may be one at all."""

from __future__ import annotations

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mailing import Hole, HoleKind, Mailing, Sender, Template, ValueRefused, addr_spec
from tests.transports.support import a_copy, a_mailing, unhurried

URL = Hole("url", HoleKind.URL)


# --- holes -------------------------------------------------------------------


@unhurried
@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_value_in_html_is_shown_as_it_is(value: str) -> None:
    written = Hole("name", HoleKind.HTML).write(value)

    assert html.unescape(written) == html.unescape(html.escape(value))
    assert not set(written) & set("<>\"'")


@pytest.mark.parametrize(
    "url",
    [
        "https://news.example.com/leave/abc-DEF_~.0?a=b#c",
        "http://127.0.0.1:8080/leave/x",
        "mailto:leave@news.example.com?subject=token",
    ],
)
def test_a_plain_url_fits(url: str) -> None:
    assert URL.write(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "/leave/abc",
        "https://news.example.com/?a=b&c=d",
        "https://news.example.com/'",
        'https://news.example.com/"',
        "https://news.example.com/<b>",
        "https://news.example.com/ a",
        "https://news.example.com/\n",
        "https://news.example.com/退订",
    ],
)
def test_a_url_that_would_need_escaping_somewhere_is_refused(url: str) -> None:
    with pytest.raises(ValueRefused, match="url"):
        URL.write(url)


@pytest.mark.parametrize("value", ["a\r\nBcc: b", "a\n", "a\0", "退订", "\x7f"])
def test_a_header_value_is_printable_ascii_on_one_line(value: str) -> None:
    with pytest.raises(ValueRefused, match="token"):
        Hole("token", HoleKind.HEADER).write(value)


def test_a_hole_without_a_value_gets_its_default() -> None:
    template = Template(("早安，", Hole("name", HoleKind.TEXT, "读者"), "！"))

    assert template.fill({}) == "早安，读者！"
    assert template.fill({"name": "小明"}) == "早安，小明！"


def test_a_refusal_never_tells_the_value() -> None:
    with pytest.raises(ValueRefused) as refused:
        URL.write("secret@example.com")

    assert "secret" not in str(refused.value)


# --- addresses ---------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["a@b.example", "first.last+tag@sub.example.com", "10001@qq.com", "o'neil@x.io"]
)
def test_a_plain_address_is_returned(address: str) -> None:
    assert addr_spec(address) == address


def test_a_refused_address_is_not_told() -> None:
    with pytest.raises(ValueRefused) as refused:
        addr_spec("读者@qq.com")

    assert "qq" not in str(refused.value)


# --- mailings ----------------------------------------------------------------


def test_a_mailing_is_stored_byte_for_byte() -> None:
    mailing = a_mailing()

    again = Mailing.from_bytes(mailing.to_bytes())

    assert again == mailing
    assert again.to_bytes() == mailing.to_bytes()
    assert again.fingerprint == mailing.fingerprint


def test_a_mailing_knows_its_holes() -> None:
    names = [(hole.name, hole.kind) for hole in a_mailing().holes()]

    assert names == [
        ("address", "html"),
        ("address", "text"),
        ("leave_token", "header"),
        ("leave_url", "url"),
        ("manage_url", "url"),
    ]


def test_a_copy_fills_every_place_of_a_hole() -> None:
    copy = a_copy()

    filled = a_mailing().fill(copy)

    url = copy.values["leave_url"]
    assert url in filled.text
    assert url in filled.html
    assert dict(filled.headers)["List-Unsubscribe"].startswith(f"<{url}>, <mailto:")


TEXT = Hole("name", HoleKind.TEXT)
HTML = Hole("name", HoleKind.HTML)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"subject": "a\r\nBcc: all@example.com"}, "subject"),
        ({"subject": "a\0"}, "subject"),
        ({"subject": "  "}, "subject"),
        ({"sender": Sender("a\nb", "a@example.com")}, "name"),
        ({"sender": Sender("a", "a@example.com\n")}, "address"),
        ({"sender": Sender("a", "")}, "address"),
        ({"edition": "ai daily"}, "label"),
        ({"edition": "../etc"}, "label"),
        ({"headers": (("X-A", Template(("a\nb",))),)}, "X-A"),
        ({"headers": (("X-A", Template(("退订",))),)}, "X-A"),
        ({"headers": (("List-Id", Template(("名 <退订.example>",))),)}, "List-Id"),
        ({"headers": (("List-Id", Template(("名 <", URL, ">"))),)}, "List-Id"),
        ({"headers": (("X-A", Template((TEXT,))),)}, "X-A"),
        ({"headers": (("X A", Template(("a",))),)}, "X A"),
        ({"headers": (("X-A", Template(("a" * 701,))),)}, "X-A"),
        ({"sender": Sender("a" * 201, "a@example.com")}, "name"),
        ({"headers": (("To", Template(("a@example.com",))),)}, "To"),
        ({"headers": (("bcc", Template(("a@example.com",))),)}, "bcc"),
        ({"headers": (("X-A", Template(("a",))), ("x-a", Template(("b",))))}, "twice"),
        ({"text": Template(())}, "text"),
        ({"html": Template(("",))}, "html"),
        ({"text": Template((HTML,))}, "text"),
        ({"html": Template((TEXT,))}, "html"),
        ({"html": Template(("a\0",))}, "html"),
        ({"text": Template(("a\ud800",))}, "text"),
    ],
)
def test_what_cannot_be_sent_cannot_be_a_mailing(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueRefused, match=what):
        a_mailing(**changes)
