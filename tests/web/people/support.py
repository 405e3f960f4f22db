"""People who work on an installation: made by the functions, logged in by the pages."""

from __future__ import annotations

from fastapi.testclient import TestClient
from httpx2 import Response

from newsletter.people import people, tokens
from newsletter.people.audit import at_the_command_line
from newsletter.people.passwords import Passwords
from newsletter.people.rights import ALL, Right, Role
from newsletter.people.tables import Person
from newsletter.people.tokens import LONGEST
from subscribers import normalise
from tests.web.support import House

PASSWORD = "correct horse battery"
OURS = {"sec-fetch-site": "same-origin"}  # what a browser says of our own forms
US = at_the_command_line("root")
_HASH = Passwords(memory_kib=64, rounds=1).hash(PASSWORD)


def add(house: House, name: str, *roles: tuple[str, Role], address: str = "") -> Person:
    """Write a person down who has roles, each as (newsletter, role)."""
    with house.writing() as session:
        person = people.add(
            session,
            normalise(f"{address or name}@example.com"),
            name=name,
            password_hash=_HASH,
            by=US,
            now=house.clock(),
        )
        for newsletter, role in roles:
            people.grant(session, person, role, newsletter, by=US, now=house.clock())
        return person


def log_in(
    house: House,
    name: str,
    *,
    client: TestClient | None = None,
    password: str = PASSWORD,
    **fields: str,
) -> Response:
    """Fill in the login."""
    client = client or house.client
    data = {"address": f"{name}@example.com", "password": password} | fields
    return client.post("/staff/login", data=data, headers=OURS)


def browser_of(house: House, name: str, *roles: tuple[str, Role], address: str = "") -> TestClient:
    """Return a browser in which a new person is logged in."""
    add(house, name, *roles, address=address)
    client = house.visitor()
    client.headers.update(OURS | {"accept-language": "zh-CN"})
    assert log_in(house, address or name, client=client).status_code == 303
    return client


def admin(house: House) -> TestClient:
    """Return a browser of somebody who may do everything."""
    return browser_of(house, "zhang", (ALL, Role.ADMIN))


def token_of(
    house: House, person: Person, *scopes: Right, newsletters: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return the headers of a program that acts for a person."""
    with house.writing() as session:
        _, secret = tokens.add(
            session,
            person,
            name="a script",
            scopes=scopes or tuple(Right),
            newsletters=newsletters,
            lasting=LONGEST,
            by=US,
            now=house.clock(),
        )
    return {"authorization": f"Bearer {secret}"}
