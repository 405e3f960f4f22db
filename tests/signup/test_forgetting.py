"""Who never confirmed is forgotten, and who had left before is left again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from newsletter.signup import forgetting, membership, requests
from newsletter.signup.forgetting import UNCONFIRMED_FOR
from newsletter.signup.requests import Request, Wish
from subscribers import Consent, Purpose, Status
from tests.signup.support import PRESS, House
from tests.support import KEYS, SLUG

ADA, BOB = "ada@example.com", "bob@example.com"


def tidy(house: House) -> bool:
    return house.write(lambda session: forgetting.forget_unconfirmed(session, KEYS, now=house.now))


def test_whoever_never_confirmed_is_forgotten_after_thirty_days(house: House) -> None:
    house.ask(ADA)
    house.answer()
    house.clock.forward(UNCONFIRMED_FOR - timedelta(hours=1))
    tidy(house)
    kept = house.status(ADA)
    house.clock.forward(timedelta(hours=2))
    house.subscribe(BOB)

    assert tidy(house) is False
    assert kept is Status.PENDING
    assert house.person(ADA) is None
    acts = house.read(lambda session: session.scalars(select(Consent)).all())
    bob = house.person(BOB)
    assert {act.subscriber_id for act in acts} == {bob.id if bob else 0}


def test_the_number_of_somebody_forgotten_is_never_anybody_elses(house: House) -> None:
    """Their old mail still holds links, and those name people by number."""
    house.ask(ADA)
    house.answer()
    disown = house.token("disown", ADA)
    house.clock.forward(UNCONFIRMED_FOR + timedelta(hours=1))
    tidy(house)
    house.subscribe(BOB)
    tidy(house)

    assert house.person(ADA) is None
    assert house.act(membership.disown, disown, evidence=PRESS) is None
    assert house.status(BOB) is Status.ACTIVE


def test_readers_and_those_who_left_are_kept(house: House) -> None:
    house.subscribe(ADA)
    house.subscribe(BOB)
    house.leave(BOB)
    house.clock.forward(timedelta(days=400))
    tidy(house)

    assert (house.status(ADA), house.status(BOB)) == (Status.ACTIVE, Status.LEFT)


def test_whoever_had_left_and_was_asked_for_again_is_left_again(house: House) -> None:
    house.subscribe(ADA)
    house.leave(ADA)
    house.clock.forward(timedelta(days=90))
    house.ask(ADA)
    house.answer()
    house.clock.forward(UNCONFIRMED_FOR - timedelta(hours=1))
    tidy(house)
    waiting = house.status(ADA)
    house.clock.forward(timedelta(hours=2))
    tidy(house)

    assert waiting is Status.PENDING
    assert house.status(ADA) is Status.LEFT
    person = house.person(ADA)
    assert person
    assert person.address == ADA
    undo = house.sign(Purpose.UNDO, person.id)
    assert house.act(membership.undo, undo, evidence=PRESS) is None


def test_whoever_was_forgotten_and_was_asked_for_by_somebody_else_is_forgotten_again(house: House) -> None:
    house.subscribe(ADA)
    house.ask(ADA, Wish.ERASE)
    house.answer()
    house.act(membership.be_forgotten, house.token("data", ADA))
    house.ask(ADA)
    house.answer()
    asked = house.person(ADA)
    house.clock.forward(UNCONFIRMED_FOR + timedelta(hours=1))
    tidy(house)

    assert asked
    assert asked.address == ADA
    person = house.person(ADA)
    assert person
    assert (person.address, house.status(ADA)) == (None, Status.LEFT)


def test_forms_of_a_newsletter_that_is_gone_are_forgotten(house: House) -> None:
    house.slug = "gone"
    house.ask(ADA)
    house.slug = SLUG
    house.clock.forward(UNCONFIRMED_FOR + timedelta(hours=1))
    house.ask(BOB)
    tidy(house)

    assert house.read(requests.waiting) == {SLUG}
    assert len(house.read(lambda session: session.scalars(select(Request)).all())) == 1
