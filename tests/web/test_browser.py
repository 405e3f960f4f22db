"""The pages in Chromium: everyone can use them, on a phone and at a desk, by day and by night."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from contextlib import nullcontext
from email import policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.limits import LimitCount
from newsletter.schedule import Worker
from newsletter.testing.smtp_sink import SmtpSink
from subscribers import Status
from tests.support import SLUG
from tests.tools import chromium, needs_axe, needs_chromium
from tests.web import shown
from tests.web.served import open_page, served, violations, without_scripts
from tests.web.support import TYPING, House


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def width_of(page: Page) -> int:
    return page.evaluate("document.scrollingElement.scrollWidth")


@needs_axe
@pytest.mark.parametrize("name", shown.PAGES)
def test_everyone_can_use_every_page(browser: Browser, tmp_path: Path, name: str) -> None:
    house, answer = shown.a_page(name, tmp_path)
    page = open_page(browser, house, answer, width=390)

    by_day = violations(page)
    page.emulate_media(color_scheme="dark")
    by_night = violations(page)
    headings = page.locator("h1").all_inner_texts()
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, input, select, label.choice")]
            .filter(e => e.checkVisibility() && !e.closest(".trap, altcha-widget"))
            .filter(e => !["radio", "checkbox"].includes(e.type))  // their label is touched
            .map(e => e.getBoundingClientRect()).map(r => Math.min(r.width, r.height))
            .filter(size => size < 32)"""
    )

    assert (by_day, by_night, small) == ([], [], [])
    assert len(headings) == 1
    assert headings[0].replace("\n", "") in page.title()
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert width_of(page) <= width
    page.context.close()
    house.app.close()


@needs_chromium
@pytest.mark.parametrize("name", shown.PAGES)
def test_english_pages_fit_a_small_phone(browser: Browser, tmp_path: Path, name: str) -> None:
    house, answer = shown.a_page(name, tmp_path, language="en")

    page = open_page(browser, house, answer, width=320)

    assert answer.headers["content-language"] == "en"
    assert width_of(page) <= 320
    page.context.close()
    house.app.close()


# ---- a reader's whole life ----

# Width, whether it is dark, and whether scripts run.
LOOKS = {
    "phone": (390, False, True),
    "phone at night": (390, True, True),
    "desk": (1280, False, True),
    "desk at night": (1280, True, True),
    "phone without scripts": (390, False, False),
}


def link(sink: SmtpSink, kind: str) -> str:
    """Return the link of a kind in the newest message, from its plain text as it came over the wire."""
    message = email.message_from_bytes(sink.messages[-1].content, policy=policy.default)
    body = message.get_body(("plain",))
    assert body
    found = re.search(rf"http://127\.0\.0\.1:\d+/{kind}/\S+", body.get_content())
    assert found, body.get_content()
    return found[0]


def look(page: Page, *, heading: str, scripts: bool) -> None:
    """See that the page says what it should, and that everyone can use it."""
    expect(page.locator("h1")).to_have_text(heading)
    if scripts:
        assert violations(page) == []


@needs_axe
@pytest.mark.parametrize("name", LOOKS)
def test_sign_up_confirm_prefer_pause_leave_and_take_it_back(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    width, dark, scripts = LOOKS[name]
    with SmtpSink() as sink, nullcontext(browser) if scripts else without_scripts(browser) as chosen:
        smtp = {"host": sink.host, "port": sink.port, "security": "none"}
        with served(tmp_path, transport={"kind": "smtp", "smtp": smtp}) as house:
            page = chosen.new_page(
                viewport={"width": width, "height": 800},
                color_scheme="dark" if dark else "light",
                locale="zh-CN",
            )
            live(page, house, sink, scripts=scripts)
            page.context.close()


def live(page: Page, house: House, sink: SmtpSink, *, scripts: bool) -> None:
    worker = Worker(house.app)

    page.goto(f"{house.app.settings.base_url}/{SLUG}")
    look(page, heading="全球AI新闻速递", scripts=scripts)
    page.get_by_label("邮箱地址").fill("Li.Lei@QQ.com")
    house.clock.forward(TYPING)
    page.get_by_role("button", name="免费订阅").click()
    look(page, heading="去邮箱看一眼", scripts=scripts)

    worker.answer_requests()
    worker.send_notices()
    assert [message.recipient for message in sink.messages] == ["li.lei@qq.com"]
    person = house.person("li.lei@qq.com").id
    page.goto(link(sink, "confirm"))
    look(page, heading="确认订阅？", scripts=scripts)
    assert house.status(person) is Status.PENDING
    page.get_by_role("button", name="确认订阅").click()
    look(page, heading="订好了", scripts=scripts)
    assert house.status(person) is Status.ACTIVE

    page.get_by_role("main").get_by_role("link", name="管理订阅").click()
    look(page, heading="管理订阅", scripts=scripts)
    page.get_by_label("工作日（周一至周五）").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status")).to_have_text("已保存。")
    look(page, heading="管理订阅", scripts=scripts)
    expect(page.get_by_label("工作日（周一至周五）")).to_be_checked()

    page.get_by_role("button", name="下周一回来").click()
    expect(page.get_by_text("已暂停，2026年11月30日（星期一）恢复寄送。")).to_be_visible()
    look(page, heading="管理订阅", scripts=scripts)
    assert house.listed(person).paused_until

    page.get_by_role("main").get_by_role("link", name="退订").click()
    look(page, heading="退订《全球AI新闻速递》？", scripts=scripts)
    page.get_by_role("button", name="退订").click()
    look(page, heading="已经退订", scripts=scripts)
    assert house.status(person) is Status.LEFT

    page.get_by_role("button", name="收回退订").click()
    look(page, heading="欢迎回来", scripts=scripts)
    assert house.status(person) is Status.ACTIVE
    worker.app.transport.close()


@needs_chromium
def test_a_browser_solves_the_proof_of_work_under_our_policy(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, altcha="always") as house:
        page = browser.new_page(locale="zh-CN")
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.goto(f"{house.app.settings.base_url}/{SLUG}")
        page.get_by_label("邮箱地址").fill("li.lei@qq.com")
        house.clock.forward(TYPING)

        page.get_by_role("button", name="免费订阅").click()
        expect(page.locator("h1")).to_have_text("去邮箱看一眼", timeout=20_000)
        house.work()

        assert problems == []
        assert len(house.mails("confirm")) == 1
        with house.app.database.readers() as session:
            names = {count.name for count in session.query(LimitCount)}
        assert "proof.spent" in names
        assert "form.unproved.hour" not in names
        page.context.close()


@needs_chromium
def test_without_scripts_the_page_that_asks_for_a_proof_says_what_to_do(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path, altcha="always") as house, without_scripts(browser) as scriptless:
        page = scriptless.new_page(locale="zh-CN")
        page.goto(f"{house.app.settings.base_url}/{SLUG}")
        expect(page.locator("noscript .note")).to_be_visible()  # Playwright finds no text in it
        page.get_by_label("邮箱地址").fill("li.lei@qq.com")
        house.clock.forward(TYPING)

        page.get_by_role("button", name="免费订阅").click()

        expect(page.locator("h1")).to_have_text("去邮箱看一眼")
