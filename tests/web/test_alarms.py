"""The page behind an alarm's link: it shows, a button takes it, and the link can do nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from httpx2 import Response

from newsletter.alarms import Alarm, Cause
from subscribers import Purpose
from tests.support import DAY, SLUG
from tests.web.support import House


def raise_alarm(house: House) -> str:
    """Let an edition be held; return the path of the link in the first person's mail."""
    with house.writing() as session:
        house.app.alarms.sound(session, Cause.HELD, newsletter=SLUG, day=DAY, now=house.clock())
    return house.link("alarm")


def the_alarm(house: House) -> Alarm:
    with house.app.database.readers() as session:
        return session.get_one(Alarm, 1)


def escalate(house: House) -> int:
    house.clock.forward(timedelta(minutes=10))
    with house.writing() as session:
        return house.app.alarms.advance(session, now=house.clock())


def test_the_button_takes_it_and_nobody_else_is_told(house: House) -> None:
    page = house.client.get(raise_alarm(house))

    taken = house.press(page)

    assert "还没有人接手" in page.text
    assert "张三 在 07:00 接手了" in taken.text
    assert the_alarm(house).acknowledged_by == "张三"
    assert escalate(house) == 0


def test_twice_is_success_twice_and_the_first_one_stays(house: House) -> None:
    first = house.client.get(raise_alarm(house))
    escalate(house)
    second = house.client.get(house.link("alarm"))

    answers = [house.press(page) for page in (second, second, first)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert the_alarm(house).acknowledged_by == "李四"
    assert "李四 在" in answers[-1].text


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_scanner_takes_nothing_whatever_it_sends_without_reading(house: House, method: str) -> None:
    path = raise_alarm(house)
    before = house.everything()

    answer = house.client.request(method, path)

    assert answer.status_code == 200
    assert house.everything() == before


def test_the_page_is_not_kept_and_not_found_by_search(house: House) -> None:
    answer = house.client.get(raise_alarm(house))

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "script" not in answer.text


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.ACKNOWLEDGE])
def test_a_link_for_anything_else_opens_no_alarm_and_the_reverse(house: House, purpose: Purpose) -> None:
    ours = raise_alarm(house).removeprefix("/alarm/")
    theirs = house.path(purpose, 1).rpartition("/")[2]

    answers = [
        house.client.get(f"/alarm/{theirs}"),
        house.client.get(house.path(purpose, 1).replace(theirs, ours)),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("wrong", ["x", "1.ai_daily.1.abc.xxxxxxxxxxxxxxxxxxxxxx", "1.ai_daily.99.t4kkk0.{}"])
def test_a_wrong_link_gets_the_one_plain_page(house: House, wrong: str) -> None:
    signature = raise_alarm(house).rpartition(".")[2]

    answers = [house.client.get(f"/alarm/{wrong.format(signature)}"), house.client.get("/manage/x")]

    assert answers[0].status_code == 404
    assert main_of(answers[0]) == main_of(answers[1])


def test_a_link_ends_after_a_week(house: House) -> None:
    path = raise_alarm(house)
    house.clock.forward(timedelta(days=7, minutes=2))

    assert house.client.get(path).status_code == 404


def test_after_the_all_clear_there_is_nothing_to_take(house: House) -> None:
    page = house.client.get(raise_alarm(house))
    with house.writing() as session:
        house.app.alarms.clear(session, newsletter=SLUG, day=DAY, now=house.clock())

    pressed = house.press(page)

    assert "已经解除" in pressed.text
    assert "<button" not in pressed.text
    assert the_alarm(house).acknowledged_at is None


def test_without_a_public_address_mails_hold_no_link_but_a_command(house: House) -> None:
    settings = house.app.settings.model_copy(update={"public_url": ""})
    house.app.settings = settings

    with house.writing() as session:
        house.app.alarms.sound(session, Cause.HELD, newsletter=SLUG, day=DAY, now=house.clock())

    assert b"newsletter alarms ack 1" in house.mails("alarm")[0].mailing
    assert b"/alarm/" not in house.mails("alarm")[0].mailing


def main_of(answer: Response) -> str:
    return answer.text.partition("<main>")[2].partition("</main>")[0]
