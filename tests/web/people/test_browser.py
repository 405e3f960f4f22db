"""The pages about people in Chromium: everyone can use them, and a day of each who works here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.people import invitations, totp
from newsletter.people.second import secret_of
from newsletter.people.tables import Person
from tests.support import SLUG
from tests.tools import chromium, needs_axe, needs_chromium
from tests.web.people import shown
from tests.web.people.support import PASSWORD
from tests.web.served import open_page, served, violations
from tests.web.support import House, a_house


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


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
        """() => [...document.querySelectorAll("button, .button, summary, input, select, label.choice")]
            .filter(e => e.checkVisibility() && !["radio", "checkbox"].includes(e.type))
            .map(e => e.getBoundingClientRect()).map(r => Math.min(r.width, r.height))
            .filter(size => size < 24)"""
    )

    assert (by_day, by_night, small) == ([], [], [])
    assert len(headings) == 1
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert len(answer.content) <= 50_000 or name == "docs"
    page.context.close()
    house.app.close()


@needs_chromium
def test_english_pages_fit_a_small_phone(browser: Browser, tmp_path: Path) -> None:
    house = a_house(tmp_path)
    client = shown.in_use(house)
    client.headers["accept-language"] = "en"

    too_wide = []
    for name, visit in shown.PAGES.items():
        answer = visit(house, client)
        page = open_page(browser, house, answer, width=320)
        if page.evaluate("document.scrollingElement.scrollWidth") > 320:
            too_wide.append(name)
        assert answer.headers["content-language"] == "en"
        page.context.close()
    house.app.close()

    assert too_wide == []


@needs_axe
def test_the_first_day_of_an_admin(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as house:
        with house.writing() as session:
            link = invitations.first(session, now=house.clock())
        base = house.app.settings.base_url
        page = browser.new_page(viewport={"width": 390, "height": 800}, locale="zh-CN")

        page.goto(f"{base}/staff/welcome/{link}")
        page.get_by_label("邮箱地址").fill("Zhang@Example.com")
        page.get_by_label("姓名").fill("张三")
        page.get_by_label("新密码").fill(PASSWORD)
        page.get_by_label("再输一遍").fill(PASSWORD)
        page.get_by_role("button", name="保存并登录").click()
        expect(page.get_by_role("status")).to_have_text("密码已设好，你已登录。")

        turn_on_the_second_factor(house, page)
        invited = add_an_editor(house, page)

        other = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en")
        other.goto(invited)
        other.get_by_label("New password").fill(PASSWORD)
        other.get_by_label("Once more").fill(PASSWORD)
        other.get_by_role("button", name="Save and log in").click()
        expect(other).to_have_url(f"{base}/staff/{SLUG}")  # the only one there is
        other.goto(f"{base}/staff/people")
        expect(other.get_by_role("heading", level=1)).to_have_text("This takes another right")
        assert violations(other) == []

        log_out_and_in_again(house, page)
        page.context.close()
        other.context.close()


def code_now(house: House) -> str:
    with house.app.database.readers() as session:
        person = session.get_one(Person, 1)
    secret = secret_of(house.app.keys.made_for("second factor"), person)
    return totp.code(secret, totp.step_of(house.clock()))


def turn_on_the_second_factor(house: House, page: Page) -> None:
    menu(page, "我的账号")
    page.get_by_role("button", name="开启两步验证").click()
    expect(page.locator("svg.qr")).to_be_visible()
    page.get_by_label("六位数字").fill(code_now(house))
    page.get_by_role("button", name="开启").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("link", name="已经收好").click()
    expect(page.get_by_text("还剩 10 个恢复码。")).to_be_visible()


def add_an_editor(house: House, page: Page) -> str:
    menu(page, "成员与权限")
    page.get_by_label("姓名").fill("李雷")
    page.get_by_label("邮箱地址").fill("lilei@example.com")
    page.get_by_label("刊物").select_option("全球AI新闻速递")
    page.get_by_label("界面语言").select_option("English")
    page.get_by_role("button", name="添加，并生成链接").click()
    return page.locator("code.secret").inner_text()


def log_out_and_in_again(house: House, page: Page) -> None:
    base = house.app.settings.base_url
    page.locator(".menu summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.goto(f"{base}/staff/audit")
    page.get_by_label("邮箱地址").fill("zhang@example.com")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("在这台设备上记住我").check()
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("还差一步")
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("验证码不对")).to_be_visible()
    house.clock.now = house.clock().replace(minute=(house.clock().minute + 2) % 60)
    page.get_by_label("验证码").fill(code_now(house))
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("操作记录")
    expect(page.get_by_role("rowheader", name="开启两步验证")).to_be_visible()
    assert violations(page) == []


def menu(page: Page, name: str) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("link", name=name).click()
