"""An editor's and a sender's day in Chromium: phone and desk, both languages, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from newsletter.delivery import heartbeat
from newsletter.people.rights import Role
from tests.support import DAY, SLUG
from tests.tools import chromium, needs_axe, needs_chromium
from tests.web.desk.support import HOME, PAGE, TEXT, a_newsroom, prepare
from tests.web.people.support import PASSWORD, add
from tests.web.served import served, violations, without_scripts
from tests.web.support import House

SAMPLE = (resources.files("newsletter") / "samples" / f"{DAY}-ai-news.md").read_text(encoding="utf-8")
# Width, language, whether it is dark: each of them once for each role.
EDITORS = {"phone": (390, "zh-CN", False), "desk at night, in English": (1280, "en", True)}
SENDERS = {"phone at night, in English": (390, "en", True), "desk": (1280, "zh-CN", False)}
SAVE = re.compile("保存为新版本|Save as a revision")
SAVED = re.compile("已保存为第 1 版|Saved as revision 1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@contextmanager
def newsroom(folder: Path, text: str = SAMPLE) -> Iterator[House]:
    """Serve a newsroom at six in the morning, with a worker that is alive."""
    with served(folder, make=a_newsroom, text=text, people=1_234) as house:
        prepare(house)
        with house.writing() as session:
            heartbeat.beat(session, owner="w", part="courier", now=house.clock())
        yield house


@contextmanager
def at_work(
    browser: Browser, house: House, name: str, role: Role, *, width: int, language: str, dark: bool = False
) -> Iterator[Page]:
    """Log somebody in, in a browser of their own; nothing may be wrong in its console."""
    add(house, name, (SLUG, role))
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        locale=language,
        base_url=house.app.settings.public_url,
    )
    page, problems = context.new_page(), []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/staff/login")
    page.fill("[name=address]", f"{name}@example.com")
    page.fill("[name=password]", PASSWORD)
    page.click("button.main")
    page.wait_for_url("**/staff**")
    yield page
    context.close()
    assert problems == []


def look(page: Page, path: str = "") -> None:
    """See that everyone can use the page, and that it fits."""
    if path:
        page.goto(path)
    assert violations(page) == [], page.url
    assert page.evaluate("document.scrollingElement.scrollWidth") <= (page.viewport_size or {})["width"]
    assert page.locator("h1").count() == 1


@needs_axe
@pytest.mark.parametrize("name", EDITORS)
def test_an_editors_day(browser: Browser, tmp_path: Path, name: str) -> None:
    width, language, dark = EDITORS[name]
    with (
        newsroom(tmp_path) as house,
        at_work(browser, house, "lin", Role.EDITOR, width=width, language=language, dark=dark) as page,
    ):
        look(page, HOME)
        page.click(".next .button.main")  # 预览
        look(page)
        frame = page.frame_locator("iframe.email")
        expect(frame.locator("h1").first).to_be_visible()
        for query in ("light=dark", "light=forced", "width=600", "images=off", "reader=en"):
            page.goto(f"{PAGE}?{query}")
            expect(frame.locator("body")).to_be_visible()
        for part in ("text", "headers", "inbox", "links"):
            page.goto(f"{PAGE}?part={part}")
            assert page.locator("#shown .chips a[aria-current]").count() >= 2
        look(page)

        page.goto(f"{PAGE}?edit=yes")
        look(page)
        page.locator("#text").fill(SAMPLE.replace("端侧算力", "云边算力"))
        expect(frame.get_by_text("云边算力")).to_be_visible()
        page.locator("#text").fill(SAMPLE.replace("端侧算力", "{{ power }}"))
        expect(page.locator("#shown .badge-bad")).to_be_visible()
        page.locator("#shown .findings a").first.click()
        assert page.evaluate("document.activeElement.id") == "text"
        look(page)
        page.locator("#text").fill(SAMPLE.replace("端侧算力", "云边算力"))
        page.get_by_role("button", name=SAVE).click()
        expect(page.get_by_text(SAVED)).to_be_visible()
        look(page, f"{PAGE}/compare")
        look(page, f"{HOME}/editions")

        page.goto(f"{PAGE}#test")
        page.locator("#test button.main").click()
        expect(page.locator("#outcomes .badge-busy")).to_be_visible()
        house.app.notice_sender().send_due()
        expect(page.locator("#outcomes .badge-good")).to_be_visible()  # by itself
        look(page)


@needs_axe
@pytest.mark.parametrize("name", SENDERS)
def test_a_senders_day(browser: Browser, tmp_path: Path, name: str) -> None:
    width, language, dark = SENDERS[name]
    held = SAMPLE.replace("端侧算力", "{{ power }}")
    with (
        newsroom(tmp_path, held) as house,
        at_work(browser, house, "wang", Role.SENDER, width=width, language=language, dark=dark) as page,
    ):
        look(page, HOME)
        expect(page.locator(".next .badge-bad")).to_be_visible()
        page.locator(".next .headline a").click()
        look(page)
        page.locator("form[action$=approve]").evaluate("form => form.parentElement.open = true")
        look(page)
        page.locator("#approve-because").fill("模板示例，原文如此")
        page.locator("form[action$=approve] button").click()
        expect(page.locator(".over .badge-good")).to_be_visible()

        look(page, f"{PAGE}/send")
        page.locator("[name=owed]").fill("1234")
        page.locator("main button.main").click()
        page.locator("form[action$=undo] button").click()
        expect(page.locator("form[action$=undo]")).to_have_count(0)

        house.clock.forward(timedelta(minutes=91))
        house.app.unattended(SLUG).begin()
        page.goto(HOME)
        look(page)
        expect(page.locator("#last .badge-busy")).to_be_visible()
        page.locator("#last form[action$=pause] button").click()
        look(page, f"{PAGE}/revise")
        page.goto(PAGE)
        page.locator("form[action$=resume] button").click()
        page.goto(HOME)
        expect(page.locator("#phase")).to_have_text("")
        house.app.courier().send_due()
        expect(page.locator("#last .badge-good")).to_be_visible()  # by itself
        expect(page.locator("#phase")).not_to_have_text("")
        page.goto(f"{PAGE}/correct")
        page.locator("#text").fill("第一条的数字有误。")
        page.locator("main button").first.click()
        look(page)
        page.locator("[name=owed]").fill("1234")
        page.locator("#plan button.main").click()
        expect(page.locator(".notice")).to_be_visible()
        look(page)


@needs_chromium
def test_a_stale_answer_never_overwrites_a_newer_one(browser: Browser, tmp_path: Path) -> None:
    with (
        newsroom(tmp_path, TEXT) as house,
        at_work(browser, house, "lin", Role.EDITOR, width=1280, language="zh-CN") as page,
    ):
        page.goto(f"{PAGE}?edit=yes")
        held: list[Route] = []

        def hold_the_first(route: Route) -> None:
            if held:
                route.continue_()
            else:
                held.append(route)

        page.route("**/preview*", hold_the_first)
        page.locator("#text").fill(TEXT.replace("七十亿", "一一一亿"))
        page.wait_for_timeout(600)  # the first look is on its way, and stays there
        page.locator("#text").fill(TEXT.replace("七十亿", "二二二亿"))
        frame = page.frame_locator("iframe.email")
        expect(frame.get_by_text("二二二亿")).to_be_visible()
        newest = page.locator("#shown").get_attribute("data-sequence")
        with page.expect_response("**/preview*"):
            held[0].continue_()
        page.wait_for_timeout(100)

        assert page.locator("#shown").get_attribute("data-sequence") == newest
        expect(frame.get_by_text("二二二亿")).to_be_visible()
        page.reload()
        assert "二二二亿" in page.locator("#text").input_value()


@needs_chromium
def test_the_desk_works_without_scripts(browser: Browser, tmp_path: Path) -> None:
    with (
        newsroom(tmp_path, TEXT) as house,
        without_scripts(browser) as scriptless,
        at_work(scriptless, house, "lin", Role.EDITOR, width=390, language="zh-CN") as page,
    ):
        page.goto(f"{PAGE}?edit=yes")
        page.locator("#text").fill(TEXT.replace("七十亿", "八十亿"))
        page.get_by_role("button", name="预览").click()
        expect(page.frame_locator("iframe.email").get_by_text("八十亿")).to_be_visible()
        page.get_by_role("button", name=SAVE).press("Enter")  # by keyboard, too
        expect(page.get_by_text(SAVED)).to_be_visible()
