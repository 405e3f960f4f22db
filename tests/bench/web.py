"""What the pages cost, beside a bare handler that writes the same rows in the same run.

Both sides are FastAPI applications with sync handlers, called in this process as a server calls them
(ASGI), one request after the other, each with an SQLite file of its own on the same disk. A server and
a socket would cost both the same and so flatter the figure; without them it is all ours.

The bare side does what nobody could leave out: it reads the form and writes the rows, in one
transaction, by statements made beforehand. It checks nothing, limits nothing, and says "ok".
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import PlainTextResponse
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import sqlite

from newsletter.limits import LimitCount
from newsletter.signup import requests
from newsletter.signup.requests import Wish
from newsletter.web import seals
from subscribers import Base, Consent, Event, Purpose, Status, Subscription
from tests.bench import measured
from tests.support import SEVEN, SLUG, add, readers
from tests.web.support import TYPING, House, a_house

REQUESTS = 1_500
WARM = 50  # requests that are not counted
AT_A_TIME = 50  # then it is the other side's turn, so that a busy machine is busy for both
HOUR = timedelta(hours=1)
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
ASKED, LEFT = "signup_request", "consent"

Send = Callable[[int], Awaitable[int]]  # sends the request of a number, and returns its status


@measured("≥ 0.5")
def signup_over_bare() -> float:
    """Sign-up forms a second, over a handler that writes the request and three counts."""
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as bare:
        # So many forms in an hour are an attack, which is not what is measured.
        house, plain = a_house(Path(ours), attack_at=1_000_000), a_house(Path(bare))
        about = f"signup {SLUG}"
        seal = seals.Seals(house.app.keys).seal(seals.Form.PLAIN, about, now=house.clock())
        house.clock.forward(TYPING)

        def form(number: int) -> dict[str, str]:
            return {"seal": seal, "lang": "zh-CN", "address": f"reader.{number}@qq.com", "website": ""}

        bare_site = _bare_sign_up(plain)
        ratio = _over(
            lambda n: _post(house.site, f"/{SLUG}", form(n), n),
            lambda n: _post(bare_site, f"/{SLUG}", form(n), n),
        )
        _expect_equal_work(house, plain, [ASKED, "limit_count"])
    return ratio


@measured("≥ 0.6")
def one_click_over_bare() -> float:
    """One-click unsubscribes a second, over a handler that writes the status and the evidence."""
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as bare:
        house, plain = a_house(Path(ours)), a_house(Path(bare))
        for each in (house, plain):
            with each.writing() as session:
                add(session, readers(WARM + REQUESTS))
        paths = [house.path(Purpose.LEAVE, number + 1) for number in range(WARM + REQUESTS)]
        form, bare_site = {"List-Unsubscribe": "One-Click"}, _bare_leave(plain)
        ratio = _over(
            lambda n: _post(house.site, paths[n], form, n),
            lambda n: _post(bare_site, f"/leave/{n + 1}", form, n),
        )
        _expect_equal_work(house, plain, [LEFT])
    return ratio


def _over(ours: Send, bare: Send) -> float:
    """Return our requests a second over the bare handler's."""

    async def measure() -> float:
        for side in (ours, bare):
            await _send_all(side, range(WARM))
        spent = {ours: 0.0, bare: 0.0}
        for start in range(WARM, WARM + REQUESTS, AT_A_TIME):
            for side in (ours, bare):
                spent[side] += await _send_all(side, range(start, start + AT_A_TIME))
        return spent[bare] / spent[ours]

    return asyncio.run(measure())


async def _send_all(send: Send, numbers: Iterable[int]) -> float:
    """Send one request after the other; return the seconds they took."""
    started = time.perf_counter()
    for number in numbers:
        status = await send(number)
        if status != 200:
            raise AssertionError(f"request {number} was answered with {status}")
    return time.perf_counter() - started


async def _post(site: FastAPI, path: str, form: dict[str, str], number: int) -> int:
    """Hand a form to an application as a server does; everybody has an address of their own."""
    body = urlencode(form).encode()
    headers = {
        "host": "news.example.com",
        "user-agent": BROWSER,
        "accept-language": "zh-CN,zh;q=0.9",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (f"203.0.{number // 250}.{number % 250 + 1}", 50_000),
        "server": ("127.0.0.1", 8000),
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await site(scope, receive, send)
    return statuses[0]


# ---- the other side ----

_insert_count = sqlite.insert(LimitCount)
_COUNT = _insert_count.on_conflict_do_update(
    index_elements=[LimitCount.name, LimitCount.key, LimitCount.window_at],
    set_={"count": LimitCount.count + 1},
)
_ASK = insert(requests.Request)
_LEAVE = update(Subscription).values(status=Status.LEFT, left_at=SEVEN)
_PROVE = insert(Consent)


def _bare_sign_up(house: House) -> FastAPI:
    site, sessions = FastAPI(), house.app.database.sessions

    @site.post(f"/{SLUG}")
    def sign_up(
        request: Request, address: Annotated[str, Form()], lang: Annotated[str, Form()]
    ) -> PlainTextResponse:
        ip = request.client.host if request.client else ""
        asked = {
            "newsletter": SLUG,
            "wish": Wish.SUBSCRIBE,
            "address": address,
            "language": lang,
            "origin": "sign-up page",
            "wording": "请把早报寄给我。",
            "notice_version": "1",
            "ip": ip,
            "user_agent": request.headers["user-agent"],
            "at": datetime.now(UTC),
        }
        with sessions.begin() as session:
            for name, key in (("all", "all"), ("visitor.hour", ip), ("visitor.day", ip)):
                digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
                window = {"window_at": SEVEN, "ends_at": SEVEN + HOUR}
                session.execute(_COUNT, {"name": name, "key": digest, "count": 1, **window})
            session.execute(_ASK, asked)
        return PlainTextResponse("ok")

    return site


def _bare_leave(house: House) -> FastAPI:
    site, sessions = FastAPI(), house.app.database.sessions

    @site.post("/leave/{subscriber_id}")
    def leave(
        request: Request, subscriber_id: int, one_click: Annotated[str, Form(alias="List-Unsubscribe")]
    ) -> PlainTextResponse:
        evidence = {
            "subscriber_id": subscriber_id,
            "newsletter": SLUG,
            "event": Event.LEFT,
            "at": datetime.now(UTC),
            "origin": one_click,
            "ip": request.client.host if request.client else None,
            "user_agent": request.headers["user-agent"],
        }
        with sessions.begin() as session:
            whose = (Subscription.newsletter == SLUG, Subscription.subscriber_id == subscriber_id)
            session.execute(_LEAVE.where(*whose), execution_options={"synchronize_session": False})
            session.execute(_PROVE, evidence)
        return PlainTextResponse("ok")

    return site


def _expect_equal_work(ours: House, bare: House, tables: Iterable[str]) -> None:
    """Raise unless both databases hold as much, and close them."""
    for name in tables:
        count = select(func.count()).select_from(Base.metadata.tables[name])
        rows: list[int] = []
        for house in (ours, bare):
            with house.app.database.readers() as session:
                rows.append(session.scalar(count) or 0)
        if rows[0] != rows[1] or rows[0] < REQUESTS:
            raise AssertionError(f"{name}: {rows[0]} rows of ours, {rows[1]} of the bare handler")
    for house in (ours, bare):
        house.app.close()
