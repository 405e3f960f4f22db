"""Nobody answers: the next person hears of it after ten minutes, until somebody has it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.alarms import Alarm, Cause, tables
from newsletter.alarms.people import levels
from newsletter.config.alarms import AlarmSettings
from subscribers import Address, Reason, suppress_address
from tests.alarms.support import BASE, PEOPLE, House
from tests.support import DAY, KEYS, SEVEN


def test_the_next_person_is_told_after_ten_minutes_and_so_on_to_the_last(either_house: House) -> None:
    either_house.sound()
    told = {0: either_house.since(0)}
    for minute in range(1, 60):
        before = len(either_house.notices())
        either_house.pass_minutes(1)
        if len(either_house.notices()) > before:
            told[minute] = either_house.since(before)

    assert told == {0: ["zhang"], 10: ["li"], 20: ["wang", "zhao"]}
    assert [(hook.target, hook.content["level"]) for hook in either_house.hooks()] == [
        ("desk", 1),
        ("boss", 3),
    ]
    assert either_house.alarm().next_level_at is None


def test_a_worker_that_was_away_goes_on_with_one_level_at_a_time(house: House) -> None:
    house.sound()

    house.pass_minutes(120)
    at_once = house.since(1)
    house.pass_minutes(10)

    assert at_once == ["li"]
    assert house.since(2) == ["wang", "zhao"]


@pytest.mark.parametrize("reason", [Reason.COMPLAINED, Reason.BOUNCED])
def test_whoever_mail_does_not_reach_is_passed_over_and_the_next_hears_at_once(
    house: House, reason: Reason
) -> None:
    house.settings = AlarmSettings.model_validate(PEOPLE | {"webhooks": []})
    with house.database.sessions.begin() as session:
        hashed = KEYS.addresses.digest(Address("zhang@example.com"))
        suppress_address(session, hashed, reason=reason, now=SEVEN)

    house.sound()
    at_once = house.told()
    house.pass_minutes(10)

    assert at_once == ["li"]
    assert house.since(1) == ["wang", "zhao"]


def test_alarms_are_forgotten_after_more_than_a_year_with_all_that_was_told(either_house: House) -> None:
    either_house.sound()
    either_house.clock.forward(timedelta(days=300))
    either_house.sound(day=DAY + timedelta(days=300))
    now = either_house.clock() + timedelta(days=101)

    with either_house.database.sessions.begin() as session:
        tables.forget(session, before=now - timedelta(days=400))

    with either_house.database.readers() as session:
        (left,) = session.scalars(select(Alarm)).all()
        told = {one.alarm_id for one in session.scalars(select(tables.Told))}
    assert (left.day, told) == (DAY + timedelta(days=300), {left.id})
    assert {hook.alarm_id for hook in either_house.hooks()} == {left.id}


def test_acknowledging_stops_it_and_twice_is_success_twice(house: House) -> None:
    house.sound()

    first = house.acknowledge("张三")
    second = house.acknowledge("Li Si")

    assert first
    assert second
    assert second.acknowledged_by == "张三"
    assert house.pass_minutes(600) == 0
    assert house.since(1) == []


def test_what_nobody_knows_cannot_be_acknowledged(house: House) -> None:
    assert house.acknowledge(alarm_id=4711) is None


def test_everyone_reads_who_is_next_and_when_in_their_language(house: House) -> None:
    house.sound()
    house.pass_minutes(10)

    first, second = (house.mail(n) for n in (0, 1))

    assert first.language == "zh-CN"
    assert "07:10 之前没有人接手，就通知Li Si。" in first.text.fill({})
    assert second.language == "en"
    assert "If nobody takes it by 07:20, 王五, 赵六 will be told." in second.text.fill({})


def test_a_link_names_whoever_it_was_given_to_and_nothing_else(house: House) -> None:
    house.sound()
    house.pass_minutes(10)
    found = re.search(rf"{BASE}/alarm/(\S+)", house.mail().text.fill({}))
    assert found

    with house.database.readers() as session:
        told = house.alarms.holder(session, found[1], now=house.clock())
        wrong = house.alarms.holder(session, found[1][:-1] + "_", now=house.clock())
        old = house.alarms.holder(session, found[1], now=SEVEN + timedelta(days=8))

    assert told
    assert (told.name, told.alarm_id) == ("Li Si", 1)
    assert (wrong, old) == (None, None)


def test_an_alarm_goes_before_what_readers_wait_for(house: House) -> None:
    house.sound(Cause.MISSING)

    assert {notice.priority for notice in house.notices()} == {9}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"email": ["ops@example.com"]}, {1: ["ops"]}),
        (PEOPLE, {1: ["张三", "desk"], 2: ["Li Si"], 3: ["王五", "赵六", "boss"]}),
        (PEOPLE | {"email": ["ops@example.com", "zhang@example.com"]}, {1: ["张三", "ops", "desk"]}),
        (
            {
                "people": [{"name": "张三", "webhook": "his"}, {"name": "李四", "email": "li@example.com"}],
                "webhooks": [{"name": "his", "url": "https://hooks.example.com/", "levels": [5]}],
            },
            {1: ["张三"], 2: ["李四"]},
        ),
    ],
)
def test_people_are_told_in_the_order_they_are_written(
    settings: dict[str, object], expected: dict[int, list[str]]
) -> None:
    found = levels(AlarmSettings.model_validate(settings))

    assert {level: [each.name for each in found[level]] for level in expected} == expected
