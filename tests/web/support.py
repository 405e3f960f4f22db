"""An installation with pages: a database, keys, a clock set by hand, a client, and a worker's rounds."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property
from html import unescape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import NewsletterSettings, Settings
from newsletter.database import connect
from newsletter.delivery.tables import Notice
from newsletter.mailing import Copy, Mailing
from newsletter.migrations import migrate
from newsletter.signup import requests
from newsletter.web.site import make_site
from subscribers import Base, Purpose, Status, Subscriber, Subscription, find, normalise
from tests.support import SLUG, HandClock

BASE = "https://news.example.com"
TYPING = timedelta(seconds=5)  # what a person needs to fill in a form
PAPER = NewsletterSettings(
    name="全球AI新闻速递",
    description="每天早上，用六分钟读懂全球 AI",
    postal_address="上海市示例路 1 号 200030",
)
ON_CALL = [{"name": "张三", "email": "zhang@example.com"}, {"name": "李四", "email": "li@example.com"}]
OTHER = NewsletterSettings(name="Robots Weekly", description="What moves", language="en")


@dataclass
class House:
    """One installation and everything that acts on it in a test."""

    app: App
    clock: HandClock

    @cached_property
    def site(self) -> FastAPI:
        return make_site(self.app)

    @cached_property
    def client(self) -> TestClient:
        return self.visitor()

    def visitor(self, ip: str = "203.0.113.7") -> TestClient:
        """Return a browser without scripts at an address of its own; it follows no redirects."""
        return TestClient(self.site, base_url=BASE, client=(ip, 50000), follow_redirects=False)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.app.database.sessions.begin() as session:
            yield session

    # ---- what a person does ----

    def sign_up(self, address: str, *, client: TestClient | None = None, **fields: str) -> Response:
        """Open the sign-up page, type for a while, and press the button."""
        client = client or self.client
        page = client.get(f"/{SLUG}")
        self.clock.forward(TYPING)
        return client.post(f"/{SLUG}", data=hidden(page) | {"address": address} | fields)

    def press(self, page: Response, **fields: str) -> Response:
        """Press the first button of a page that posts to its own address."""
        return self.client.post(str(page.url), data=hidden(page) | fields)

    def work(self) -> None:
        """Let the worker answer what was asked."""
        for slug in self.app.settings.newsletters:
            with self.writing() as session:
                requests.answer(session, self.app.mailer(slug), now=self.clock())

    def mails(self, purpose: str | None = None) -> list[Notice]:
        """Return the notices that were written, oldest first."""
        with self.app.database.readers() as session:
            found = session.scalars(select(Notice).order_by(Notice.id)).all()
        return [notice for notice in found if purpose in (None, notice.purpose)]

    def link(self, purpose: str, kind: str | None = None) -> str:
        """Return the path of a link in the newest mail of a purpose: /confirm/…, /manage/…"""
        mailing = Mailing.from_bytes(self.mails(purpose)[-1].mailing)
        text = mailing.fill(Copy(ref="r", address="r@example.com", values={"message_id": "m@x"})).text
        base = re.escape(self.app.settings.base_url)
        found = re.search(rf"{base}(/{kind or purpose}/\S+)", text)
        assert found, text
        return found[1]

    def reader(self, address: str = "li.lei@qq.com", *, status: Status = Status.ACTIVE) -> int:
        """Put somebody on the list, by what people do; return their id."""
        self.sign_up(address)
        self.work()
        person = self.person(address)
        if status is not Status.PENDING:
            self.press(self.client.get(self.path(Purpose.CONFIRM, person.id)))
        if status is Status.LEFT:
            self.client.post(self.path(Purpose.LEAVE, person.id))
        assert self.status(person.id) is status
        return person.id

    # ---- what can be seen ----

    def path(self, purpose: Purpose, subscriber_id: int, *, newsletter: str = SLUG) -> str:
        """Return the path of a link for a purpose."""
        named = {Purpose.ERASE: "data", Purpose.ACKNOWLEDGE: "alarm"}
        page = named.get(purpose, purpose.value.partition("_")[0])
        token = self.app.keys.tokens.sign(
            purpose, newsletter=newsletter, subscriber_id=subscriber_id, now=self.clock()
        )
        return f"/{page}/{token}"

    def person(self, address: str) -> Subscriber:
        with self.app.database.readers() as session:
            found = find(session, self.app.keys.addresses, normalise(address))
        assert found
        return found

    def listed(self, subscriber_id: int, newsletter: str = SLUG) -> Subscription:
        with self.app.database.readers() as session:
            return session.get_one(Subscription, (newsletter, subscriber_id))

    def status(self, subscriber_id: int, newsletter: str = SLUG) -> Status:
        return self.listed(subscriber_id, newsletter).status

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table, to be compared with later."""
        with self.app.database.readers() as session:
            return {
                name: [tuple(row) for row in session.execute(select(table))]
                for name, table in Base.metadata.tables.items()
            }


def a_house(
    folder: Path,
    *,
    url: str | None = None,
    base: str = BASE,
    transport: Mapping[str, Any] | None = None,
    feedback: Mapping[str, Any] | None = None,
    **web: Any,
) -> House:
    """Return a fresh installation with two newsletters."""
    settings = Settings(
        public_url=base,
        database={"url": url or f"sqlite:///{folder / 'newsletter.db'}"},  # type: ignore[arg-type]
        keys={"file": folder / "keys.toml"},  # type: ignore[arg-type]
        transport=transport or {"kind": "memory"},  # type: ignore[arg-type]
        feedback=feedback or {},  # type: ignore[arg-type]
        alarms={"people": ON_CALL},  # type: ignore[arg-type]
        web=web,  # type: ignore[arg-type]
        staff={"password_memory_kib": 64, "password_rounds": 1},  # type: ignore[arg-type]  # for speed
        newsletters={SLUG: PAPER, "robots": OTHER},
    )
    clock = HandClock()
    app = App(settings, clock=clock)
    app.make_keys()
    if url:
        migrate(app.database)
    else:
        copy_empty_database(folder / "newsletter.db")
    return House(app, clock)


_FOLDER = tempfile.TemporaryDirectory(prefix="newsletter-web-")


def copy_empty_database(to: Path) -> None:
    """Put an SQLite file with today's schema there, faster than migrating it."""
    shutil.copy(_empty_database(), to)


@cache
def _empty_database() -> Path:
    """Return a database file with today's schema: made once, copied for each test."""
    file = Path(_FOLDER.name) / "empty.db"
    database = connect(f"sqlite:///{file}")
    migrate(database)
    database.close()
    return file


def hidden(page: Response) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in fields}
