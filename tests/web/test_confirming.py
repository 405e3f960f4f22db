"""Confirming: a press of a button by the person who holds the mail, and nothing less."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.delivery import ledger
from newsletter.delivery.tables import Batch, Delivery
from subscribers import Purpose, Reason, Status, Suppression, history, normalise, suppress_address
from tests.support import DAY, a_mailing, new_edition
from tests.web.support import House, hidden


def test_pressing_the_button_subscribes(house: House) -> None:
    person = house.reader(status=Status.PENDING)

    welcome = house.press(house.client.get(house.link("confirm")))

    assert "订好了" in welcome.text
    assert "每天 07:30" in welcome.text
    assert house.status(person) is Status.ACTIVE


def test_the_evidence_says_what_was_shown_and_from_where(house: House) -> None:
    person = house.reader()

    with house.app.database.readers() as session:
        act = history(session, person)[-1]
    assert (act.event, act.origin, act.ip) == ("confirmed", "confirmation page", "203.0.113.7")
    assert act.wording == "全球AI新闻速递\n确认订阅？\n确认订阅"


def test_opening_the_link_only_asks(house: House) -> None:
    person = house.reader(status=Status.PENDING)

    page = house.client.get(house.link("confirm"))

    assert "确认订阅？" in page.text
    assert house.status(person) is Status.PENDING


def test_a_post_without_the_pages_seal_only_shows_the_page(house: House) -> None:
    person = house.reader(status=Status.PENDING)

    answer = house.client.post(house.link("confirm"))

    assert "请再按一次" in answer.text
    assert house.status(person) is Status.PENDING


@pytest.mark.parametrize("waited", [timedelta(hours=1, minutes=1), timedelta(days=2)])
def test_a_page_that_lay_open_takes_a_second_press(house: House, waited: timedelta) -> None:
    person = house.reader(status=Status.PENDING)
    page = house.client.get(house.link("confirm"))
    house.clock.forward(waited)

    stale = house.press(page)
    before = house.status(person)
    house.press(stale)

    assert before is Status.PENDING
    assert house.status(person) is Status.ACTIVE


def test_the_seal_of_one_link_is_worthless_for_another(house: House) -> None:
    house.reader("other@example.com", status=Status.PENDING)
    seal = hidden(house.client.get(house.link("confirm")))
    person = house.reader(status=Status.PENDING)

    house.client.post(house.link("confirm"), data=seal)

    assert house.status(person) is Status.PENDING


def test_confirming_twice_is_success_twice(house: House) -> None:
    person = house.reader(status=Status.PENDING)
    page = house.client.get(house.link("confirm"))

    answers = [house.press(page), house.press(page)]
    again = house.client.get(house.link("confirm"))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert "早已确认" in again.text
    with house.app.database.readers() as session:
        assert [act.event.value for act in history(session, person)].count("confirmed") == 1


def test_a_confirmation_ends_after_a_week(house: House) -> None:
    house.reader(status=Status.PENDING)
    link = house.link("confirm")
    house.clock.forward(timedelta(days=7, minutes=2))

    assert house.client.get(link).status_code == 404


def test_an_old_confirmation_does_not_bring_back_who_left(house: House) -> None:
    person = house.reader(status=Status.PENDING)
    page = house.client.get(house.link("confirm"))
    house.client.post(house.path(Purpose.LEAVE, person))

    assert house.press(page).status_code == 404
    assert house.status(person) is Status.LEFT


def test_somebody_who_is_never_mailed_cannot_confirm(house: House) -> None:
    person = house.reader(status=Status.PENDING)
    page = house.client.get(house.link("confirm"))
    with house.writing() as session:
        digest = house.app.keys.addresses.digest(normalise("li.lei@qq.com"))
        suppress_address(session, digest, reason=Reason.BLOCKED, now=house.clock())

    assert house.press(page).status_code == 404
    assert house.client.get(str(page.url)).status_code == 404
    assert house.status(person) is Status.PENDING


def test_i_never_signed_up(house: House) -> None:
    person = house.reader(status=Status.PENDING)
    link = house.link("confirm", "disown")

    page = house.client.get(link)
    before = house.status(person)
    answers = [house.client.post(link), house.client.post(link), house.client.get(link)]

    assert "不是你订的" in page.text
    assert before is Status.PENDING
    assert house.status(person) is Status.LEFT
    assert all("不会再打扰了" in answer.text for answer in answers)
    with house.app.database.readers() as session:
        assert [one.reason for one in session.scalars(select(Suppression))] == [Reason.REFUSED]


# ---- today's edition ----


def publish(house: House) -> None:
    with house.app.database.snapshot() as session:
        mailings = {"zh-CN": a_mailing()}
        ledger.freeze(session, new_edition(DAY), mailings, batch_size=1000, now=house.clock())


def deliveries(house: House) -> list[int]:
    with house.app.database.readers() as session:
        assert len(session.scalars(select(Batch)).all()) == len(session.scalars(select(Delivery)).all())
        return list(session.scalars(select(Delivery.subscriber_id)))


def test_todays_edition_is_offered_when_there_is_one(house: House) -> None:
    person = house.reader(status=Status.PENDING)
    before = house.client.get(house.link("confirm"))
    publish(house)
    page = house.client.get(house.link("confirm"))

    welcome = house.press(page, today="yes")

    assert "今天这一期" not in before.text
    assert 'name="today" value="yes" checked' in page.text
    assert "今天这一期随后就到" in welcome.text
    assert deliveries(house) == [person]


def test_todays_edition_is_a_choice(house: House) -> None:
    house.reader(status=Status.PENDING)
    publish(house)

    welcome = house.press(house.client.get(house.link("confirm")))

    assert "今天这一期" not in welcome.text
    assert deliveries(house) == []


def test_pressing_twice_owes_todays_edition_once(house: House) -> None:
    person = house.reader(status=Status.PENDING)
    publish(house)
    page = house.client.get(house.link("confirm"))

    house.press(page, today="yes")
    house.press(page, today="yes")

    assert deliveries(house) == [person]
