"""The headers an edition brings: complete, ASCII, and as the RFCs want them."""

from dataclasses import replace
from email.header import decode_header, make_header

import pytest

from newsletter.config import SenderSettings
from newsletter.mailing import Hole, HoleKind
from newsletter.rendering.headers import edition_headers, phrase, sender_id
from newsletter.transports import wire
from tests.rendering import support


def headers(**settings: object) -> dict[str, str]:
    newsletter = support.NEWSLETTER.model_copy(update=settings)
    return dict(support.filled(support.render(support.numbered(), newsletter)).headers)


def test_an_edition_says_all_that_providers_ask_for() -> None:
    assert headers(name="AI Daily") == {
        "Content-Language": "zh-CN",
        "Feedback-ID": "ai_daily-2026-11-23:ai_daily:daily:examplecom",
        "List-Archive": "<https://news.example.com/ai_daily/archive>",
        "List-Help": "<https://news.example.com/ai_daily>",
        "List-Id": '"AI Daily" <ai_daily.example.com>',
        "List-Unsubscribe": f"<{support.LI_LEI['leave_url']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Precedence": "bulk",
        "Reply-To": "editors@example.com",
    }


def test_every_value_is_printable_ascii_on_one_line() -> None:
    for name, value in headers(name="全球人工智能与机器人产业每日新闻速递" * 3).items():
        assert value.isascii(), name
        assert value.isprintable(), name


def test_a_chinese_list_name_is_encoded_in_words_of_at_most_75() -> None:
    name = "全球人工智能与机器人产业每日新闻速递" * 3

    encoded = headers(name=name)["List-Id"].removesuffix(" <ai_daily.example.com>")

    assert str(make_header(decode_header(encoded))) == name
    assert max(map(len, encoded.split(" "))) <= 75


def test_a_quoted_list_name_cannot_end_its_quotes() -> None:
    assert phrase('The "AI" \\ Daily') == '"The \\"AI\\" \\\\ Daily"'


def test_no_reply_address_no_header() -> None:
    assert "Reply-To" not in headers(sender=SenderSettings(address="news@example.com"))


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("a.cn", "acn00"),
        ("news.example.com", "newsexamplecom"),
        ("very-long-name.example.com.cn", "verylongnameexa"),
    ],
)
def test_the_sender_id_is_5_to_15_plain_characters(domain: str, expected: str) -> None:
    assert sender_id(domain) == expected


def test_a_reader_may_leave_by_mail_where_somebody_reads_it_and_the_link_comes_first() -> None:
    urls = replace(support.URLS, mailbox="bounces@news.example.com")
    leave = Hole("leave_url", HoleKind.URL)

    told = dict(
        edition_headers(
            support.NEWSLETTER, urls=urls, language="en", edition="ai_daily-1", kind="daily", leave=leave
        )
    )["List-Unsubscribe"]

    url, mailto = support.LI_LEI["leave_url"], "mailto:bounces+1-1-1-a@news.example.com?subject=unsubscribe"
    value = told.fill({"leave_url": url, "leave_mailto": mailto})
    assert value == f"<{url}>, <{mailto}>"
    assert wire.header("List-Unsubscribe", value).replace("\r\n ", " ") == f"List-Unsubscribe: {value}"
