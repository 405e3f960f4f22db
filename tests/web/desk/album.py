"""The pages of editors and senders in an installation in use, photographed for docs/images."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import resources
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page
from sqlalchemy import select, update

from newsletter.backup.tables import BackupRun
from newsletter.delivery import heartbeat
from newsletter.delivery.states import BatchState
from newsletter.delivery.tables import Batch, Call
from newsletter.desk.desk import Desk
from newsletter.editions.states import State
from newsletter.feedback.reading import hash_of
from newsletter.feedback.tables import FeedbackCount, ReadCount
from newsletter.lanes import Lane
from newsletter.people.rights import ALL, Role
from subscribers import Status, Subscription
from tests.support import DAY, SLUG, readers
from tests.support import add as add_readers
from tests.web.desk.support import HOME, PAGE, SIX, a_newsroom, prepare, put
from tests.web.people.support import PASSWORD, add
from tests.web.served import served
from tests.web.support import House

PHONE_PX, DESK_PX = 390, 1280
HIGHEST_PX = 1600
YESTERDAY = DAY - timedelta(days=1)
SAMPLE = (resources.files("newsletter") / "samples" / f"{DAY}-ai-news.md").read_text(encoding="utf-8")
PAST = (
    SAMPLE.replace("2026-11-23", "2026-11-22")
    .replace("2026.11.23", "2026.11.22")
    .replace("砚池-30B", "砚池-7B")
    .replace(".example/", ".example/earlier/")
)


def in_use(house: House) -> None:
    """Let yesterday's edition have gone out to several thousand; readers come and go."""
    with house.writing() as session:
        for domain, count in (
            ("qq.com", 1_900),
            ("163.com", 1_100),
            ("gmail.com", 700),
            ("outlook.com", 300),
        ):
            add_readers(session, readers(count, domain=domain))
        for back in range(30):
            at = SIX - timedelta(days=back, hours=3)
            mine = Subscription.subscriber_id % (31 + 2 * (back % 4)) == back
            session.execute(update(Subscription).where(mine).values(created_at=at, confirmed_at=at))
            gone = Subscription.subscriber_id % 997 == back
            session.execute(update(Subscription).where(gone).values(status=Status.LEFT, left_at=at))
        pending = Subscription.subscriber_id % 211 == 7
        session.execute(update(Subscription).where(pending).values(status=Status.PENDING, confirmed_at=None))
    put(house, PAST, day=YESTERDAY)
    house.clock.now = SIX - timedelta(hours=23)
    house.app.unattended(SLUG).current()
    put(house, PAST, day=YESTERDAY)
    house.app.unattended(SLUG).prepare_day(YESTERDAY, anew=True)
    house.clock.now = SIX - timedelta(hours=22, minutes=29)
    house.app.unattended(SLUG).begin()
    house.app.courier().send_due()
    house.clock.now = SIX
    put(house, SAMPLE)
    prepare(house)
    row = house.app.morning(SLUG).existing(YESTERDAY)
    assert row, "yesterday's edition did not begin"
    assert row.state is State.FINISHED, row.findings
    digest = house.app.press(SLUG).read(PAST, day=YESTERDAY)
    with house.writing() as session:
        clicks = zip(digest.stories, (1_204, 377, 640, 873, 211, 96, 512, 330, 58), strict=False)
        for story, followed in clicks:
            url = story.url or ""
            session.add(ReadCount(edition_id=row.id, url_hash=hash_of(url), url=url, readers=followed))
        for back in range(14):
            for what, count in (
                ("bounced", 12 + 3 * back % 7),
                ("blocked", 4 + back % 3),
                ("unsubscribed", 6),
            ):
                day = (SIX - timedelta(days=back)).date()
                session.add(FeedbackCount(day=day, provider="sendgrid", what=what, count=count))
        heartbeat.beat(session, owner="worker", part="courier", now=SIX - timedelta(seconds=8))
        session.add(
            BackupRun(owner="worker", started_at=SIX - timedelta(hours=2), file="2026-11-23.backup", size=1)
        )


def on_its_way(house: House) -> None:
    """Let yesterday's edition still be going, three quarters of it done."""
    row = house.app.morning(SLUG).existing(YESTERDAY)
    assert row
    with house.writing() as session:
        edition = session.merge(row)
        edition.state, edition.finished_at = State.SENDING, None
        for batch in session.scalars(select(Batch).where(Batch.edition_id == row.id)):
            if batch.lane in (Lane.QQ, Lane.NETEASE):
                batch.state, batch.accepted, batch.due_at = BatchState.WAITING, batch.accepted * 2 // 3, SIX
        session.execute(
            update(Call).values(opened_at=SIX - timedelta(seconds=50), closed_at=SIX - timedelta(seconds=2))
        )


def held(house: House) -> None:
    """Let what is to come have faults."""
    text = SAMPLE.replace("**52%**", "**{{ percent }}**").replace(
        "https://open.xingyan.example/models", "TODO"
    )
    put(house, text)
    prepare(house)


def revised(house: House) -> None:
    """Let an editor have mended a sentence."""
    texts = Desk(morning=house.app.morning(SLUG)).texts
    text = SAMPLE.replace("1,400 次失败实验", "1,420 次失败实验").replace("这九条", "这八条")
    texts.replace(DAY, text, author="林晓", after=0, note="核对了数字")


Scene = tuple[Callable[[House], None] | None, str]
# The name of each picture: what happened before, and the page.
PAGES: dict[str, Scene] = {
    "desk-home": (None, HOME),
    "desk-sending": (on_its_way, HOME),
    "desk-held": (held, PAGE),
    "desk-edition": (None, f"{PAGE}?light=dark"),
    "desk-editing": (held, f"{PAGE}?edit=yes"),
    "desk-compare": (revised, f"{PAGE}/compare"),
}
ON_A_PHONE = ("desk-home", "desk-held")


@contextmanager
def scene(before: Callable[[House], None] | None) -> Iterator[House]:
    """Serve a newsroom in use to which something has happened."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), make=a_newsroom, text="", people=200) as house,
    ):
        in_use(house)
        add(house, "lin", (ALL, Role.ADMIN))
        if before:
            before(house)
        yield house


def photographs(browser: Browser, *, scale: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the PNG of each page, at a desk, and some on a phone and at night."""
    for name, (before, path) in PAGES.items():
        with scene(before) as house:
            looks = [(DESK_PX, False)]
            if name in ON_A_PHONE:
                looks += [(PHONE_PX, False), (PHONE_PX, True)]
            for width, dark in looks:
                page = logged_in(browser, house, width=width, dark=dark, scale=scale)
                page.goto(path)
                look = "dark" if dark else "light"
                yield f"{name}-{width}-{look}.png", photograph(page, width)
                page.context.close()


def logged_in(
    browser: Browser, house: House, *, width: int, dark: bool = False, scale: int = 1, language: str = "zh-CN"
) -> Page:
    """Return a browser's page after the login of the admin."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        device_scale_factor=scale,
        locale=language,
        base_url=house.app.settings.public_url,
    )
    page = context.new_page()
    page.goto("/staff/login")
    page.fill("[name=address]", "lin@example.com")
    page.fill("[name=password]", PASSWORD)
    page.click("button.main")
    page.wait_for_load_state()
    return page


def photograph(page: Page, width: int) -> bytes:
    """Return the page from its top, its frames loaded."""
    page.wait_for_load_state("networkidle")
    for frame in page.frames[1:]:
        frame.wait_for_load_state("load")
    whole: int = page.evaluate("document.scrollingElement.scrollHeight")
    area = FloatRect(x=0, y=0, width=width, height=min(HIGHEST_PX, whole))
    return page.screenshot(full_page=True, clip=area)
