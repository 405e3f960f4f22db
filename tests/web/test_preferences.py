"""The reader's own page: each button does what it says, and the page says how things stand."""

from __future__ import annotations

from datetime import date

import pytest

from newsletter.signup.mail import Mail
from subscribers import Cadence, Purpose, Reason, Status, normalise, suppress_address
from tests.support import SLUG
from tests.web.support import House


def press(house: House, person: int, **fields: str) -> str:
    answer = house.client.post(house.path(Purpose.MANAGE, person), data=fields)
    assert answer.status_code == 200
    return answer.text


def test_back_on_monday_in_one_press(house: House) -> None:
    person = house.reader()

    text = press(house, person, act="monday")

    assert house.listed(person).paused_until == date(2026, 11, 30)
    assert "已暂停，2026年11月30日（星期一）恢复" in text


def test_a_pause_until_a_day_and_on_again(house: House) -> None:
    person = house.reader()

    press(house, person, act="pause", until="2027-02-14")
    until = house.listed(person).paused_until
    text = press(house, person, act="resume")

    assert until == date(2027, 2, 14)
    assert house.listed(person).paused_until is None
    assert "已恢复" in text


@pytest.mark.parametrize(
    "until", ["", "2026-11-23", "2020-01-01", "2031-01-01", "tomorrow", "2026-02-30", "9" * 50]
)
def test_a_day_that_is_none_is_said_beside_the_field(house: House, until: str) -> None:
    person = house.reader()

    answer = house.client.post(house.path(Purpose.MANAGE, person), data={"act": "pause", "until": until})

    assert answer.status_code == 422
    assert 'aria-describedby="until-problem"' in answer.text
    assert house.listed(person).paused_until is None


def test_how_often_and_in_which_language(house: House) -> None:
    person = house.reader()

    text = press(house, person, act="prefer", cadence="weekdays", language="en")

    assert house.listed(person).cadence is Cadence.WEEKDAYS
    assert house.person("li.lei@qq.com").language == "en"
    assert "Your subscription" in text


def test_what_is_no_choice_of_ours_changes_nothing(house: House) -> None:
    person = house.reader()

    press(house, person, act="prefer", cadence="hourly", language="tlh")
    press(house, person, act="promote", status="active")

    assert house.listed(person).cadence is Cadence.DAILY
    assert house.person("li.lei@qq.com").language == "zh-CN"


def test_the_address_is_masked_because_mails_are_forwarded(house: House) -> None:
    text = house.client.get(house.path(Purpose.MANAGE, house.reader())).text

    assert "l***@qq.com" in text
    assert "li.lei" not in text


def test_moving_takes_a_yes_from_both_mailboxes(house: House) -> None:
    person = house.reader()
    text = press(house, person, act="move", address="lei@example.com")
    new, old = house.link("move_new", "move"), house.link("move_old", "move")

    pages = [house.client.get(new), house.client.get(old)]
    first = house.client.post(new)
    before = house.listed(person), house.person("li.lei@qq.com").id
    second = house.client.post(old)

    assert "两个邮箱都寄了信" in text
    assert all("换到新邮箱" in page.text for page in pages)
    assert all("lei@example.com" in page.text for page in pages)  # whoever agrees sees to what
    assert "还差另一边" in first.text
    assert before[1] == person
    assert "换好了" in second.text
    assert house.person("lei@example.com").id == person
    assert "换好了" in house.client.get(new).text


def test_a_move_to_no_address_is_said_beside_the_field(house: House) -> None:
    person = house.reader()

    answer = house.client.post(house.path(Purpose.MANAGE, person), data={"act": "move", "address": "lei@"})

    assert answer.status_code == 422
    assert 'id="address-problem"' in answer.text


def test_a_move_says_the_same_whether_or_not_the_new_address_is_known(house: House) -> None:
    person = house.reader()
    house.reader("known@example.com")

    said = {press(house, person, act="move", address=f"{who}@example.com") for who in ("known", "other")}

    assert len(said) == 1


def test_the_link_to_ones_data_is_mailed_afresh(house: House) -> None:
    person = house.reader()

    text = press(house, person, act="data")
    house.work()

    assert "链接已经寄出" in text
    assert "/data/" not in text
    assert house.client.get(house.link(Mail.ERASE, "data")).status_code == 200


def test_whoever_left_may_ask_to_come_back(house: House) -> None:
    person = house.reader(status=Status.LEFT)

    text = press(house, person, act="again")
    house.work()

    assert "确认信已经寄出" in text
    assert house.status(person) is Status.PENDING


def test_an_active_reader_is_not_asked_to_confirm_again(house: House) -> None:
    person = house.reader()
    before = len(house.mails())

    press(house, person, act="again")
    house.work()

    assert len(house.mails()) == before


def test_an_address_that_is_never_mailed_is_told_so(house: House) -> None:
    person = house.reader()
    with house.writing() as session:
        digest = house.app.keys.addresses.digest(normalise("li.lei@qq.com"))
        suppress_address(session, digest, reason=Reason.BOUNCED, now=house.clock())

    text = house.client.get(house.path(Purpose.MANAGE, person)).text

    assert "停寄" in text
    assert 'name="act" value="monday"' not in text


def test_the_page_of_a_newsletter_that_is_no_longer_configured_still_opens(house: House) -> None:
    path = house.path(Purpose.MANAGE, house.reader())
    del house.app.settings.newsletters[SLUG]

    assert house.client.get(path).status_code == 200
    assert house.client.post(path, data={"act": "move", "address": "a@example.com"}).status_code == 200
    assert house.client.post(path, data={"act": "data"}).status_code == 200
