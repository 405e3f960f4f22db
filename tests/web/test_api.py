"""The sign-up API: what it promises in its own document, the same story as the form, the same limits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import altcha
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as given_values
from schemathesis import Case
from schemathesis.specs.openapi.checks import allow_header_conformance, positive_data_acceptance
from sqlalchemy import select

from newsletter.signup.requests import Request, Wish
from newsletter.web.admission import PER_VISITOR, UNPROVED
from subscribers import Status
from tests.support import SLUG
from tests.web.support import House, a_house

PATH = f"/api/{SLUG}/subscribe"


def asked(house: House) -> list[Request]:
    with house.app.database.readers() as session:
        return list(session.scalars(select(Request).order_by(Request.id)))


def proof(house: House) -> str:
    challenge = altcha.Challenge.from_dict(house.client.get("/api/challenge").json())
    solution = altcha.solve_challenge(challenge)
    assert solution
    return altcha.Payload(challenge, solution).to_base64()


def test_a_call_asks_for_a_confirmation_mail(house: House) -> None:
    answer = house.client.post(PATH, json={"address": " Li.Lei@QQ.com", "language": "en"})

    assert (answer.status_code, answer.json()) == (202, {"status": "check_your_mail"})
    assert [(one.address, one.wish, one.language, one.origin) for one in asked(house)] == [
        ("li.lei@qq.com", Wish.SUBSCRIBE, "en", "API")
    ]


def test_the_answer_is_the_same_whoever_it_is(house: House) -> None:
    for name, status in (("active", Status.ACTIVE), ("left", Status.LEFT), ("pending", Status.PENDING)):
        house.reader(f"{name}@example.com", status=status)

    answers = [
        house.visitor(f"198.51.100.{n}").post(PATH, json={"address": f"{who}@example.com"})
        for n, who in enumerate(("active", "left", "pending", "nobody"))
    ]

    assert len({(answer.status_code, answer.content, str(answer.headers)) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"address": "li.lei@"}, 422, "invalid_address"),
        ({"address": ""}, 422, "invalid_address"),
        ({}, 422, "invalid"),
        ({"address": 7}, 422, "invalid"),
        ({"address": "a@example.com", "status": "active"}, 422, "invalid"),
        ({"address": "a@example.com", "language": "tlh"}, 422, "invalid"),
        ([], 422, "invalid"),
    ],
)
def test_what_is_wrong_is_named(house: House, body: object, status: int, problem: str) -> None:
    answer = house.client.post(PATH, json=body)

    assert (answer.status_code, answer.json()) == (status, {"problem": problem})
    assert asked(house) == []


def test_only_public_newsletters_can_be_joined(house: House) -> None:
    answer = house.client.post("/api/nothing/subscribe", json={"address": "a@example.com"})

    assert (answer.status_code, answer.json()) == (404, {"problem": "unknown_newsletter"})


def test_the_limits_are_those_of_the_form(house: House) -> None:
    calls = [
        house.client.post(PATH, json={"address": f"r{n}@example.com"}) for n in range(UNPROVED[0].times + 1)
    ]

    assert [call.status_code for call in calls] == [202] * UNPROVED[0].times + [403]
    assert calls[-1].json() == {"problem": "proof_needed"}


def test_a_proof_lifts_the_small_limit_but_not_the_other(house: House) -> None:
    statuses = []
    for n in range(PER_VISITOR[0].times + 1):
        body = {"address": f"r{n}@example.com", "proof": proof(house)}
        statuses.append(house.client.post(PATH, json=body).status_code)

    assert statuses == [202] * PER_VISITOR[0].times + [429]


def test_addresses_go_abroad_only_with_an_agreement(tmp_path: Path) -> None:
    house = a_house(tmp_path, abroad="Twilio SendGrid（美国）")

    without = house.client.post(PATH, json={"address": "a@example.com"})
    given = house.client.post(PATH, json={"address": "a@example.com", "agrees_abroad": True})

    assert without.json() == {"problem": "agreement_needed"}
    assert given.status_code == 202
    assert "Twilio" in (asked(house)[0].wording or "")
    house.app.close()


# ---- from other sites ----

PREFLIGHT = {
    "origin": "https://blog.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
}


def test_scripts_of_other_sites_may_not_call_it(house: House) -> None:
    answer = house.client.options(PATH, headers=PREFLIGHT)

    assert "access-control-allow-origin" not in answer.headers


def test_unless_the_settings_name_the_site(tmp_path: Path) -> None:
    house = a_house(tmp_path, api_origins=["https://blog.example"])

    allowed = house.client.options(PATH, headers=PREFLIGHT)
    other = house.client.options(PATH, headers=PREFLIGHT | {"origin": "https://evil.example"})
    call = house.client.post(
        PATH, json={"address": "a@example.com"}, headers={"origin": "https://blog.example"}
    )
    page = house.client.get(f"/{SLUG}", headers={"origin": "https://blog.example"})

    assert allowed.headers["access-control-allow-origin"] == "https://blog.example"
    assert "access-control-allow-credentials" not in allowed.headers
    assert "access-control-allow-origin" not in other.headers
    assert call.headers["access-control-allow-origin"] == "https://blog.example"
    assert asked(house)[0].origin == "API, for https://blog.example"
    assert "access-control-allow-origin" not in page.headers
    house.app.close()


def test_a_form_of_another_site_cannot_pretend_to_be_json(house: House) -> None:
    body = b'{"address": "a@example.com"}'

    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = house.client.post(PATH, content=body, headers={"content-type": kind})
        assert answer.status_code == 422
    assert asked(house) == []


# ---- the promise in its own document ----


def test_it_keeps_what_its_document_promises(tmp_path: Path) -> None:
    house = a_house(tmp_path)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", house.site).include(tag="sign-up")
    # Our rules about addresses are stricter than a schema can say, and HEAD is a route of its own.
    excluded = [allow_header_conformance, positive_data_acceptance]
    called: set[str] = set()
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # Err would fail the test, too

        @settings(
            max_examples=60,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
        )
        @given_values(case=operation.as_strategy())
        def call(case: Case) -> None:
            house.clock.forward(timedelta(minutes=7))
            called.add(f"{case.method} {case.path}")
            case.call_and_validate(excluded_checks=excluded)

        call()

    assert called == {"GET /api/challenge", "POST /api/{newsletter}/subscribe"}
    house.app.close()
