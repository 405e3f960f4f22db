"""A form is answered afterwards: the same work for everybody, and never more mail than a person can bear."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from newsletter.delivery.states import State
from newsletter.delivery.tables import Notice
from newsletter.signup import membership, requests
from newsletter.signup.requests import PER_DOMAIN, Request, Wish
from subscribers import (
    Consent,
    Evidence,
    Reason,
    Status,
    Subscriber,
    erase,
    history,
    normalise,
    suppress_domain,
)
from tests.signup.support import FORM, PRESS, House
from tests.support import KEYS, SLUG

ADA = "ada@example.com"
EVERY_WISH = pytest.mark.parametrize("wish", list(Wish))


# ---- asking ----


@EVERY_WISH
def test_a_form_is_the_same_one_row_whoever_is_meant(house: House, wish: Wish) -> None:
    for name in ("reader", "pending", "gone", "never"):
        house.ask(f"{name}@example.com")
    house.answer()
    for name in ("reader", "gone"):
        assert house.act(membership.confirm, house.token("confirm", f"{name}@example.com"), evidence=PRESS)
    house.leave("gone@example.com")
    house.suppress("never@example.com")
    statements: dict[str, list[str]] = {}

    for name in ("reader", "pending", "gone", "never", "unknown"):
        seen = statements.setdefault(name, [])

        def listen(_c: object, _cursor: object, statement: str, *_: object, seen: list[str] = seen) -> None:
            seen.append(statement)

        event.listen(house.database.engine, "before_cursor_execute", listen)
        house.ask(f"{name}@example.com", wish)
        event.remove(house.database.engine, "before_cursor_execute", listen)

    assert len({tuple(seen) for seen in statements.values()}) == 1
    assert [seen.split()[0] for seen in statements["unknown"] if not seen.startswith("BEGIN")] == ["INSERT"]


def test_what_a_browser_sends_is_cut_to_what_can_be_kept(house: House) -> None:
    wild = Evidence(
        origin="form\0" + "o" * 500,
        wording="w" * 9000,
        notice_version="v" * 99,
        language="tlh",
        ip="1" * 99,
        user_agent="Mozilla\0\ud800" + "x" * 5000,
    )

    house.ask(ADA, evidence=wild)
    house.answer()
    assert house.act(membership.confirm, house.token("confirm", ADA), evidence=wild)

    kept = house.read(lambda session: session.scalars(select(Consent)).all())
    assert [len(act.user_agent or "") for act in kept] == [300, 300]
    assert {act.language for act in kept} == {None}


# ---- answering ----


def test_somebody_new_is_asked_to_confirm_and_reminded_once_a_day_later(house: House) -> None:
    house.ask(ADA)
    house.answer()
    first = house.subjects(ADA)
    house.clock.forward(timedelta(hours=24))
    house.answer()
    house.clock.forward(timedelta(days=2))
    house.answer()

    assert first == ["confirm"]
    assert house.subjects(ADA) == ["confirm", "remind"]
    assert house.status(ADA) is Status.PENDING


def test_the_link_of_the_reminder_works_for_its_whole_time(house: House) -> None:
    house.ask(ADA)
    house.answer()
    house.clock.forward(timedelta(hours=24))
    house.answer()
    house.clock.forward(timedelta(days=6, hours=23))

    assert house.act(membership.confirm, house.token("confirm", ADA), evidence=PRESS)


def test_a_reader_who_confirmed_is_not_reminded(house: House) -> None:
    house.subscribe(ADA)
    house.clock.forward(timedelta(hours=24))
    house.answer()

    assert house.subjects(ADA) == ["confirm"]
    notices = house.read(lambda session: session.scalars(select(Notice).order_by(Notice.id)).all())
    assert [(notice.state, notice.reply) for notice in notices] == [
        (State.ACCEPTED, None),
        (State.WITHDRAWN, "no longer pending"),
    ]


def test_a_reader_who_asks_again_is_told_and_stays_a_reader(house: House) -> None:
    house.subscribe(ADA)
    house.ask("ADA@Example.com")
    house.answer()

    assert house.subjects(ADA) == ["confirm", "already"]
    assert house.status(ADA) is Status.ACTIVE


def test_somebody_who_left_and_asks_again_must_confirm_again(house: House) -> None:
    house.subscribe(ADA)
    house.leave(ADA)
    house.ask(ADA)
    house.answer()

    assert house.subjects(ADA) == ["confirm", "confirm"]
    assert house.status(ADA) is Status.PENDING


@EVERY_WISH
@pytest.mark.parametrize("whole_domain", [False, True])
def test_the_suppressed_get_nothing_whatever_is_asked(house: House, wish: Wish, whole_domain: bool) -> None:
    house.subscribe(ADA)
    if whole_domain:
        house.write(
            lambda session: suppress_domain(session, "example.com", reason=Reason.BLOCKED, now=house.now)
        )
    else:
        house.suppress(ADA)
    house.ask(ADA, wish)
    house.answer()

    assert house.subjects(ADA) == ["confirm"]


@pytest.mark.parametrize("wish", [Wish.LINK, Wish.ERASE])
def test_only_those_we_know_get_a_link_and_the_erased_are_not_known(house: House, wish: Wish) -> None:
    house.subscribe(ADA)
    house.subscribe("bob@example.com")
    house.write(lambda session: erase(session, KEYS.addresses, normalise("bob@example.com"), now=house.now))
    for name in ("ada", "bob", "stranger"):
        house.ask(f"{name}@example.com", wish)
    house.answer()

    assert house.subjects(ADA) == ["confirm", wish.value]
    assert house.subjects("bob@example.com") == ["confirm"]
    assert house.subjects("stranger@example.com") == []
    assert house.person("stranger@example.com") is None


def test_an_answered_form_is_gone_and_its_number_never_comes_again(house: House) -> None:
    for _ in range(2):
        house.ask(ADA)
        house.answer()

    assert house.read(lambda session: session.scalars(select(Request)).all()) == []
    assert house.subjects(ADA) == ["confirm", "confirm"]


def test_the_evidence_of_asking_says_what_was_shown_and_when_the_form_was_sent(house: House) -> None:
    asked_at = house.now
    house.ask(ADA)
    house.clock.forward(timedelta(minutes=5))
    house.answer()
    person = house.person(ADA)
    assert person

    (asked,) = house.read(lambda session: history(session, person.id))
    assert (asked.at, asked.wording, asked.notice_version) == (asked_at, FORM.wording, FORM.notice_version)
    assert (asked.origin, asked.ip) == (FORM.origin, FORM.ip)


def test_the_mail_is_in_the_language_of_the_form_and_a_readers_own_stays(house: House) -> None:
    english = Evidence(origin="form", language="en")
    house.subscribe(ADA)
    house.slug = "cars"

    house.ask(ADA, evidence=english)
    house.ask("bob@example.com", evidence=english)
    house.answer()

    assert house.mails(ADA)[-1].mailing.language == "en"
    ada, bob = house.person(ADA), house.person("bob@example.com")
    assert (ada and ada.language, bob and bob.language) == (None, "en")


def test_nothing_that_was_typed_is_part_of_any_mail(house: House) -> None:
    spam = "BUY-NOW"
    evidence = Evidence(origin=spam, wording=spam, notice_version=spam, user_agent=spam, ip=spam)
    house.ask(f"{spam}@example.com", evidence=evidence)
    house.answer()
    house.ask(f"{spam}@example.com", Wish.LINK, evidence=evidence)
    house.answer()

    assert house.subjects(f"{spam}@example.com") == ["confirm", "link"]
    for kept in house.mails(f"{spam}@example.com"):
        filled = kept.filled
        assert spam.lower() not in f"{kept.mailing.subject}{filled.headers}{filled.text}{filled.html}".lower()


def test_requests_of_each_newsletter_wait_for_its_own_mailer(house: House) -> None:
    house.ask(ADA)
    house.slug = "cars"
    house.ask(ADA)

    assert house.read(requests.waiting) == {SLUG, "cars"}
    house.answer()
    assert house.read(requests.waiting) == {SLUG}
    assert house.status(ADA, SLUG) is None


# ---- limits ----


def test_one_address_gets_three_mails_a_day_whatever_is_asked_and_wherever(house: House) -> None:
    house.subscribe(ADA)
    for wish in (Wish.LINK, Wish.ERASE, Wish.SUBSCRIBE, Wish.LINK):
        house.ask(ADA, wish)
    house.slug = "cars"
    house.ask(ADA)
    house.answer()
    house.slug = SLUG
    house.answer()

    assert len(house.mails(ADA)) == 3


def test_a_list_bomb_sends_three_mails_a_day_and_six_a_week(house: House) -> None:
    """10,000 forms for one address over ten days of one month, by every form there is."""
    house.clock.forward(-timedelta(days=20))
    by_day: Counter[date] = Counter()
    by_week: Counter[int] = Counter()
    for _ in range(20):
        with house.database.sessions.begin() as session:
            for number in range(500):
                wish = list(Wish)[number % 3]
                requests.ask(session, SLUG, normalise(ADA), wish=wish, evidence=FORM, now=house.now)
        before = len(house.mails(ADA))
        house.answer()
        sent = len(house.mails(ADA)) - before
        by_day[house.now.date()] += sent
        by_week[house.now.date().isocalendar().week] += sent
        house.clock.forward(timedelta(hours=12))

    assert max(by_day.values()) == 3
    assert max(by_week.values()) == 6
    assert house.subjects(ADA).count("remind") == 1


def test_one_small_domain_is_not_flooded_and_a_large_provider_is_not_locked_out(house: House) -> None:
    count = PER_DOMAIN.times + 20
    with house.database.sessions.begin() as session:
        for domain in ("victim.example", "qq.com"):
            for number in range(count):
                requests.ask(
                    session,
                    SLUG,
                    normalise(f"r{number}@{domain}"),
                    wish=Wish.SUBSCRIBE,
                    evidence=FORM,
                    now=house.now,
                )
    house.answer()

    sent = Counter(kept.copy.address.partition("@")[2] for kept in house.transport.kept)
    assert sent == {"victim.example": PER_DOMAIN.times, "qq.com": count}
    # Nobody is kept of whom we did not ask anything.
    people = house.read(lambda session: session.scalars(select(Subscriber.domain)).all())
    assert Counter(people) == sent
