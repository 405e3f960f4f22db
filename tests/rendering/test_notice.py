"""The notices: one button, the same said twice, nothing that anybody typed, and fit for every mailbox."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest
from playwright.sync_api import Browser

from newsletter.language import catalog
from newsletter.mailing import Copy, Mailing
from newsletter.rendering.notice import SHAPES, NoticeRenderer
from newsletter.transports.mime import Prepared
from tests.rendering import seen
from tests.rendering.support import NEWSLETTER, URLS
from tests.rendering.test_browser import violations
from tests.tools import SPAMASSASSIN, chromium, needs_axe, needs_chromium, needs_spamassassin

TOKEN = "1.ai_daily.3f8z.sx1b2c.abcdefghijklmnopqrstuv"
LINKS = {
    f"{what}_url": f"https://news.example.com/{what}/{TOKEN}"
    for what in ("confirm", "disown", "manage", "erase", "move")
}
LANGUAGES = ["zh-CN", "en"]
EVERY_NOTICE = pytest.mark.parametrize("purpose", SHAPES)
BOTH_LANGUAGES = pytest.mark.parametrize("language", LANGUAGES)


@cache
def render(purpose: str, language: str = "zh-CN", postal_address: str | None = None) -> Mailing:
    newsletter = NEWSLETTER
    if postal_address is not None:
        newsletter = newsletter.model_copy(update={"postal_address": postal_address})
    return NoticeRenderer().render(purpose, newsletter, urls=URLS, language=language, values=LINKS)


def text_of(mailing: Mailing) -> str:
    return mailing.text.fill({})


def html_of(mailing: Mailing) -> str:
    return mailing.html.fill({})


def seen_in(html: str) -> str:
    """Return the words of an HTML part that a reader sees, without any white space."""
    body = re.sub(r"<head\b.*?</head>|<!--.*?-->", "", html, flags=re.DOTALL)
    return re.sub(r"\s|&ensp;", "", re.sub(r"<[^>]+>", "", body)).replace("&#39;", "'")


@BOTH_LANGUAGES
@EVERY_NOTICE
def test_text_and_html_say_the_same(purpose: str, language: str) -> None:
    mailing = render(purpose, language)
    shown = seen_in(html_of(mailing))

    for line in filter(None, text_of(mailing).splitlines()):
        words = re.sub(r"\s|─", "", line).rstrip("：:")
        assert words in shown or line in html_of(mailing), line


@BOTH_LANGUAGES
@EVERY_NOTICE
def test_the_one_button_leads_where_the_purpose_says(purpose: str, language: str) -> None:
    mailing = render(purpose, language)
    url = LINKS[SHAPES[purpose].button]

    assert html_of(mailing).count(f'href="{url}"') == 2  # the button, and the address written out
    assert text_of(mailing).count(url) == 1
    assert html_of(mailing).count('class="press"') == 1


@EVERY_NOTICE
def test_a_notice_holds_no_link_but_those_of_its_purpose(purpose: str) -> None:
    allowed = {SHAPES[purpose].button} | ({"disown_url"} if SHAPES[purpose].disown else set())

    tokens = set(
        re.findall(rf"https://news\.example\.com/(\w+)/{re.escape(TOKEN)}", html_of(render(purpose)))
    )

    assert {f"{what}_url" for what in tokens} == allowed


def test_the_mail_to_a_wanted_address_holds_no_link_about_the_person() -> None:
    assert SHAPES["move_new"].button == "move_url"
    assert not SHAPES["move_new"].disown


@EVERY_NOTICE
def test_it_is_marked_as_automatic_and_belongs_to_no_list(purpose: str) -> None:
    headers = {name: template.fill({}) for name, template in render(purpose).headers}

    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers["Reply-To"] == "editors@example.com"
    assert not [name for name in headers if name.startswith("List-") or name == "Precedence"]


@BOTH_LANGUAGES
@EVERY_NOTICE
def test_it_names_the_newsletter_the_contact_and_the_postal_address(purpose: str, language: str) -> None:
    mailing = render(purpose, language)

    assert "全球 AI 早报" in mailing.subject
    assert len(mailing.subject) <= 60
    for part in (text_of(mailing), html_of(mailing)):
        assert "editors@example.com" in part
        assert "上海市示例路 1 号 200030" in part


def test_without_a_postal_address_nothing_is_left_of_its_line() -> None:
    assert text_of(render("confirm", postal_address="")).endswith("editors@example.com\n")


def test_a_name_that_looks_like_html_stays_words() -> None:
    newsletter = NEWSLETTER.model_copy(update={"name": "A <b>B</b> & {{ C }}"})

    mailing = NoticeRenderer().render("confirm", newsletter, urls=URLS, language="zh-CN", values=LINKS)

    assert "A &lt;b&gt;B&lt;/b&gt; &amp; {{ C }}" in html_of(mailing)
    assert "A <b>B</b> & {{ C }}" in text_of(mailing)


@BOTH_LANGUAGES
def test_how_long_a_link_works_is_said_as_it_is(language: str) -> None:
    words = catalog(language)

    assert words.say("notice.lasts_days", count=7) in text_of(render("confirm", language))
    assert words.say("notice.lasts_hours", count=1) in text_of(render("erase", language))
    assert words.say("notice.lasts_days", count=2) in text_of(render("move_old", language))


@needs_spamassassin
@pytest.mark.parametrize(
    ("purpose", "language"), [("confirm", "zh-CN"), ("confirm", "en"), ("remind", "zh-CN")]
)
def test_spamassassin_gives_at_most_one_point(purpose: str, language: str) -> None:
    copy = Copy(
        ref="n1", address="li.lei@example.cn", values={"message_id": "n1.0123456789abcdef@example.com"}
    )
    message = Prepared(render(purpose, language)).message(copy, datetime(2026, 11, 22, 23, 30, tzinfo=UTC))

    verdict = subprocess.run(
        [str(SPAMASSASSIN), "-L", "-t"], input=message, capture_output=True, check=False
    ).stdout.decode(errors="replace")

    score = re.search(r"^X-Spam-Status: .*?score=(-?[\d.]+)", verdict, re.MULTILINE)
    assert score, verdict[:2000]
    assert float(score[1]) <= 1, verdict[verdict.rindex("Content analysis details") :]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@needs_axe
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("purpose", "language"), [("confirm", "zh-CN"), ("already", "en"), ("erase", "zh-CN")]
)
def test_axe_finds_no_violation(browser: Browser, purpose: str, language: str, dark: bool) -> None:
    page = seen.open_email(browser, html_of(render(purpose, language)), width=414, dark=dark)

    assert violations(page) == []
    page.context.close()


@needs_chromium
@BOTH_LANGUAGES
def test_nothing_scrolls_sideways_on_the_smallest_phone(browser: Browser, language: str) -> None:
    for purpose in SHAPES:
        for variant in seen.VARIANTS.values():
            page = seen.open_email(browser, variant(html_of(render(purpose, language))), width=320)
            assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
            page.context.close()


@needs_chromium
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_word_has_enough_contrast(browser: Browser, dark: bool) -> None:
    page = seen.open_email(browser, html_of(render("confirm")), width=414, dark=dark, scale=2)

    found = seen.contrasts(page, scale=2)

    assert catalog("zh-CN").say("notice.confirm.button") in found
    assert {text: ratio for text, ratio in found.items() if ratio < 4.5} == {}
    page.context.close()


@needs_chromium
def test_every_link_is_large_enough_to_touch(browser: Browser) -> None:
    page = seen.open_email(browser, html_of(render("confirm")), width=320)

    heights = page.evaluate("() => [...document.links].map(link => link.getBoundingClientRect().height)")

    assert len(heights) == 5
    assert min(heights) >= 24
    page.context.close()
