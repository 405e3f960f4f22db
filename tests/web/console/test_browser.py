"""The admin's day in a real browser: both languages, a phone and a desk, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from newsletter.people.rights import ALL, Role
from subscribers import Status
from tests.tools import chromium, needs_axe
from tests.web.console.support import HERE, furnish, work
from tests.web.people.support import PASSWORD, add
from tests.web.served import served, violations
from tests.web.support import House

pytestmark = needs_axe
LIST = "email,name\nnew@qq.com,新人\ngone@gmail.com,x\nnonsense,y\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with served(tmp_path, spool=tmp_path / "spool") as opened:
        furnish(opened)
        add(opened, "zhang", (ALL, Role.ADMIN))
        yield opened


def log_in(browser: Browser, house: House, *, width: int, language: str, scripts: bool = True) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        locale=language,
        color_scheme="dark" if width < 600 else "light",
        java_script_enabled=scripts,
        base_url=house.app.settings.base_url,
    )
    page = context.new_page()
    page.goto("/staff/login")
    page.fill("[name=address]", "zhang@example.com")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/staff*")
    return page


def fine(page: Page) -> None:
    """Nothing is wider than the screen, and axe finds nothing: on a phone, where it takes its time once."""
    size = page.viewport_size
    assert size
    if size["width"] < 600:
        assert violations(page) == [], page.url
    assert page.evaluate("document.scrollingElement.scrollWidth") <= size["width"], page.url


@pytest.mark.parametrize(("width", "language"), [(390, "zh-CN"), (1280, "en")])
def test_the_admin_goes_through_the_day(browser: Browser, house: House, width: int, language: str) -> None:
    page = log_in(browser, house, width=width, language=language)
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))

    page.goto("/staff/lists")
    fine(page)

    # Who wrote to us? The first letters are enough, by the keyboard alone.
    page.goto(f"{HERE}/readers")
    page.focus("#q")
    page.keyboard.type("li.l")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    assert "q=li.l" in page.url
    fine(page)
    page.click("#results tbody a")
    fine(page)

    # They ask to leave.
    page.click("details:has(input[value=leave]) > summary")
    page.fill("#because-leave", "来信要求")
    page.click("details[open] button.main")
    expect(page.locator(".timeline li").first).to_contain_text("来信要求")
    assert house.status(61) is Status.LEFT

    # A list from a fair.
    page.goto(f"{HERE}/import")
    fine(page)
    page.set_input_files("#file", {"name": "展会.csv", "mimeType": "text/csv", "buffer": LIST.encode()})
    page.fill("#origin", "展会")
    page.click("main form button.main")
    page.wait_for_url("**/jobs/1")
    fine(page)
    work(house)
    page.fill("#number", "3")  # the page has asked again by itself
    fine(page)
    page.click("main form[action$=approve] button")
    expect(page.locator("progress")).to_be_visible()
    work(house)
    expect(page.locator("progress")).to_be_hidden(timeout=6_000)
    assert house.status(house.person("new@qq.com").id) is Status.ACTIVE

    # All of one domain are to be taken off.
    page.goto(f"{HERE}/readers?q=@gmail.com")
    page.click(".all-of-them summary")
    page.check("[name=verb][value=leave]")
    page.fill("#because", "停止合作")
    page.click(".question button.main")
    page.fill("#number", "3")
    page.click("main form[action$=approve] button")
    work(house)
    page.reload()
    expect(page.locator(".badge-good")).to_be_visible()
    fine(page)

    for path in (
        "segments",
        "jobs",
        "suppressions?address=bounces@outlook.com",
        "deliveries",
        "deliveries/1?meaning=hard",
        "deliveries/1?state=in_doubt",
        "readers/66",
    ):
        page.goto(f"{HERE}/{path}")
        fine(page)
    assert troubles == []
    page.context.close()


def test_an_answer_that_comes_late_never_overwrites_a_newer_one(browser: Browser, house: House) -> None:
    page = log_in(browser, house, width=1280, language="en")
    page.goto(f"{HERE}/readers")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "q=bounces" in route.request.url:
            held.append(route)
        else:
            route.continue_()

    page.route("**/readers?*", hold)
    page.fill("#q", "bounces")
    page.wait_for_timeout(400)  # the debounce of what was typed first
    page.fill("#q", "waits")
    expect(page.locator("#results tbody")).to_contain_text("waits@163.com")
    for route in held:
        route.continue_()
    page.wait_for_timeout(300)

    assert held
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results tbody")).to_contain_text("waits@163.com")
    page.context.close()


def test_everything_is_there_without_a_script(browser: Browser, house: House) -> None:
    page = log_in(browser, house, width=390, language="zh-CN", scripts=False)

    page.goto(f"{HERE}/readers")
    page.fill("#q", "waits")
    page.press("#q", "Enter")
    page.click("#results tbody a")
    page.click("details:has(input[value=reconfirm]) > summary")
    page.fill("#because-reconfirm", "没有收到")
    page.click("details[open] button.main")

    expect(page.locator(".notice")).to_be_visible()
    assert len(house.mails("confirm")) == 1
    page.context.close()
