"""What goes over the wire: bytes that every mail program reads back as what was meant."""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from email.header import Header, decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.mailing import Copy, Hole, HoleKind, Mailing, Sender, Template, ValueRefused
from newsletter.transports.mime import Prepared
from tests.transports.support import LEAVE, NOW, a_copy, a_mailing, parsed, part, seen_in_bytes, unhurried

# Control characters have no place in a header, and a lone surrogate is no character.
one_line = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120).filter(
    lambda text: text.strip() == text and text != ""
)


def message(mailing: Mailing | None = None, copy: Copy | None = None) -> bytes:
    return Prepared(mailing or a_mailing()).message(copy or a_copy(), NOW)


def header_lines(raw: bytes, name: str) -> list[bytes]:
    """Return the lines of one header as they stand on the wire."""
    head = raw.partition(b"\r\n\r\n")[0]
    found = re.search(rb"(?m)^" + name.encode() + rb": [^\r]*(?:\r\n[ \t][^\r]*)*", head)
    assert found, name
    return found[0].split(b"\r\n")


# --- the whole ---------------------------------------------------------------


def test_a_reader_sees_what_the_mailing_says() -> None:
    mailing, copy = a_mailing(), a_copy()
    filled = mailing.fill(copy)

    seen = seen_in_bytes(message(mailing, copy))

    assert seen.to == copy.address
    assert seen.sender == ("全球AI新闻速递", "news@news.example.com")
    assert seen.subject == mailing.subject
    assert (seen.text, seen.html) == (filled.text, filled.html)
    assert {name.lower(): value for name, value in filled.headers}.items() <= seen.headers.items()
    assert seen.headers["message-id"] == "<1.abcdef@news.example.com>"


def test_every_byte_is_ascii_and_every_line_fits() -> None:
    raw = message()
    head, _, body = raw.partition(b"\r\n\r\n")

    assert raw.isascii()
    assert b"\n." not in raw  # SMTP would have to double the dot
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76


def test_the_text_part_comes_first() -> None:
    root = parsed(message())

    assert root.get_content_type() == "multipart/alternative"
    kinds = [
        (one.get_content_type(), one.get_content_charset(), one["Content-Transfer-Encoding"])
        for one in root.iter_parts()
    ]
    assert kinds == [("text/plain", "utf-8", "base64"), ("text/html", "utf-8", "base64")]


def test_the_same_copy_is_the_same_bytes() -> None:
    assert message() == message()


def test_the_boundary_cannot_stand_in_a_part() -> None:
    raw = message()
    boundary = parsed(raw).get_boundary()
    assert boundary

    assert "_" in boundary  # which base64 does not have
    assert raw.count(b"--" + boundary.encode()) == 3


def test_no_line_of_base64_is_empty() -> None:
    body = message().partition(b"\r\n\r\n")[2]

    # Once after the headers of each part, and nowhere else: spam filters count blank lines.
    assert body.count(b"\r\n\r\n") == 2


def test_text_has_crlf_line_ends_before_it_is_encoded() -> None:
    mailing = a_mailing(text=Template(("one\ntwo\r\nthree\rfour ", Hole("address", HoleKind.TEXT))))

    body = parsed(message(mailing, a_copy())).get_body(("plain",))

    assert body is not None
    assert body.get_payload(decode=True) == b"one\r\ntwo\r\nthree\r\nfour reader1@example.com"


def test_the_date_has_a_numeric_zone() -> None:
    raw = Prepared(a_mailing()).message(a_copy(), NOW.astimezone(timezone(timedelta(hours=8))))

    assert header_lines(raw, "Date") == [b"Date: Mon, 23 Nov 2026 07:30:00 +0800"]


# --- headers -----------------------------------------------------------------


def test_one_click_unsubscribe_is_intact_on_the_wire() -> None:
    copy = a_copy()

    lines = header_lines(message(copy=copy), "List-Unsubscribe")

    assert lines == [
        f"List-Unsubscribe: <{copy.values['leave_url']}>,".encode(),
        f" <mailto:leave@news.example.com?subject={copy.values['leave_token']}>".encode(),
    ]


def test_headers_with_long_urls_are_never_encoded_and_never_broken() -> None:
    raw = message()

    assert header_lines(raw, "List-Unsubscribe-Post") == [
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    ]
    assert header_lines(raw, "List-Help") == [b"List-Help: <" + a_copy().values["manage_url"].encode() + b">"]
    assert header_lines(raw, "Feedback-ID") == [b"Feedback-ID: 2026-11-23:daily:ai_daily:newsltr"]


@unhurried
@given(length=st.integers(10, 900))
def test_a_url_of_any_length_stands_on_one_line(length: int) -> None:
    url = "https://n.example/".ljust(length, "x")

    lines = header_lines(message(copy=a_copy(leave_url=url)), "List-Unsubscribe")

    assert lines[0].startswith(b"List-Unsubscribe: <" + url.encode() + b">,")
    assert not any(b"=?" in line for line in lines)


def test_whatever_may_be_a_mailing_fits_into_its_lines() -> None:
    named = Template(("名" * 300 + f" <{'x' * 390}>",))
    mailing = a_mailing(
        sender=Sender('"' * 200, f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}"),
        headers=(("X-" + "A" * 74, Template(("x" * 700,))), ("List-Id", named)),
    )

    head = message(mailing).partition(b"\r\n\r\n")[0]

    assert max(map(len, head.split(b"\r\n"))) <= 998


def test_a_header_line_that_no_server_takes_is_refused() -> None:
    with pytest.raises(ValueRefused, match="998"):
        message(copy=a_copy(leave_url="https://n.example/".ljust(1000, "x")))


def test_a_list_may_have_a_chinese_name() -> None:
    lines = header_lines(message(), "List-Id")

    assert b"".join(lines).isascii()
    assert lines[-1].endswith(b"<ai_daily.news.example.com>")
    assert max(map(len, lines)) <= 76
    assert seen_in_bytes(message()).headers["list-id"] == "全球AI新闻速递 <ai_daily.news.example.com>"


def test_a_name_that_is_encoded_already_is_folded_and_left_alone() -> None:
    words = str(Header("全球人工智能新闻速递与点评", "utf-8", maxlinelen=60).encode(linesep=" ")).split()
    mailing = a_mailing(headers=(("List-Id", Template((f"{' '.join(words)} <ai_daily.news.example.com>",))),))

    raw = message(mailing)

    assert max(map(len, header_lines(raw, "List-Id"))) <= 76
    assert parsed(raw)["List-Id"] == "全球人工智能新闻速递与点评 <ai_daily.news.example.com>"


@unhurried
@given(subject=one_line)
@example(subject="Weekly news")
@example(subject="=?utf-8?q?not_encoded?=")
@example(subject="two  blanks and more words than fit on a line, so that it must be folded somewhere")
@example(subject="x" * 300)
@example(subject="早安" * 60)
@example(subject="👩‍👩‍👧‍👦" * 20)
def test_any_subject_is_read_back(subject: str) -> None:
    raw = message(a_mailing(subject=subject))

    assert parsed(raw)["Subject"] == subject
    for line in header_lines(raw, "Subject"):
        assert len(line) <= (76 if b"=?" in line else 78)
        assert all(len(word) <= 75 for word in line.split() if word.startswith(b"=?"))


@unhurried
@given(name=one_line)
@example(name="AI Daily")
@example(name='Doe, "John" (news) \\ <x>')
@example(name="全球人工智能新闻速递" * 9)
def test_any_sender_name_is_read_back(name: str) -> None:
    raw = message(a_mailing(sender=Sender(name, "news@news.example.com")))

    assert parsed(raw)["From"].addresses[0].addr_spec == "news@news.example.com"
    # The newer parser of the standard library keeps the blanks between two encoded-words of a name.
    value = b" ".join(header_lines(raw, "From")).decode().removeprefix("From: ")
    shown, _ = parseaddr(value)
    assert str(make_header(decode_header(shown))) == name
    assert all(len(line) <= 76 for line in header_lines(raw, "From") if b"=?" in line)


def test_a_character_is_never_split_between_encoded_words() -> None:
    lines = header_lines(message(a_mailing(subject="𠮷野家" * 30)), "Subject")

    for line in lines:
        words = parsed(b"Subject: " + line.removeprefix(b"Subject: ").strip() + b"\r\n\r\n")["Subject"]
        assert "�" not in words


# --- holes -------------------------------------------------------------------

literals = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
    st.text(st.sampled_from("a新\n𠮷"), min_size=100, max_size=200),
)
values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)


@st.composite
def parts_with_values(draw: st.DrawFn) -> tuple[Template, dict[str, str]]:
    """Return a text part and values: holes anywhere, side by side, first and last."""
    count = draw(st.integers(1, 6))
    names = [f"h{number}" for number in range(count)]
    pieces: list[str | Hole] = []
    for name in draw(st.permutations(names)):
        pieces.extend(draw(st.lists(literals, max_size=2)))
        pieces.append(Hole(name, HoleKind.TEXT))
    pieces.extend(draw(st.lists(literals, max_size=2)))
    return Template(tuple(pieces)), {name: draw(values) for name in names}


def line_ends(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\n", text)


@settings(unhurried, max_examples=300)
@given(filled=parts_with_values())
def test_any_value_in_any_hole_is_read_back(filled: tuple[Template, dict[str, str]]) -> None:
    template, given_values = filled
    mailing = a_mailing(text=template, html=Template(("<p>", LEAVE, "</p>")))
    # Line ends are made CRLF piece by piece.
    expected = "".join(
        line_ends(piece if isinstance(piece, str) else given_values[piece.name]) for piece in template.pieces
    )

    raw = message(mailing, a_copy(1, **given_values))

    root = parsed(raw)
    assert b"\n." not in raw
    assert part(root, "plain") == expected
    assert part(root, "html") == f"<p>{a_copy().values['leave_url']}</p>"
    assert max(map(len, raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


@unhurried
@given(value=values)
def test_a_value_cannot_break_out_of_html(value: str) -> None:
    mailing = a_mailing(html=Template(("<p title='", Hole("name", HoleKind.HTML), "'></p>")))

    html = part(parsed(message(mailing, a_copy(name=value))), "html")

    assert not set("<>'\"") & set(html.removeprefix("<p title='").removesuffix("'></p>"))


# --- what is refused ---------------------------------------------------------


@pytest.mark.parametrize("poison", ["\r", "\n", "\0", "\r\nBcc: all@example.com"])
@pytest.mark.parametrize("hole", ["leave_url", "leave_token", "message_id"])
def test_a_line_break_in_a_header_value_is_refused(hole: str, poison: str) -> None:
    with pytest.raises(ValueRefused, match=hole):
        message(copy=a_copy(1, **{hole: a_copy().values[hole] + poison}))


@pytest.mark.parametrize(
    "address",
    [
        "reader@example.com\r\nBcc: all@example.com",
        "reader@example.com\n",
        "a@example.com, b@example.com",
        "Reader <reader@example.com>",
        "读者@example.com",
        "reader@例子.中国",
        "reader",
        "reader@",
        "@example.com",
        "a b@example.com",
        '"a b"@example.com',
        "a..b@example.com",
        "reader@[127.0.0.1]",
        "reader@-example.com",
        f"{'x' * 65}@example.com",
        "",
    ],
)
def test_only_one_plain_address_is_written_to(address: str) -> None:
    with pytest.raises(ValueRefused, match="address"):
        message(copy=a_copy(to=address))


def test_a_copy_without_a_message_id_is_refused() -> None:
    with pytest.raises(ValueRefused, match="message_id"):
        message(copy=a_copy(message_id=""))


@pytest.mark.parametrize("value", ["\0", "a\ud800"])
def test_what_is_no_text_is_refused(value: str) -> None:
    with pytest.raises(ValueRefused, match="address"):
        message(copy=a_copy(address=value))
