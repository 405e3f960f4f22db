"""List bombs and attacks: what one visitor, one address and everybody together may make us send."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import altcha
import pytest
from sqlalchemy.orm import Session

from newsletter.config import WebSettings
from newsletter.signup import requests
from newsletter.signup.requests import PER_ADDRESS, Wish
from newsletter.web.admission import (
    PER_VISITOR,
    SOONEST,
    UNPROVED,
    UNPROVED_IN_ALL,
    Admission,
    Entry,
    Verdict,
)
from newsletter.web.proofs import LIFETIME, Proofs
from newsletter.web.seals import Form, Seals
from newsletter.web.visitor import Visitor
from subscribers import Evidence, normalise
from tests.support import KEYS, SEVEN, SLUG
from tests.web.support import House, a_house, hidden

TYPED = timedelta(seconds=9)
SEALED = Entry(network="203.0.113.7", age=TYPED)
HOURLY, DAILY = PER_VISITOR


def admission(**web: object) -> Admission:
    return Admission(WebSettings(**web), Proofs(KEYS))  # type: ignore[arg-type]


@pytest.fixture
def session(house: House) -> Iterator[Session]:
    with house.writing() as opened:
        yield opened


def solved(house_or_proofs: Proofs, *, now: object = SEVEN) -> str:
    """Do what the browser does."""
    challenge = altcha.Challenge.from_dict(house_or_proofs.challenge(now=now))  # type: ignore[arg-type]
    solution = altcha.solve_challenge(challenge)
    assert solution
    return altcha.Payload(challenge, solution).to_base64()


# ---- list bombs ----


def test_ten_thousand_addresses_from_one_visitor_get_what_the_limit_says(house: House) -> None:
    door, evidence = admission(altcha="never"), Evidence(origin="sign-up page")
    for start in range(0, 10_000, 500):
        with house.writing() as session:
            for n in range(start, start + 500):
                if door.decide(session, SEALED, now=house.clock()) is Verdict.ADMITTED:
                    address = normalise(f"victim{n}@example.com")
                    requests.ask(
                        session, SLUG, address, wish=Wish.SUBSCRIBE, evidence=evidence, now=house.clock()
                    )
    house.work()

    assert len(house.mails("confirm")) == HOURLY.times


def test_a_day_of_it_gets_no_more_than_the_day_allows(session: Session) -> None:
    door, now, admitted = admission(altcha="never"), SEVEN.replace(hour=0), 0
    for hour in range(24):
        for _ in range(HOURLY.times + 5):
            admitted += door.decide(session, SEALED, now=now + timedelta(hours=hour)) is Verdict.ADMITTED

    assert admitted <= DAILY.times


def test_one_address_over_all_forms_gets_what_the_limit_says(house: House) -> None:
    house.reader("victim@example.com")
    before = len(house.mails())
    for n in range(40):
        client = house.visitor(f"198.51.100.{n}")
        house.sign_up("victim@example.com", client=client)
        page = client.get(f"/{SLUG}/link")
        house.clock.forward(timedelta(seconds=9))
        fields = hidden(page) | {"address": "Victim@EXAMPLE.com", "wish": "erase" if n % 2 else "link"}
        client.post(f"/{SLUG}/link", data=fields)
        client.post(f"/api/{SLUG}/subscribe", json={"address": "victim@example.com"})
        client.post("/robots", data={"address": "victim@example.com"})
        house.work()

    assert len(house.mails()) - before <= PER_ADDRESS[0].times


def test_a_visitor_over_the_limit_is_told_when_to_come_back(house: House) -> None:
    answers = [house.sign_up(f"r{n}@example.com") for n in range(HOURLY.times + 1)]
    house.clock.forward(timedelta(hours=1))
    later = house.sign_up("again@example.com")

    assert [answer.status_code for answer in answers] == [200] * HOURLY.times + [429]
    assert "一小时之后" in answers[-1].text
    assert "去邮箱看一眼" in later.text


def test_neighbours_in_one_household_of_ipv6_count_together() -> None:
    def network(ip: str) -> str:
        return Visitor(ip=ip, user_agent=None, origin=None).network

    assert network("2001:db8:1:2::7") == network("2001:db8:1:2:ffff::1")
    assert network("2001:db8:1:2::7") != network("2001:db8:1:3::7")
    assert network("203.0.113.7") != network("203.0.113.8")


# ---- forms that are not ours ----


def test_a_form_on_another_site_is_let_in_a_few_times_and_then_sent_to_ours(house: House) -> None:
    answers = [
        house.client.post(f"/{SLUG}", data={"address": f"r{n}@example.com"})
        for n in range(UNPROVED[0].times + 1)
    ]

    texts = ["再按一次" in answer.text for answer in answers]
    assert texts == [False] * UNPROVED[0].times + [True]
    house.clock.forward(TYPED)
    assert "去邮箱看一眼" in house.press(answers[-1], address="r@example.com").text


@pytest.mark.parametrize(
    "age", [timedelta(0), SOONEST - timedelta(milliseconds=1), timedelta(days=2), -TYPED]
)
def test_a_seal_too_young_or_too_old_takes_another_press(session: Session, age: timedelta) -> None:
    entry = Entry(network="203.0.113.7", age=age)

    assert admission().decide(session, entry, now=SEVEN) is Verdict.AGAIN


def test_a_seal_is_good_for_its_own_form_only() -> None:
    seals = Seals(KEYS)

    seal = seals.seal(Form.PLAIN, SLUG, now=SEVEN)

    assert seals.age(seal, Form.PLAIN, SLUG, now=SEVEN + TYPED) == TYPED
    for form, about, given in (
        (Form.CONFIRM, SLUG, seal),
        (Form.PLAIN, "robots", seal),
        (Form.PLAIN, SLUG, seal[:-1]),
        (Form.PLAIN, SLUG, f"1{seal}"),
        (Form.PLAIN, SLUG, ""),
    ):
        assert seals.age(given, form, about, now=SEVEN) is None


# ---- under attack ----


def attack(session: Session, door: Admission) -> None:
    for n in range(door.settings.attack_at):
        door.decide(session, Entry(network=f"n{n}", age=TYPED), now=SEVEN)


def test_many_forms_in_an_hour_are_an_attack_and_a_proof_is_asked_for(session: Session) -> None:
    door = admission(attack_at=10)
    before = door.decide(session, SEALED, now=SEVEN)
    attack(session, door)

    assert before is Verdict.ADMITTED
    assert door.decide(session, SEALED, now=SEVEN) is Verdict.PROVE
    assert door.decide(session, SEALED, now=SEVEN + timedelta(hours=1)) is Verdict.ADMITTED


def test_a_proof_lets_in_and_only_once(session: Session) -> None:
    door = admission(altcha="always")
    entry = Entry(network="203.0.113.7", age=TYPED, was_asked=True, proof=solved(door.proofs))

    first = [door.proofs.spend(session, entry.proof, now=SEVEN) for _ in range(3)]

    assert first == [True, False, False]


def test_a_proof_is_refused_when_it_is_used_again_in_another_window(session: Session) -> None:
    proofs = Proofs(KEYS)
    for minute in range(0, 10, 3):
        start = SEVEN + timedelta(minutes=minute)
        proof = solved(proofs, now=start)
        spent = [proofs.spend(session, proof, now=start + timedelta(minutes=m)) for m in (0, 5, 9)]
        assert spent == [True, False, False]


def test_a_proof_ends(session: Session) -> None:
    proofs = Proofs(KEYS)

    assert not proofs.spend(session, solved(proofs), now=SEVEN + LIFETIME + timedelta(seconds=1))


def test_what_is_no_proof_is_none(session: Session) -> None:
    proofs = Proofs(KEYS)
    payload = json.loads(base64.b64decode(solved(proofs)))
    cheaper = {**payload, "challenge": {**payload["challenge"]}}
    cheaper["challenge"]["parameters"] = payload["challenge"]["parameters"] | {"cost": 1}
    unsolved = {**payload, "solution": payload["solution"] | {"counter": 4_000_000_000}}
    odd = [
        {},
        [],
        7,
        None,
        {"challenge": 1, "solution": 2},
        {"challenge": {"parameters": {}}, "solution": {}},
    ]

    for wrong in (cheaper, unsolved, *odd):
        assert not proofs.spend(session, base64.b64encode(json.dumps(wrong).encode()).decode(), now=SEVEN)
    for text in ("", "x", "e30", "A" * 5000, "\u6f22"):
        assert not proofs.spend(session, text, now=SEVEN)


def test_without_javascript_fewer_get_in_and_everybody_is_told_why(session: Session) -> None:
    door = admission(altcha="always")
    asked = Entry(network="203.0.113.7", age=TYPED, was_asked=True)

    verdicts = [door.decide(session, asked, now=SEVEN) for _ in range(UNPROVED[0].times + 1)]

    assert verdicts == [Verdict.ADMITTED] * UNPROVED[0].times + [Verdict.FULL]


def test_under_attack_all_without_a_proof_count_together(session: Session) -> None:
    door = admission(attack_at=1)
    attack(session, door)

    verdicts = [
        door.decide(
            session, Entry(network=f"10.0.{n // 250}.{n % 250}", age=TYPED, was_asked=True), now=SEVEN
        )
        for n in range(UNPROVED_IN_ALL.times + 20)
    ]

    assert verdicts.count(Verdict.ADMITTED) == UNPROVED_IN_ALL.times


def test_the_page_asks_and_takes_the_proof(tmp_path: Path) -> None:
    house = a_house(tmp_path, attack_at=1)
    house.sign_up("first@example.com")

    asks = house.sign_up("li.lei@qq.com")
    proof = solved(house.site.door.proofs, now=house.clock())  # type: ignore[attr-defined]
    done = house.press(asks, address="li.lei@qq.com", proof=proof)

    assert "<altcha-widget" in asks.text
    assert "<noscript>" in asks.text
    assert 'value="li.lei@qq.com"' in asks.text
    assert "去邮箱看一眼" in done.text
    house.app.close()


def test_a_proof_counts_only_when_the_address_is_one(tmp_path: Path) -> None:
    house = a_house(tmp_path, altcha="always")
    page = house.client.get(f"/{SLUG}")
    proof = solved(house.site.door.proofs, now=house.clock())  # type: ignore[attr-defined]
    house.clock.forward(TYPED)

    wrong = house.press(page, address="li.lei@", proof=proof)
    right = house.press(wrong, address="li.lei@qq.com", proof=proof)

    assert (wrong.status_code, right.status_code) == (422, 200)
    assert "去邮箱看一眼" in right.text
    house.app.close()
