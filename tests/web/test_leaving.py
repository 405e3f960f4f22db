"""Leaving: at once, by whatever a mailbox provider may send (RFC 8058), and back within the hour."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from subscribers import Cadence, Purpose, Reason, Status, history, normalise, suppress_address
from tests.support import SLUG
from tests.web.support import House

ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
# Content-Type and body, as providers and their libraries write them.
VARIANTS = {
    "urlencoded": ("application/x-www-form-urlencoded", ONE_CLICK.encode()),
    "urlencoded with a charset": ("application/x-www-form-urlencoded; charset=UTF-8", ONE_CLICK.encode()),
    "multipart": ("multipart/form-data; boundary=b", MULTIPART),
    "multipart, quoted boundary": ('multipart/form-data; boundary="b"', MULTIPART),
    "multipart, torn": ("multipart/form-data; boundary=b", MULTIPART[:-20]),
    "multipart without a boundary": ("multipart/form-data", MULTIPART),
    "no body": ("application/x-www-form-urlencoded", b""),
    "plain text": ("text/plain", ONE_CLICK.encode()),
    "json": ("application/json", b"{}"),
    "nonsense": ("application/x-www-form-urlencoded", b"%ff%fe=\x00&;;=&=\xff"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_click_leaves_at_once(house: House, variant: str) -> None:
    person = house.reader()
    content_type, body = VARIANTS[variant]

    answer = house.visitor("198.51.100.9").post(
        house.path(Purpose.LEAVE, person), content=body, headers={"content-type": content_type}
    )

    assert answer.status_code == 200
    assert not answer.has_redirect_location
    assert "set-cookie" not in answer.headers
    assert house.status(person) is Status.LEFT


def test_one_click_answers_shortly(house: House) -> None:
    path = house.path(Purpose.LEAVE, house.reader())

    answer = house.client.post(path, data={"List-Unsubscribe": "One-Click"})

    assert len(answer.content) < 100
    assert answer.headers["content-type"].startswith("text/plain")


def test_one_click_needs_no_content_type(house: House) -> None:
    person = house.reader()

    answer = house.client.post(house.path(Purpose.LEAVE, person))

    assert (answer.status_code, house.status(person)) == (200, Status.LEFT)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "null"},
        {"origin": "https://mail.google.com", "sec-fetch-site": "cross-site"},
        {"cookie": "session=of-somebody", "origin": "https://evil.example"},
        {"referer": "https://evil.example/"},
        {"user-agent": ""},
        {"accept": "application/json"},
    ],
)
def test_one_click_asks_for_no_origin_and_no_cookie(house: House, headers: dict[str, str]) -> None:
    person = house.reader()

    answer = house.client.post(
        house.path(Purpose.LEAVE, person), data={"List-Unsubscribe": "One-Click"}, headers=headers
    )

    assert (answer.status_code, house.status(person)) == (200, Status.LEFT)


def test_a_trailing_slash_is_no_reason_for_a_redirect(house: House) -> None:
    person = house.reader()

    answer = house.client.post(
        f"{house.path(Purpose.LEAVE, person)}/", data={"List-Unsubscribe": "One-Click"}
    )

    assert (answer.status_code, house.status(person)) == (200, Status.LEFT)


def test_leaving_twice_is_success_twice(house: House) -> None:
    person = house.reader()
    path = house.path(Purpose.LEAVE, person)

    answers = [house.client.post(path, data={"List-Unsubscribe": "One-Click"}) for _ in range(2)]

    assert answers[0].content == answers[1].content
    with house.app.database.readers() as session:
        assert [act.event.value for act in history(session, person)].count("left") == 1


def test_a_link_from_the_oldest_mail_still_works(house: House) -> None:
    person = house.reader()
    path = house.path(Purpose.LEAVE, person)
    house.clock.forward(timedelta(days=4000))

    assert house.client.post(path).status_code == 200
    assert house.status(person) is Status.LEFT


def test_opening_the_link_only_asks(house: House) -> None:
    person = house.reader()

    page = house.client.get(house.path(Purpose.LEAVE, person))

    assert '<button class="main" name="act" value="leave">退订</button>' in page.text
    assert "l***@qq.com" in page.text
    assert "li.lei" not in page.text
    assert house.status(person) is Status.ACTIVE


def test_the_button_leaves_and_offers_to_take_it_back(house: House) -> None:
    person = house.reader()

    goodbye = house.client.post(house.path(Purpose.LEAVE, person), data={"act": "leave", "reason": "often"})
    undo = goodbye.text.partition('action="')[2].partition('"')[0]
    left = house.status(person)
    back = house.client.post(undo)

    assert left is Status.LEFT
    assert "欢迎回来" in back.text
    assert house.status(person) is Status.ACTIVE
    with house.app.database.readers() as session:
        assert [act.origin for act in history(session, person)][-2:] == ["leave page (often)", "goodbye page"]


def test_a_reason_is_one_of_ours_or_none(house: House) -> None:
    person = house.reader()

    house.client.post(house.path(Purpose.LEAVE, person), data={"act": "leave", "reason": "<script>"})

    with house.app.database.readers() as session:
        assert [act.origin for act in history(session, person)][-1] == "leave page"


def test_taking_it_back_works_for_an_hour(house: House) -> None:
    person = house.reader()
    goodbye = house.client.post(house.path(Purpose.LEAVE, person), data={"act": "leave"})
    undo = goodbye.text.partition('action="')[2].partition('"')[0]
    house.clock.forward(timedelta(hours=1, minutes=2))

    assert house.client.get(undo).status_code == 404
    assert house.client.post(undo).status_code == 404
    assert house.status(person) is Status.LEFT


def test_opening_the_link_to_take_it_back_only_asks(house: House) -> None:
    person = house.reader(status=Status.LEFT)

    page = house.client.get(house.path(Purpose.UNDO, person))

    assert "收回退订" in page.text
    assert house.status(person) is Status.LEFT


def test_whoever_complained_is_offered_no_way_back(house: House) -> None:
    person = house.reader()
    with house.writing() as session:
        digest = house.app.keys.addresses.digest(normalise("li.lei@qq.com"))
        suppress_address(session, digest, reason=Reason.COMPLAINED, now=house.clock())
    path = house.path(Purpose.LEAVE, person)

    goodbye, page = house.client.post(path), house.client.get(path)

    assert "收回" not in goodbye.text
    assert "重新订阅" not in page.text


def test_leaving_one_list_leaves_the_other_alone(house: House) -> None:
    person = house.reader()
    join_robots(house)

    house.client.post(house.path(Purpose.LEAVE, person), data={"act": "leave"})

    assert house.status(person) is Status.LEFT
    assert house.status(person, "robots") is Status.ACTIVE


def test_leaving_everything_at_once(house: House) -> None:
    person = house.reader()
    join_robots(house)
    page = house.client.get(house.path(Purpose.LEAVE, person))

    answer = house.client.post(str(page.url), data={"act": "leave", "everything": "yes"})

    assert "也退订这里的另一份" in page.text
    assert "任何一份" in answer.text
    assert {house.status(person), house.status(person, "robots")} == {Status.LEFT}


def test_leaving_everything_is_not_for_mailbox_providers(house: House) -> None:
    person = house.reader()
    join_robots(house)

    fields = {"List-Unsubscribe": "One-Click", "everything": "yes"}
    house.client.post(house.path(Purpose.LEAVE, person), data=fields)

    assert house.status(person, "robots") is Status.ACTIVE


@pytest.mark.parametrize(
    ("act", "until", "cadence"),
    [
        ("monday", date(2026, 11, 30), Cadence.DAILY),
        ("month", date(2026, 12, 23), Cadence.DAILY),
        ("weekdays", None, Cadence.WEEKDAYS),
        ("weekly", None, Cadence.WEEKLY),
    ],
)
def test_getting_less_in_place_of_leaving(
    house: House, act: str, until: date | None, cadence: Cadence
) -> None:
    person = house.reader()

    answer = house.client.post(house.path(Purpose.LEAVE, person), data={"act": act})

    listed = house.listed(person)
    assert "照你说的办了" in answer.text
    assert (listed.status, listed.paused_until, listed.cadence) == (Status.ACTIVE, until, cadence)


def test_coming_back_later_takes_a_new_confirmation(house: House) -> None:
    person = house.reader(status=Status.LEFT)
    house.clock.forward(timedelta(days=2))
    path = house.path(Purpose.LEAVE, person)

    house.client.post(path, data={"act": "again"})
    house.work()
    before = house.status(person)
    house.press(house.client.get(house.link("confirm")))

    assert "重新订阅" in house.client.get(path).text or house.status(person) is Status.ACTIVE
    assert before is Status.PENDING
    assert house.status(person) is Status.ACTIVE


@pytest.mark.parametrize("path", ["/leave/test", "/manage/test", "/leave/sample", "/manage/sample"])
def test_the_links_of_a_test_mail_explain_themselves_and_change_nothing(house: House, path: str) -> None:
    house.reader()
    before = house.everything()

    answers = [house.client.get(path), house.client.post(path, data={"List-Unsubscribe": "One-Click"})]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("测试邮件" in answer.text for answer in answers)
    assert house.everything() == before


def test_leaving_a_newsletter_that_is_no_longer_configured(house: House) -> None:
    person = house.reader()
    path = house.path(Purpose.LEAVE, person)
    del house.app.settings.newsletters[SLUG]

    assert house.client.get(path).status_code == 200
    assert house.client.post(path).status_code == 200
    assert house.status(person) is Status.LEFT


def join_robots(house: House) -> None:
    """Let the reader subscribe to the other newsletter too."""
    house.client.post("/robots", data={"address": "li.lei@qq.com"})
    house.work()
    house.press(house.client.get(house.link("confirm")))
