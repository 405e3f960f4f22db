"""The console of a list in use, photographed for docs/images."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from playwright.sync_api import Browser, FloatRect
from sqlalchemy import update

from newsletter.people.rights import ALL, Role
from subscribers import Cadence, Status, Subscriber, Subscription
from tests.support import DAY, SEVEN, Reader, add
from tests.web.console.support import HERE, furnish, work
from tests.web.people.support import browser_of
from tests.web.served import open_page
from tests.web.support import House, a_house

HIGHEST_PX = 1500  # what is below is left away
NAMES = "wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo".split()
PROVIDERS = ["qq.com"] * 5 + ["163.com"] * 3 + ["gmail.com", "126.com", "outlook.com", "foxmail.com"]
LIST = "email,name\nnew@qq.com,新人\nlin.tao@163.com,林涛\ngone@gmail.com,x\nnonsense,y\n"


def in_use(house: House) -> TestClient:
    """Return an admin's browser and fill the list with people who came and went in a month."""
    furnish(house)
    chance = random.Random(7)
    people = [
        Reader(
            address=f"{chance.choice(NAMES)}.{chance.choice(NAMES)}{n}@{chance.choice(PROVIDERS)}",
            status=chance.choices([Status.ACTIVE, Status.LEFT, Status.PENDING], [90, 6, 4])[0],
            cadence=chance.choices(list(Cadence), [80, 14, 6])[0],
            language=chance.choices([None, "zh-CN", "en"], [70, 22, 8])[0],
            paused_until=DAY + timedelta(days=20) if chance.random() < 0.02 else None,
        )
        for n in range(1, 1_200)
    ]
    with house.writing() as session:
        add(session, people)
        session.execute(update(Subscriber).where(Subscriber.id == 61).values(attributes={"name": "李雷"}))
        session.execute(update(Subscription).where(Subscription.subscriber_id == 61).values(tags=["vip"]))
        for listed in session.query(Subscription).where(Subscription.subscriber_id > 66):
            days = int(chance.triangular(0, 60, 4))
            listed.created_at = listed.confirmed_at = SEVEN - timedelta(
                days=days, minutes=chance.randrange(900)
            )
            listed.tags = chance.choices([[], ["vip"], ["开发者"], ["投资人"]], [70, 8, 15, 7])[0]
            if listed.status is Status.LEFT:
                listed.left_at = SEVEN - timedelta(days=int(chance.triangular(0, 28, 3)))
    client = browser_of(house, "张三", (ALL, Role.ADMIN), address="zhang")
    client.post(f"{HERE}/segments", data={"name": "老用户", "segment": "tag = vip and joined < 2026-11-01"})
    client.post(
        f"{HERE}/import",
        data={"origin": "2026 年展会报名表"},
        files={"file": ("展会名单.csv", LIST.encode())},
    )
    work(house)
    client.get("/staff")  # what was done is told on the page after it
    return client


PAGES = {
    "lists": "/staff/lists",
    "readers": f"{HERE}/readers?status=active&segment=joined+%3E+2026-11-10+and+not+tag+%3D+vip",
    "person": f"{HERE}/readers/61",
    "import": f"{HERE}/jobs/1",
    "deliveries": f"{HERE}/deliveries/1?meaning=hard",
}
ON_A_PHONE = ("readers", "person")


def photographs(browser: Browser, *, scale: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the PNG of each page, on a desk by day and some on a phone at night."""
    with tempfile.TemporaryDirectory() as folder:
        house = a_house(Path(folder), spool=Path(folder) / "spool")
        client = in_use(house)
        for name, path in PAGES.items():
            for width, dark in ((1280, False), (390, True)) if name in ON_A_PHONE else ((1280, False),):
                page = open_page(browser, house, client.get(path), width=width, dark=dark, scale=scale)
                whole: int = page.evaluate("document.scrollingElement.scrollHeight")
                area = FloatRect(x=0, y=0, width=width, height=min(HIGHEST_PX, whole))
                look = "dark" if dark else "light"
                yield f"console-{name}-{width}-{look}.png", page.screenshot(full_page=True, clip=area)
                page.context.close()
        house.app.close()
