"""Mail scanners open every link of every mail, run its scripts, and wait. Nobody's status may change.

Not one row of any table may: by GET, by HEAD, by Chromium, and by Chromium that goes on to every page a
page of ours links to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error

from newsletter.delivery import ledger
from newsletter.editions.states import State
from newsletter.mailing import Copy, Mailing
from newsletter.signup.mail import Mail
from subscribers import Purpose, Status
from tests.rendering.support import numbered, render
from tests.support import DAY, SLUG, new_edition
from tests.tools import chromium, needs_chromium
from tests.web.served import served
from tests.web.support import TYPING, House, hidden


@dataclass(frozen=True)
class Mailed:
    """What was mailed, and whose status may not change."""

    urls: dict[str, str]  # of ours, by where it was found
    people: dict[str, int]

    def statuses(self, house: House) -> dict[str, Status]:
        return {name: house.status(person) for name, person in self.people.items()}


def mail_everything(house: House) -> Mailed:
    """Send one of every mail there is, to people in every state."""
    people = {
        "active": house.reader("active@qq.com"),
        "left": house.reader("left@qq.com", status=Status.LEFT),
        "moving": house.reader("moving@qq.com"),
    }
    edition = render(numbered()).mailing
    with house.app.database.snapshot() as session:
        sent = new_edition(DAY)
        sent.digest_source = (
            f"---\ntitle: 早报\ndate: {DAY}\n---\n\n## 1. [头条](https://example.com/1)\n\n内容。\n"
        )
        ledger.freeze(session, sent, {"zh-CN": edition}, batch_size=1000, now=house.clock())
        sent.state = State.SENDING
    # The first visit puts it into the archive, whoever comes; that is no news of anybody.
    assert house.client.get(f"/{SLUG}/archive/{DAY}").status_code == 200
    people["pending"] = house.reader("pending@qq.com", status=Status.PENDING)
    house.sign_up("active@qq.com", client=house.visitor("198.51.100.1"))
    for wish, who in (("link", "active"), ("erase", "moving")):
        client = house.visitor("198.51.100.2")
        page = client.get(f"/{SLUG}/link")
        house.clock.forward(TYPING)
        client.post(f"/{SLUG}/link", data=hidden(page) | {"address": f"{who}@qq.com", "wish": wish})
    moving = {"act": "move", "address": "moved@example.com"}
    house.client.post(house.path(Purpose.MANAGE, people["moving"]), data=moving)
    house.work()
    assert {mail.purpose for mail in house.mails()} == {mail.value for mail in Mail}
    urls = {}
    for mail in house.mails():
        for url in links(house, Mailing.from_bytes(mail.mailing), {}):
            urls[f"{mail.purpose}: {url}"] = url
    for person in people.values():
        to_us = {
            "leave_url": house.app.settings.base_url + house.path(Purpose.LEAVE, person),
            "manage_url": house.app.settings.base_url + house.path(Purpose.MANAGE, person),
        }
        for url in links(house, edition, to_us):
            urls[f"edition: {url}"] = url
    for page in ("/leave/test", "/manage/test"):
        urls[f"test: {page}"] = house.app.settings.base_url + page
    return Mailed(urls, people)


def links(house: House, mailing: Mailing, values: dict[str, str]) -> set[str]:
    """Return every address of ours in both parts and all headers of a mail."""
    base = house.app.settings.base_url
    wanted = {"address": "r@qq.com", "message_id": "m@x", "leave_url": "", "manage_url": ""} | values
    filled = mailing.fill(Copy(ref="r", address="r@qq.com", values=wanted))
    headers = "\n".join(value for _, value in filled.headers)
    whole = f"{filled.text}\n{filled.html}\n{headers}".replace("https://news.example.com", base)
    return set(re.findall(rf"{re.escape(base)}[^\s\"'<>]*", whole))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_every_link_changes_nothing(house: House, method: str) -> None:
    mailed = mail_everything(house)
    before, statuses = house.everything(), mailed.statuses(house)

    for url in mailed.urls.values():
        for _ in range(2):
            answer = house.client.request(method, url)
            assert answer.status_code in (200, 404), url

    assert len(mailed.urls) > 20
    assert house.everything() == before
    assert mailed.statuses(house) == statuses


def test_every_link_opens_when_its_mail_goes_out(house: House) -> None:
    mailed = mail_everything(house)
    # A confirmation is void once its person has left.
    void = re.compile(rf"/confirm/1\.{SLUG}\.{mailed.people['left']}\.")
    urls = {name: url for name, url in mailed.urls.items() if not void.search(url)}
    later = {name: url for name, url in urls.items() if name.startswith("remind")}

    at_once = {name: house.client.get(url).status_code for name, url in urls.items() if name not in later}
    house.clock.forward(timedelta(days=1))
    at_once |= {name: house.client.get(url).status_code for name, url in later.items()}

    assert {name: status for name, status in at_once.items() if status != 200} == {}


@needs_chromium
def test_a_scanner_that_runs_scripts_and_waits_changes_nothing(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as house:
        mailed = mail_everything(house)
        before, statuses = house.everything(), mailed.statuses(house)
        page = browser.new_page(user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) Safelinks")
        seen: set[str] = set()

        for url in mailed.urls.values():
            page.goto(url)
            page.wait_for_timeout(200)
            found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
            seen |= {there for there in found if there.startswith(house.app.settings.base_url)}
        for url in sorted(seen - set(mailed.urls.values())):
            with suppress(Error) if url.endswith("/export") else nullcontext():  # which is a download
                page.goto(url)
        page.wait_for_timeout(1000)

        assert len(seen) > 10
        assert house.everything() == before
        assert mailed.statuses(house) == statuses
        page.context.close()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_posts_what_it_finds_confirms_nobody(house: House, method: str) -> None:
    # An attacker types the victim's address; the victim's scanner posts to every link of the mail.
    person = house.reader("victim@example.com", status=Status.PENDING)
    link = house.link("confirm")
    house.client.request(method, link)

    for body in (b"", b"confirm=1", b"List-Unsubscribe=One-Click"):
        form = {"content-type": "application/x-www-form-urlencoded"}
        house.client.post(link, content=body, headers=form)

    assert house.status(person) is Status.PENDING


def test_no_page_sends_itself(house: House) -> None:
    mailed = mail_everything(house)

    for url in mailed.urls.values():
        text = house.client.get(url).text
        assert "<script" not in text
        assert "http-equiv" not in text
