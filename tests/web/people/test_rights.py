"""Who reaches what: every route of those who work here, each role, on each newsletter."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.routing import Match

from newsletter.people.rights import ALL, RIGHTS, Right, Role
from newsletter.web.site import Site
from newsletter.web.staff import StaffRoute
from tests.support import SLUG
from tests.web.people.support import OURS, add, browser_of, token_of
from tests.web.support import House, a_house

ROLES: list[tuple[str, Role] | None] = [None] + [(on, role) for on in (ALL, SLUG, "robots") for role in Role]


def site_of(house: House) -> Site:
    site = house.site
    assert isinstance(site, Site)
    return site


def filled(route: StaffRoute, newsletter: str) -> str:
    """Return an address that the route takes, of things that are not there."""
    parts = route.path.replace("{newsletter}", newsletter).split("/")
    return "/".join("9" if part.startswith("{") else part for part in parts)


def refusal(route: StaffRoute, newsletter: str, held: tuple[str, Role] | None) -> int | None:
    """Return how a route is refused, worked out another way than the program does; None: it is not."""
    on, role = held or ("", None)
    rights = RIGHTS[role] if role else frozenset[Right]()
    if route.is_of_newsletter:
        if not rights or on not in (ALL, newsletter):
            return 404  # nobody learns what there is that they may not see
        return None if route.right is None or route.right in rights else 403
    if route.right is None:
        return None
    return None if route.right in rights and (on == ALL or route.anywhere) else 403


@pytest.mark.parametrize("held", ROLES, ids=str)
def test_every_route_is_open_to_those_it_is_for_and_to_nobody_else(
    tmp_path: Path, held: tuple[str, Role] | None
) -> None:
    house = a_house(tmp_path)
    client = browser_of(house, "somebody", *([held] if held else []))
    program = house.visitor()
    program.headers.update(token_of(house, add(house, "other", *([held] if held else []))))

    # What holds for all newsletters, or for none, is the same on each.
    papers = (SLUG,) if held is None or held[0] == ALL else (SLUG, "robots")
    wrong = []
    for route in site_of(house).staff.routes:
        if route.is_open or route.path == "/staff/account/logout-everywhere":
            continue
        for newsletter in papers if route.is_of_newsletter else ("",):
            asked = program if route.is_api else client
            answer = asked.request(route.method, filled(route, newsletter))
            expected = 403 if route.by_person else refusal(route, newsletter, held)
            status = answer.status_code
            # Who may reach it is told of what is not there, or not right; never that they may not.
            if status >= 500 or (status != expected if expected else status in (401, 403)):
                wrong.append((route.method, route.path, newsletter, status, expected))
    house.app.close()

    assert wrong == []


@pytest.mark.parametrize("kind", ["nobody", "wrong cookie", "wrong token"])
def test_whoever_is_not_logged_in_reaches_nothing(house: House, kind: str) -> None:
    client = house.visitor()
    client.headers.update(OURS)
    if kind == "wrong cookie":
        client.cookies.set("__Host-staff", "x" * 43, domain="news.example.com", path="/")
    if kind == "wrong token":
        client.headers["authorization"] = "Bearer nl_" + "x" * 43

    for route in site_of(house).staff.routes:
        if route.is_open:
            continue
        answer = client.request(route.method, filled(route, SLUG))
        if route.is_api:
            assert answer.status_code == 401
        else:
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/staff/login")


def test_nothing_is_under_staff_but_what_came_through_the_check(house: House) -> None:
    site = site_of(house)
    checked = {route.path for route in site.staff.routes}

    found = {
        getattr(route, "path", "")
        for route in site.routes
        if getattr(route, "path", "").startswith(("/staff", "/api/staff"))
    }

    assert found == checked
    opened = {(route.method, route.path) for route in site.staff.routes if route.is_open}
    assert opened == {
        ("GET", "/staff/login"),
        ("POST", "/staff/login"),
        ("GET", "/staff/login/code"),
        ("POST", "/staff/login/code"),
        ("POST", "/staff/logout"),
        ("GET", "/staff/welcome/{shown}"),
        ("POST", "/staff/welcome/{shown}"),
    }


def test_every_path_is_answered_by_its_own_handler(house: House) -> None:
    # The page of a newsletter takes any first word, and the desk any word after /staff.
    site = site_of(house)

    for route in site.staff.routes:
        scope = {"type": "http", "method": route.method, "path": filled(route, SLUG), "root_path": ""}
        found = next(each for each in site.routes if each.matches(scope)[0] is Match.FULL)
        assert getattr(found, "path", "") == route.path


def test_other_sites_cannot_use_a_login(house: House) -> None:
    client = browser_of(house, "zhang", (ALL, Role.ADMIN))
    del client.headers["sec-fetch-site"]

    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
    ):
        for route in site_of(house).staff.routes:
            if route.method == "POST":
                answer = client.request("POST", filled(route, SLUG), headers=headers)
                assert answer.status_code == 403, (route.path, headers)


def test_sending_is_a_right_of_its_own() -> None:
    assert Right.SEND not in RIGHTS[Role.EDITOR]
    assert Right.TEST_SEND in RIGHTS[Role.EDITOR]
    assert Right.EDIT not in RIGHTS[Role.SENDER]
