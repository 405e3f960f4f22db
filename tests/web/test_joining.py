"""Signing up: one press for a person, the same answer for everybody, and evidence of what was agreed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from httpx2 import Response
from sqlalchemy import event, select

from newsletter.signup.requests import Request, Wish
from subscribers import Purpose, Reason, Status, normalise, suppress_address
from tests.support import SLUG
from tests.web.support import TYPING, House, a_house, hidden


def asked(house: House) -> list[Request]:
    with house.app.database.readers() as session:
        return list(session.scalars(select(Request).order_by(Request.id)))


def test_one_press_after_typing_asks_for_a_confirmation(house: House) -> None:
    answer = house.sign_up("li.lei@qq.com")

    house.work()
    assert answer.status_code == 200
    assert "去邮箱看一眼" in answer.text
    assert [mail.purpose for mail in house.mails()] == ["confirm", "remind"]


def test_the_answer_names_the_mailbox_and_how_it_trusts_us(house: House) -> None:
    qq, unknown = house.sign_up("a@foxmail.com").text, house.sign_up("a@example.com").text

    assert 'href="https://mail.qq.com/"' in qq
    assert "白名单" in qq
    assert '<a class="button' not in unknown
    assert "news@example.com" in unknown


def test_a_slip_of_the_finger_is_pointed_out(house: House) -> None:
    assert "是不是想写 @gmail.com" in house.sign_up("a@gamil.com").text


@pytest.mark.parametrize("typed", ["ＬＩ．ＬＥＩ＠ＱＱ．ＣＯＭ", " Li.Lei@qq.com ", "li.lei@qq。com"])
def test_what_a_chinese_keyboard_types_is_understood(house: House, typed: str) -> None:
    house.sign_up(typed)

    assert [request.address for request in asked(house)] == ["li.lei@qq.com"]


@pytest.mark.parametrize(
    "typed", ["", "li.lei", "li.lei@", "a b@c.com", "\0@\ud800.com", "a@b", "x" * 400 + "@qq.com"]
)
def test_what_is_no_address_is_said_beside_the_field(house: House, typed: str) -> None:
    answer = house.sign_up(typed.encode("utf-8", "replace").decode())

    assert answer.status_code == 422
    assert 'aria-invalid="true" aria-describedby="address-problem"' in answer.text
    assert asked(house) == []


def test_the_answer_is_the_same_byte_for_byte_whoever_it_is(house: House) -> None:
    house.reader("isactive@example.com")
    house.reader("ispended@example.com", status=Status.PENDING)
    house.reader("has_left@example.com", status=Status.LEFT)
    with house.writing() as session:
        digest = house.app.keys.addresses.digest(normalise("is_never@example.com"))
        suppress_address(session, digest, reason=Reason.COMPLAINED, now=house.clock())

    said = set()
    for person in ("isactive", "ispended", "has_left", "is_never", "nobody_x"):
        answer = house.sign_up(f"{person}@example.com")
        said.add((answer.status_code, answer.text.replace(person, ""), str(sorted(answer.headers.items()))))

    assert len(said) == 1


def test_the_work_is_the_same_whoever_it_is(house: House) -> None:
    house.reader("active@example.com")
    statements: list[str] = []
    event.listen(house.app.database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    done = []
    for person in ("active", "unknown"):
        page = house.client.get(f"/{SLUG}")
        house.clock.forward(TYPING)
        statements.clear()
        house.client.post(f"/{SLUG}", data=hidden(page) | {"address": f"{person}@example.com"})
        done.append(list(statements))

    assert done[0] == done[1]


def test_the_words_agreed_to_are_kept(house: House) -> None:
    house.sign_up("li.lei@qq.com")

    request = asked(house)[0]
    page = house.client.get(f"/{SLUG}").text
    assert request.wording
    assert request.wording.split("写在")[0] in page
    assert (request.origin, request.notice_version, request.language) == ("sign-up page", "1", "zh-CN")
    assert (request.ip, request.user_agent) == ("203.0.113.7", "testclient")


def test_a_machine_that_fills_every_field_is_thanked_and_ignored(house: House) -> None:
    answer = house.sign_up("li.lei@qq.com", website="https://spam.example")

    assert answer.text == house.sign_up("li.lei@qq.com").text
    assert len(asked(house)) == 1


def test_a_form_that_comes_back_at_once_is_shown_again(house: House) -> None:
    page = house.client.get(f"/{SLUG}")
    at_once = house.client.post(f"/{SLUG}", data=hidden(page) | {"address": "li.lei@qq.com"})
    house.clock.forward(TYPING)
    again = house.client.post(f"/{SLUG}", data=hidden(at_once) | {"address": "li.lei@qq.com"})

    assert 'value="li.lei@qq.com"' in at_once.text
    assert "再按一次" in at_once.text
    assert "去邮箱看一眼" in again.text
    assert len(asked(house)) == 1


def test_a_page_that_lay_open_for_days_still_works_with_a_second_press(house: House) -> None:
    page = house.client.get(f"/{SLUG}")
    house.clock.forward(timedelta(days=3))
    late = house.client.post(f"/{SLUG}", data=hidden(page) | {"address": "li.lei@qq.com"})

    house.clock.forward(TYPING)
    house.client.post(f"/{SLUG}", data=hidden(late) | {"address": "li.lei@qq.com"})

    assert len(asked(house)) == 1


def test_a_plain_form_on_another_site_signs_up(house: House) -> None:
    headers = {"origin": "https://blog.example", "sec-fetch-site": "cross-site"}

    answer = house.client.post(f"/{SLUG}", data={"address": "li.lei@qq.com"}, headers=headers)

    assert "去邮箱看一眼" in answer.text
    assert [(one.origin, one.wording) for one in asked(house)] == [("form on https://blog.example", None)]


def test_addresses_go_abroad_only_with_an_agreement_of_its_own(tmp_path: Path) -> None:
    house = a_house(tmp_path, abroad="Twilio SendGrid（美国）")

    without = house.sign_up("li.lei@qq.com")
    given = house.sign_up("li.lei@qq.com", abroad="yes")

    assert without.status_code == 422
    assert 'id="abroad-problem"' in without.text
    assert " checked" not in house.client.get(f"/{SLUG}").text
    assert given.status_code == 200
    assert "Twilio SendGrid（美国）" in (asked(house)[0].wording or "")
    house.app.close()


@pytest.mark.parametrize(("wish", "kept"), [("link", Wish.LINK), ("erase", Wish.ERASE), ("x", Wish.LINK)])
def test_send_me_my_link(house: House, wish: str, kept: Wish) -> None:
    page = house.client.get(f"/{SLUG}/link")
    house.clock.forward(TYPING)

    fields = hidden(page) | {"address": "li.lei@qq.com", "wish": wish}
    answer = house.client.post(f"/{SLUG}/link", data=fields)

    assert "如果" in answer.text
    assert [request.wish for request in asked(house)] == [kept]


def test_a_mailed_link_opens_the_readers_own_page(house: House) -> None:
    house.reader("li.lei@qq.com")
    page = house.client.get(f"/{SLUG}/link")
    house.clock.forward(TYPING)
    house.client.post(f"/{SLUG}/link", data=hidden(page) | {"address": "li.lei@qq.com"})
    house.work()

    assert "管理订阅" in house.client.get(house.link("link", "manage")).text


def languages(house: House, path: str, **headers: str) -> tuple[str, str]:
    answer: Response = house.client.get(path, headers=headers)
    return answer.headers["content-language"], answer.text.partition('lang="')[2].partition('"')[0]


def test_a_page_speaks_the_visitors_language(house: House) -> None:
    english = {"accept-language": "en-GB,en;q=0.9,zh;q=0.4"}

    assert languages(house, f"/{SLUG}") == ("zh-CN", "zh-CN")
    assert languages(house, "/robots") == ("en", "en")
    assert languages(house, f"/{SLUG}", **english) == ("en", "en")
    assert languages(house, f"/{SLUG}?lang=zh-CN", **english) == ("zh-CN", "zh-CN")
    assert languages(house, f"/{SLUG}?lang=tlh", **english) == ("en", "en")


def test_a_readers_own_language_goes_before_the_browsers(house: House) -> None:
    person = house.reader()

    path = house.path(Purpose.MANAGE, person)

    assert languages(house, path, **{"accept-language": "en"}) == ("zh-CN", "zh-CN")


def test_the_only_newsletter_is_the_front_page(tmp_path: Path) -> None:
    house = a_house(tmp_path)
    assert "Robots Weekly" in house.client.get("/").text
    del house.app.settings.newsletters["robots"]

    answer = house.client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (302, f"/{SLUG}")
    house.app.close()


def test_a_newsletter_that_is_not_ours_is_a_page_that_is_not_there(house: House) -> None:
    for path in ("/nothing", "/nothing/link"):
        assert house.client.get(path).status_code == 404
        assert house.client.post(path, data={"address": "a@example.com"}).status_code == 404


def test_our_own_privacy_notice_may_be_replaced(tmp_path: Path) -> None:
    house = a_house(tmp_path, privacy_notice="第一段 <b>\n\n第二段", privacy_version="2026-11")

    text = house.client.get("/privacy").text

    assert "<p>第一段 &lt;b&gt;</p>" in text
    assert "<p>第二段</p>" in text
    assert "2026-11" in text
    house.app.close()
