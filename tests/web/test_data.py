"""A person's own data, by a link that was mailed within the hour."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from subscribers import Purpose, Status, find, normalise
from tests.web.support import House, a_house


def test_everything_that_is_held_is_shown_and_can_be_taken_away(house: House) -> None:
    path = house.path(Purpose.ERASE, house.reader())

    page, export = house.client.get(path), house.client.get(f"{path}/export")

    assert "li.lei@qq.com" in page.text
    assert "确认了订阅" in page.text
    assert export.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert export.json()["person"]["address"] == "li.lei@qq.com"
    assert [act["event"] for act in export.json()["consent"]] == ["asked", "confirmed"]
    assert (export.json()["editions"], export.json()["reading"]) == ([], [])


def test_being_forgotten_takes_a_tick_and_a_press(house: House) -> None:
    person = house.reader()
    page = house.client.get(house.path(Purpose.ERASE, person))

    unsure = house.press(page)
    before = house.status(person)
    erased = house.press(page, sure="yes")

    assert unsure.status_code == 422
    assert 'id="sure-problem"' in unsure.text
    assert before is Status.ACTIVE
    assert "已经抹去" in erased.text
    assert house.status(person) is Status.LEFT
    with house.app.database.readers() as session:
        forgotten = find(session, house.app.keys.addresses, normalise("li.lei@qq.com"))
        assert forgotten
        assert forgotten.address is None


def test_being_forgotten_twice_is_success_twice(house: House) -> None:
    page = house.client.get(house.path(Purpose.ERASE, house.reader()))

    answers = [house.press(page, sure="yes"), house.press(page, sure="yes"), house.client.get(str(page.url))]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("已经抹去" in answer.text for answer in answers)
    assert house.client.get(f"{page.url}/export").status_code == 404


def test_a_post_without_the_pages_seal_forgets_nobody(house: House) -> None:
    person = house.reader()

    answer = house.client.post(house.path(Purpose.ERASE, person), data={"sure": "yes"})

    assert "请再按一次" in answer.text
    assert house.person("li.lei@qq.com").address


def test_the_link_ends_after_an_hour(house: House) -> None:
    path = house.path(Purpose.ERASE, house.reader())
    page = house.client.get(path)
    house.clock.forward(timedelta(hours=1, minutes=2))

    answers = [house.client.get(path), house.press(page, sure="yes"), house.client.get(f"{path}/export")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert house.person("li.lei@qq.com").address


def test_other_links_of_the_same_person_open_no_data(house: House) -> None:
    person = house.reader()

    for purpose in (Purpose.MANAGE, Purpose.LEAVE, Purpose.CONFIRM, Purpose.DISOWN):
        token = house.path(purpose, person).rpartition("/")[2]
        for path in (f"/data/{token}", f"/data/{token}/export"):
            assert house.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("reading", "says", "does_not"),
    [
        ("off", "不在信里放追踪像素", "天后删除，你也可以查看"),
        ("counts", "只记人数，不记是谁", "不在信里放追踪像素"),
        ("people", "30 天后删除，你也可以查看", "不在信里放追踪像素"),
    ],
)
def test_the_privacy_page_says_what_is_kept_of_reading(
    tmp_path: Path, reading: str, says: str, does_not: str
) -> None:
    house = a_house(tmp_path, feedback={"reading": reading, "trail_days": 30})

    page = house.client.get("/privacy").text
    house.app.close()

    assert says in page
    assert does_not not in page
