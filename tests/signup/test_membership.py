"""What a person does with a link from our mail, and what nobody else can do with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import inspect, select

from newsletter.signup import membership, requests
from newsletter.signup.membership import UNDO_WITHIN
from newsletter.signup.requests import Wish
from subscribers import (
    AddressChange,
    Cadence,
    Consent,
    Event,
    Evidence,
    Purpose,
    Reason,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    history,
    lift,
)
from tests.signup.support import PRESS, House
from tests.support import KEYS, SLUG

ADA, BOB, NEW = "ada@example.com", "bob@example.com", "ada@new.example"
ACTS: dict[Purpose, Callable[..., object]] = {
    Purpose.CONFIRM: lambda *args, **more: membership.confirm(*args, evidence=PRESS, **more),
    Purpose.LEAVE: lambda *args, **more: membership.leave(*args, evidence=PRESS, **more),
    Purpose.UNDO: lambda *args, **more: membership.undo(*args, evidence=PRESS, **more),
    Purpose.DISOWN: lambda *args, **more: membership.disown(*args, evidence=PRESS, **more),
    Purpose.MANAGE: lambda *args, **more: membership.prefer(*args, cadence=Cadence.WEEKLY, **more),
    Purpose.ERASE: membership.be_forgotten,
}


def snapshot(house: House) -> list[object]:
    """Return all that anybody is."""
    tables = (Subscriber, Subscription, Consent, Suppression, AddressChange)
    return house.read(
        lambda session: [
            [tuple(row) for row in session.execute(select(*inspect(table).columns))] for table in tables
        ]
    )


def events(house: House, typed: str) -> list[Event]:
    person = house.person(typed)
    assert person
    return [act.event for act in house.read(lambda session: history(session, person.id))]


# ---- a token does one thing ----


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_token_of_another_purpose_does_nothing(house: House, purpose: Purpose) -> None:
    id_ = house.subscribe(ADA)
    token = house.sign(purpose, id_)
    before = snapshot(house)

    for other, act in ACTS.items():
        if other is not purpose:
            assert house.act(act, token) is None
            assert house.read(lambda s, o=other: membership.whose(s, KEYS, o, token, now=house.now)) is None
    if purpose not in (Purpose.MOVE_OLD, Purpose.MOVE_NEW):
        assert house.act(membership.confirm_move, token) is None

    assert snapshot(house) == before


@pytest.mark.parametrize(
    "token", ["", "test", "1.ai_daily.1.x", "1.ai_daily.1." + "a" * 22, "退订", "1" * 500]
)
def test_what_is_no_token_does_nothing_and_says_nothing(house: House, token: str) -> None:
    house.subscribe(ADA)
    before = snapshot(house)

    assert {house.act(act, token) for act in ACTS.values()} == {None}
    assert house.act(membership.confirm_move, token) is None
    assert snapshot(house) == before


def test_a_token_of_somebody_unknown_does_nothing(house: House) -> None:
    assert house.act(membership.leave, house.sign(Purpose.LEAVE, 4711), evidence=PRESS) is None


def test_looking_changes_nothing(house: House) -> None:
    house.ask(ADA)
    house.answer()
    before = snapshot(house)

    for page in ("confirm", "disown"):
        token = house.token(page, ADA)
        for purpose in Purpose:
            house.read(
                lambda session, p=purpose, t=token: membership.whose(session, KEYS, p, t, now=house.now)
            )

    assert snapshot(house) == before


# ---- confirm ----


def test_confirming_twice_is_success_twice_and_one_act(house: House) -> None:
    house.subscribe(ADA)
    token = house.token("confirm", ADA)

    assert house.act(membership.confirm, token, evidence=PRESS)

    assert events(house, ADA) == [Event.ASKED, Event.CONFIRMED]


def test_a_link_to_confirm_ends_after_seven_days(house: House) -> None:
    house.ask(ADA)
    house.answer()
    house.clock.forward(timedelta(days=7, minutes=2))

    assert house.act(membership.confirm, house.token("confirm", ADA), evidence=PRESS) is None
    assert house.status(ADA) is Status.PENDING


def test_an_old_mail_brings_nobody_back_who_has_left(house: House) -> None:
    house.subscribe(ADA)
    house.leave(ADA)

    assert house.act(membership.confirm, house.token("confirm", ADA), evidence=PRESS) is None
    assert house.status(ADA) is Status.LEFT


def test_the_suppressed_cannot_confirm(house: House) -> None:
    house.ask(ADA)
    house.answer()
    house.suppress(ADA)

    assert house.act(membership.confirm, house.token("confirm", ADA), evidence=PRESS) is None
    assert house.status(ADA) is Status.PENDING


# ---- leave and undo ----


def test_leaving_twice_is_success_twice_and_works_years_later(house: House) -> None:
    id_ = house.subscribe(ADA)
    token = house.sign(Purpose.LEAVE, id_)
    house.clock.forward(timedelta(days=4000))

    assert house.act(membership.leave, token, evidence=PRESS)
    assert house.act(membership.leave, token, evidence=PRESS)

    assert events(house, ADA) == [Event.ASKED, Event.CONFIRMED, Event.LEFT]


@pytest.mark.parametrize("everything", [False, True])
def test_one_list_is_left_or_all_of_them(house: House, everything: bool) -> None:
    id_ = house.subscribe(ADA)
    house.slug = "cars"
    house.subscribe(ADA)
    house.slug = SLUG

    house.act(membership.leave, house.sign(Purpose.LEAVE, id_), evidence=PRESS, everything=everything)

    assert house.status(ADA) is Status.LEFT
    assert house.status(ADA, "cars") is (Status.LEFT if everything else Status.ACTIVE)


def test_leaving_is_taken_back_within_an_hour_and_not_later(house: House) -> None:
    house.subscribe(ADA)
    undo = house.leave(ADA)
    house.clock.forward(UNDO_WITHIN)
    in_time = house.act(membership.undo, undo, evidence=PRESS)
    again = house.act(membership.undo, undo, evidence=PRESS)
    back = house.status(ADA)
    late = house.leave(ADA)
    house.clock.forward(UNDO_WITHIN + timedelta(minutes=2))
    too_late = house.act(membership.undo, late, evidence=PRESS)

    assert in_time
    assert again
    assert back is Status.ACTIVE
    assert too_late is None
    assert house.status(ADA) is Status.LEFT


def test_a_fresh_link_to_undo_does_not_undo_what_is_long_past(house: House) -> None:
    id_ = house.subscribe(ADA)
    house.leave(ADA)
    house.clock.forward(timedelta(days=1))

    assert house.act(membership.undo, house.sign(Purpose.UNDO, id_), evidence=PRESS) is None


def test_undo_makes_nobody_a_reader_who_was_none(house: House) -> None:
    house.ask(ADA)
    house.answer()
    undo = house.leave(ADA)

    assert house.act(membership.undo, undo, evidence=PRESS) is None
    assert house.status(ADA) is Status.LEFT


def test_undo_does_not_stand_in_for_the_new_confirmation_after_a_bounce(house: House) -> None:
    house.subscribe(ADA)
    house.suppress(ADA, Reason.BOUNCED)
    person = house.person(ADA)
    assert person
    house.write(lambda session: lift(session, session.merge(person), reason="mailbox is back", now=house.now))
    undo = house.leave(ADA)

    assert house.act(membership.undo, undo, evidence=PRESS) is None


def test_the_suppressed_cannot_undo(house: House) -> None:
    house.subscribe(ADA)
    undo = house.leave(ADA)
    house.suppress(ADA)

    assert house.act(membership.undo, undo, evidence=PRESS) is None


# ---- I never signed up ----


def test_disowning_leaves_every_list_and_silences_us_for_good(house: House) -> None:
    house.subscribe(ADA)
    house.slug = "cars"
    house.ask(ADA)
    house.answer()

    assert house.act(membership.disown, house.token("disown", ADA), evidence=PRESS)
    assert house.act(membership.disown, house.token("disown", ADA), evidence=PRESS)
    for wish in Wish:
        house.ask(ADA, wish)
    house.clock.forward(timedelta(days=2))
    house.answer()

    assert (house.status(ADA), house.status(ADA, SLUG)) == (Status.LEFT, Status.LEFT)
    assert len(house.mails(ADA)) == 2
    assert house.act(membership.confirm, house.token("confirm", ADA), evidence=PRESS) is None


# ---- preferences ----


def test_cadence_language_and_pause_are_the_persons_own(house: House) -> None:
    id_ = house.subscribe(ADA)
    token = house.sign(Purpose.MANAGE, id_)

    house.act(membership.prefer, token, cadence=Cadence.WEEKDAYS, language="en")
    house.act(membership.pause, token, until=house.today + timedelta(days=3), today=house.today)

    listed = house.read(lambda session: session.get_one(Subscription, (SLUG, id_)))
    person = house.person(ADA)
    assert (listed.cadence, listed.paused_until) == (Cadence.WEEKDAYS, house.today + timedelta(days=3))
    assert person
    assert person.language == "en"


def test_an_unfit_language_or_day_is_refused(house: House) -> None:
    token = house.sign(Purpose.MANAGE, house.subscribe(ADA))

    with pytest.raises(ValueError, match="language"):
        house.act(membership.prefer, token, language="tlh")
    with pytest.raises(ValueError, match="pause"):
        house.act(membership.pause, token, until=house.today, today=house.today)


# ---- being forgotten ----


def test_the_person_is_forgotten_by_a_link_that_works_for_an_hour(house: House) -> None:
    house.subscribe(ADA)
    house.ask(ADA, Wish.ERASE)
    house.answer()
    token = house.token("data", ADA)
    house.clock.forward(timedelta(hours=1, minutes=2))
    late = house.act(membership.be_forgotten, token)
    house.clock.forward(-timedelta(minutes=30))

    assert late is None
    assert house.act(membership.be_forgotten, token)
    assert house.act(membership.be_forgotten, token)
    person = house.person(ADA)
    assert person
    assert person.address is None
    assert house.status(ADA) is Status.LEFT


def test_a_mail_that_waited_until_its_link_had_ended_is_withdrawn(house: House) -> None:
    house.subscribe(ADA)
    house.ask(ADA, Wish.ERASE)
    mailer = house.mailer
    house.write(lambda session: requests.answer(session, mailer, now=house.now))
    house.clock.forward(timedelta(hours=2))
    house.answer()

    assert house.subjects(ADA) == ["confirm"]


def test_evidence_is_only_ever_added(house: House) -> None:
    house.subscribe(ADA)
    undo = house.leave(ADA)
    house.act(membership.undo, undo, evidence=Evidence(origin="goodbye page"))
    person = house.person(ADA)
    assert person

    acts = house.read(lambda session: history(session, person.id))
    assert [(act.event, act.origin) for act in acts] == [
        (Event.ASKED, "sign-up page"),
        (Event.CONFIRMED, "confirm page"),
        (Event.LEFT, "confirm page"),
        (Event.UNDONE, "goodbye page"),
    ]
