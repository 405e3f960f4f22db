"""Moving to another address: both ends agree, and neither learns of the other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.signup import membership
from newsletter.signup.requests import PER_ADDRESS, Wish
from subscribers import Purpose, Status, normalise
from tests.signup.support import PRESS, House
from tests.support import KEYS

ADA, BOB, NEW = "ada@example.com", "bob@example.com", "ada@new.example"


def ask_to_move(house: House, id_: int, to: str = NEW) -> object:
    token = house.sign(Purpose.MANAGE, id_)
    mailer = house.mailer
    found = house.write(
        lambda session: membership.ask_to_move(session, mailer, token, normalise(to), now=house.now)
    )
    house.answer()
    return found


@pytest.mark.parametrize("first", [ADA, NEW])
def test_a_person_moves_once_both_ends_have_agreed(house: House, first: str) -> None:
    id_ = house.subscribe(ADA)
    assert ask_to_move(house, id_)
    second = NEW if first == ADA else ADA
    tokens = {end: house.token("move", end) for end in (ADA, NEW)}

    one = house.act(membership.confirm_move, tokens[first])
    between = house.person(ADA)
    both = house.act(membership.confirm_move, tokens[second])
    again = house.act(membership.confirm_move, tokens[first])

    assert (one, both, again) == (False, True, True)
    assert between
    moved = house.person(NEW)
    assert moved
    assert (moved.id, house.person(ADA), house.status(NEW)) == (id_, None, Status.ACTIVE)


def test_the_mail_to_the_new_address_opens_nothing_else(house: House) -> None:
    id_ = house.subscribe(ADA)
    ask_to_move(house, id_)

    (mail,) = house.mails(NEW)
    for page in ("leave", "manage", "disown", "confirm", "data"):
        assert f"/{page}/" not in mail.filled.text + mail.filled.html
    assert ADA not in mail.filled.text + mail.filled.html
    assert NEW not in house.mails(ADA)[-1].filled.text + house.mails(ADA)[-1].filled.html


def test_nobody_moves_to_an_address_that_is_somebody_elses_or_never_mailed(house: House) -> None:
    id_ = house.subscribe(ADA)
    house.subscribe(BOB)
    ask_to_move(house, id_, BOB)
    for end in (ADA, BOB):
        house.act(membership.confirm_move, house.token("move", end))
    house.suppress(NEW)
    ask_to_move(house, id_, NEW)

    assert house.mails(NEW) == []
    bob = house.person(BOB)
    assert bob
    assert bob.id != id_
    assert house.person(ADA)


def test_a_wish_to_move_ends_after_two_days(house: House) -> None:
    id_ = house.subscribe(ADA)
    ask_to_move(house, id_)
    house.act(membership.confirm_move, house.token("move", NEW))
    house.clock.forward(timedelta(days=2, minutes=2))

    assert house.act(membership.confirm_move, house.token("move", ADA)) is None
    assert house.person(NEW) is None


def test_moving_counts_among_the_mails_of_either_end(house: House) -> None:
    id_ = house.subscribe(ADA)
    for number in range(9):
        assert ask_to_move(house, id_, f"victim{number}@new.example")
    carol = house.subscribe("carol@example.com")
    for _ in range(3):
        ask_to_move(house, carol, NEW)

    assert len(house.mails(ADA)) == PER_ADDRESS[0].times
    assert len([kept for kept in house.transport.kept if kept.copy.address.startswith("victim")]) == 2
    assert len(house.mails(NEW)) == 2  # the other one of Carol's three was her own sign-up


def test_i_never_signed_up_is_worth_nothing_once_the_address_was_given_up(house: House) -> None:
    id_ = house.subscribe(ADA)
    old = house.token("disown", ADA)
    house.clock.forward(timedelta(hours=1))
    ask_to_move(house, id_)
    for end in (ADA, NEW):
        assert house.read(lambda s: membership.whose(s, KEYS, Purpose.DISOWN, old, now=house.now))
        house.act(membership.confirm_move, house.token("move", end))

    pressed = house.act(membership.disown, old, evidence=PRESS)

    assert pressed is None
    assert house.status(NEW) is Status.ACTIVE
    house.clock.forward(timedelta(days=1))
    house.ask(NEW, Wish.LINK)
    house.answer()
    assert house.act(membership.disown, house.token("disown", NEW), evidence=PRESS)
    assert house.status(NEW) is Status.LEFT


def test_a_mailer_of_another_newsletter_moves_nobody(house: House) -> None:
    id_ = house.subscribe(ADA)
    token = house.sign(Purpose.MANAGE, id_)
    house.slug = "cars"
    mailer = house.mailer

    asked = house.write(lambda s: membership.ask_to_move(s, mailer, token, normalise(NEW), now=house.now))

    assert asked is None
