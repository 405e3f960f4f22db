"""Every page about people, by name, as an installation in use shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from httpx2 import Response

from newsletter.people import invitations
from newsletter.people.rights import ALL, Right, Role
from newsletter.people.tables import Person
from tests.support import SLUG
from tests.web.people.support import OURS, PASSWORD, add, browser_of, log_in, token_of
from tests.web.support import House, a_house

Visit = Callable[[House, TestClient], Response]
PHONE = "Mozilla/5.0 (Linux; Android 15; HarmonyOS) AppleWebKit/537.36 Chrome/130.0 Mobile MicroMessenger/8.0"
DESK = "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15"


def in_use(house: House) -> TestClient:
    """Return the browser of an admin among others."""
    client = browser_of(house, "张三", (ALL, Role.ADMIN), address="zhang")
    house.clock.forward(timedelta(minutes=30))
    phone = house.visitor()
    phone.headers["user-agent"] = PHONE
    log_in(house, "zhang", client=phone, remember="yes")
    add(house, "李雷", (SLUG, Role.EDITOR), address="li.lei")
    sender = add(house, "韩梅梅", (SLUG, Role.SENDER), ("robots", Role.VIEWER), address="han.meimei")
    add(house, "王五", address="wang")
    token_of(house, sender, Right.VIEW, Right.EDIT, newsletters=(SLUG,))
    client.post("/staff/people/4/disable")
    client.get("/staff")  # what was done is told on the page after it
    return client


def _get(path: str) -> Visit:
    return lambda _, client: client.get(path)


def _post(path: str, **fields: str) -> Visit:
    return lambda _, client: client.post(path, data=fields)


def _stranger(path: str, **fields: str) -> Visit:
    def visit(house: House, client: TestClient) -> Response:
        stranger = house.visitor("198.51.100.4")
        stranger.headers.update(OURS | {"accept-language": client.headers["accept-language"]})
        return stranger.post(path, data=fields) if fields else stranger.get(path)

    return visit


def _welcome(number: int, **fields: str) -> Visit:
    def visit(house: House, client: TestClient) -> Response:
        with house.writing() as session:
            link = invitations.invite(session, session.get_one(Person, number), now=house.clock())
        return _stranger(f"/staff/welcome/{link}", **fields)(house, client)

    return visit


def _second(house: House, client: TestClient) -> Response:
    client.post("/staff/account/second-factor/prepare")
    return client.get("/staff/account/second-factor")


PAGES: dict[str, Visit] = {
    "login": _stranger("/staff/login?next=/staff/people"),
    "login-wrong": _stranger("/staff/login", address="zhang@example.com", password="no"),
    "welcome": _welcome(2),
    "welcome-wrong": _welcome(2, password="short", again="other"),
    "welcome-over": _stranger("/staff/welcome/x"),
    "home": _get("/staff"),
    "account": _get("/staff/account"),
    "account-wrong": _post("/staff/account/password", current="no", password="a", again="b"),
    "second": _second,
    "people": _get("/staff/people"),
    "people-wrong": _post("/staff/people", address="x", name="a@example.com"),
    "person": _get("/staff/people/2"),
    "person-disabled": _get("/staff/people/4"),
    "person-last": _post("/staff/people/1/roles"),
    "person-link": _post("/staff/people/2/link"),
    "tokens": _get("/staff/tokens"),
    "tokens-wrong": _post("/staff/tokens", current=PASSWORD),
    "token-made": _post(
        "/staff/tokens", name="备稿脚本", days="90", current=PASSWORD, **{"scope:view": "yes"}
    ),
    "audit": _get("/staff/audit"),
    "audit-none": _get("/staff/audit?by=3"),
    "nothing": _get("/staff/nothing"),
    "docs": _get("/api/docs"),
}


def a_page(name: str, folder: Path, *, language: str = "zh-CN") -> tuple[House, Response]:
    """Return a page of a new installation, and the installation."""
    house = a_house(folder)
    client = in_use(house)
    client.headers["accept-language"] = language
    return house, PAGES[name](house, client)
