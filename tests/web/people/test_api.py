"""The calls under /api/staff: what a token may, keys that make a call act once, and the page about it all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as given_values
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    ignored_auth,
    positive_data_acceptance,
)

from newsletter.people import people
from newsletter.people.rights import ALL, Right, Role
from newsletter.people.tables import Person
from tests.support import SLUG
from tests.web.people.support import PASSWORD, US, add, admin, browser_of, token_of
from tests.web.support import House, a_house

ME, PEOPLE, TOKENS = "/api/staff/me", "/api/staff/people", "/api/staff/tokens"


def program(
    house: House, *roles: tuple[str, Role], scopes: tuple[Right, ...] = (), on: tuple[str, ...] = ()
) -> TestClient:
    """Return a program that acts for a new person."""
    client = house.visitor()
    client.headers.update(token_of(house, add(house, "owner", *roles), *scopes, newsletters=on))
    return client


def rights(client: TestClient) -> dict[str, list[str]]:
    return {each["newsletter"]: each["rights"] for each in client.get(ME).json()["newsletters"]}


def test_a_token_may_its_scopes_on_its_newsletters_as_far_as_its_person_may(house: House) -> None:
    client = program(house, (ALL, Role.EDITOR), scopes=(Right.VIEW, Right.SEND), on=(SLUG,))

    assert rights(client) == {SLUG: ["view"]}  # an editor does not send


def test_a_lost_role_is_lost_in_tokens_at_once(house: House) -> None:
    client = program(house, (SLUG, Role.SENDER), scopes=(Right.VIEW, Right.SEND))
    assert rights(client) == {SLUG: ["send", "view"]}

    with house.writing() as session:
        person = session.get_one(Person, 1)
        people.revoke(session, person, Role.SENDER, SLUG, by=US, now=house.clock())

    assert rights(client) == {}


def test_a_token_opens_no_page_and_a_login_may_call(house: House) -> None:
    client = program(house, (ALL, Role.ADMIN))

    assert client.get("/staff/people").status_code == 303
    assert admin(house).get(ME).json()["token"] is None


def test_a_token_makes_none_that_may_more_or_lasts_longer(house: House) -> None:
    client = program(house, (ALL, Role.ADMIN), scopes=(Right.VIEW,), on=(SLUG,))
    house.clock.forward(timedelta(days=360))

    ask = {"name": "x", "password": PASSWORD, "scopes": ["view"]}
    more = client.post(TOKENS, json=ask | {"scopes": ["send"]})
    elsewhere = client.post(TOKENS, json=ask | {"newsletters": ["robots"]})
    fine = client.post(TOKENS, json=ask | {"days": 300})

    assert (more.status_code, elsewhere.status_code, fine.status_code) == (403, 403, 201)
    client.headers["authorization"] = f"Bearer {fine.json()['secret']}"
    assert rights(client) == {SLUG: ["view"]}
    house.clock.forward(timedelta(days=6))
    assert client.get(ME).status_code == 401


def test_whoever_manages_one_list_gives_no_role_elsewhere_and_ends_nobody(house: House) -> None:
    add(house, "victim", (ALL, Role.ADMIN))
    client = program(house, (SLUG, Role.ADMIN))
    ask = {"role": "admin", "held": True}

    assert client.post(f"{PEOPLE}/2/roles", json=ask).status_code == 403
    assert client.post(f"{PEOPLE}/2/roles", json=ask | {"newsletter": "robots"}).status_code == 403
    assert client.post(f"{PEOPLE}/1/roles", json={"role": "admin", "held": False}).status_code == 403
    for act in ("disable", "enable", "link"):
        assert client.post(f"{PEOPLE}/1/{act}").status_code == 403
    assert client.post(f"{PEOPLE}/1/roles", json=ask | {"newsletter": SLUG}).status_code == 200


def test_the_same_on_the_pages(house: House) -> None:
    add(house, "victim", (ALL, Role.ADMIN))
    client = browser_of(house, "local", (SLUG, Role.ADMIN))

    client.post(
        "/staff/people/2/roles", data={":admin": "yes", "robots:admin": "yes", f"{SLUG}:admin": "yes"}
    )
    client.post("/staff/people/1/roles", data={})
    refused = client.post(
        "/staff/people",
        data={"address": "x@example.com", "name": "x", "newsletter": "", "role": "admin"},
    )

    assert refused.status_code == 422
    with house.writing() as session:
        assert people.held(session, 2) == ((SLUG, Role.ADMIN),)
        assert people.held(session, 1) == ((ALL, Role.ADMIN),)


def test_one_does_not_end_another_ones_login_or_token(house: House) -> None:
    owner = add(house, "owner", (ALL, Role.VIEWER))
    headers = token_of(house, owner)
    thief = browser_of(house, "thief", (ALL, Role.EDITOR))
    other = browser_of(house, "other", (ALL, Role.VIEWER))

    thief.post("/staff/account/logout", data={"login": "2"})
    thief.post("/staff/tokens/1/revoke")

    assert other.get("/staff").status_code == 200
    assert house.visitor().get(ME, headers=headers).status_code == 200
    assert thief.post("/staff/tokens/1/revoke").status_code == 404


def test_a_key_makes_a_call_act_once(house: House) -> None:
    client = program(house, (ALL, Role.ADMIN))
    add(house, "li", (SLUG, Role.EDITOR))
    ask, key = {"newsletter": "robots", "role": "viewer", "held": True}, {"idempotency-key": "k1"}

    first = client.post(f"{PEOPLE}/2/roles", json=ask, headers=key)
    taken = client.post(f"{PEOPLE}/2/roles", json=ask | {"held": False})
    again = client.post(f"{PEOPLE}/2/roles", json=ask, headers=key)
    other = client.post(f"{PEOPLE}/2/roles", json=ask | {"role": "admin"}, headers=key)

    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert taken.json()["roles"] == [{"newsletter": SLUG, "role": "editor"}]
    with house.writing() as session:
        assert people.held(session, 2) == ((SLUG, Role.EDITOR),)  # the second did nothing
    assert (other.status_code, other.json()["problem"]) == (422, "key_was_used")


def test_neither_an_open_browser_nor_a_stolen_token_makes_a_token_that_outlives_it(house: House) -> None:
    ask = {"name": "x", "password": "something else", "scopes": ["view"]}
    browser, stolen = admin(house), program(house, (ALL, Role.ADMIN))

    tried = [client.post(TOKENS, json=ask).status_code for client in (browser, stolen)]
    unsaid = browser.post(TOKENS, json={"name": "x", "scopes": ["view"]})

    assert (tried, unsaid.status_code) == ([422, 422], 422)
    assert len(browser.get(TOKENS).json()["tokens"]) == 1  # the one that was there


def test_what_is_shown_once_is_not_shown_again_and_not_kept(house: House) -> None:
    client = program(house, (ALL, Role.ADMIN))
    ask, key = {"name": "x", "password": PASSWORD, "scopes": ["view"]}, {"idempotency-key": "k1"}

    made = client.post(TOKENS, json=ask, headers=key)
    again = client.post(TOKENS, json=ask, headers=key)

    assert (made.status_code, again.status_code) == (201, 409)
    assert len(client.get(TOKENS).json()["tokens"]) == 2
    kept = str(house.everything())
    assert made.json()["secret"] not in kept


def test_a_key_of_one_is_not_the_key_of_another(house: House) -> None:
    client = program(house, (ALL, Role.ADMIN))
    other = admin(house)
    key = {"idempotency-key": "same"}

    one = client.post(f"{PEOPLE}/1/enable", headers=key)
    two = other.post(f"/api/staff/people/{2}/enable", headers=key)

    assert (one.json()["id"], two.json()["id"]) == (1, 2)


def test_the_reference_names_every_call_and_needs_nothing_from_elsewhere(house: House) -> None:
    page = house.client.get("/api/docs")
    document = house.client.get("/api/openapi.json").json()

    assert page.status_code == 200
    for path in document["paths"]:
        assert path in page.text
    assert "//cdn" not in page.text
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_no_call_breaks_whoever_makes_it(tmp_path: Path, role: Role | None) -> None:
    house = a_house(tmp_path)
    reader = house.reader("li.lei@qq.com")
    assert reader
    headers = token_of(house, add(house, "somebody", *([(SLUG, role)] if role else [])))
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", house.site).include(tag="staff")

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    @given_values(case=schema.as_strategy())
    def holds(case: Case) -> None:
        answer = case.call(headers=headers)
        case.validate_response(
            answer, excluded_checks=[allow_header_conformance, ignored_auth, positive_data_acceptance]
        )
        if role not in (Role.ADMIN,):
            assert "li.lei" not in answer.text  # who reads is for those who may see readers

    holds()
    house.app.close()
