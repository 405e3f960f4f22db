"""Logging in and out: what lets one in, how long it holds, and what it never tells."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter.alarms import Cause
from newsletter.people import invitations, people, second, totp
from newsletter.people.rights import ALL, Role
from newsletter.people.tables import Login, Person
from newsletter.web.site import Site
from tests.support import DAY, SLUG
from tests.web.people.support import OURS, PASSWORD, US, add, admin, browser_of, log_in
from tests.web.support import House

COOKIE = "__Host-staff"


def is_in(client: object) -> bool:
    return client.get("/staff").status_code == 200  # type: ignore[attr-defined]  # a browser


def test_the_first_admin_comes_in_by_a_link_that_works_once(house: House) -> None:
    with house.writing() as session:
        secret = invitations.first(session, now=house.clock())
    form = {
        "address": "zhang@example.com",
        "name": "张三",
        "password": PASSWORD,
        "again": PASSWORD,
    }
    page = f"/staff/welcome/{secret}"

    opened = house.client.get(page)
    came = house.client.post(page, data=form, headers=OURS)
    again = house.visitor().post(page, data=form, headers=OURS)

    assert opened.status_code == 200
    assert came.status_code == 303
    assert is_in(house.client)
    assert again.status_code == 404
    with house.writing() as session:
        assert people.held(session, 1) == ((ALL, Role.ADMIN),)
        assert invitations.first(session, now=house.clock()) is None


def test_a_link_for_the_first_admin_ends_after_an_hour(house: House) -> None:
    with house.writing() as session:
        secret = invitations.first(session, now=house.clock())
    house.clock.forward(timedelta(hours=1))

    assert house.client.get(f"/staff/welcome/{secret}").status_code == 404


def test_the_cookie_is_hard_to_steal_and_is_not_what_the_database_holds(house: House) -> None:
    add(house, "zhang")

    answer = log_in(house, "zhang")

    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{COOKIE}="))
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Max-Age" not in cookie  # it ends with the browser
    secret = cookie.partition("=")[2].partition(";")[0]
    with house.writing() as session:
        assert secret.encode() not in session.scalars(select(Login.secret_hash)).one()


def test_a_login_never_keeps_a_secret_that_was_there_before(house: House) -> None:
    add(house, "zhang")
    planted = house.visitor()
    log_in(house, "zhang", client=planted)
    before = planted.cookies[COOKIE]
    house.client.cookies.set(COOKIE, before, domain="news.example.com", path="/")

    log_in(house, "zhang")

    assert house.client.cookies[COOKIE] != before
    assert not is_in(planted)


def test_a_stranger_and_a_wrong_password_get_the_same_answer(house: House) -> None:
    add(house, "zhang")

    wrong = log_in(house, "zhang", password="not this one at all")
    nobody = log_in(house, "nobody")

    assert (wrong.status_code, nobody.status_code) == (422, 422)
    assert wrong.text.replace("zhang@", "nobody@") == nobody.text


def test_one_network_may_not_try_for_long_and_the_right_password_waits_too(house: House) -> None:
    add(house, "zhang")

    for _ in range(8):
        log_in(house, "zhang", password="not this one at all")

    assert log_in(house, "zhang").status_code == 429
    assert log_in(house, "zhang", client=house.visitor("198.51.100.9")).status_code == 303
    house.clock.forward(timedelta(minutes=15))
    assert log_in(house, "zhang").status_code == 303


def test_a_login_that_is_not_used_ends_and_one_that_is_used_ends_too(house: House) -> None:
    add(house, "zhang")
    log_in(house, "zhang")

    house.clock.forward(timedelta(hours=11))
    assert is_in(house.client)
    house.clock.forward(timedelta(hours=11))
    assert is_in(house.client)  # it was used in between
    house.clock.forward(timedelta(hours=12))
    assert not is_in(house.client)

    log_in(house, "zhang")
    for _ in range(7 * 24 // 6):
        assert is_in(house.client)
        house.clock.forward(timedelta(hours=6))
    assert not is_in(house.client)


def test_a_remembered_device_is_remembered_when_the_browser_was_closed(house: House) -> None:
    add(house, "zhang")

    answer = log_in(house, "zhang", remember="yes")

    assert f"Max-Age={90 * 86400}" in answer.headers["set-cookie"]
    house.clock.forward(timedelta(days=29))
    assert is_in(house.client)


def test_a_changed_password_logs_out_every_other_device(house: House) -> None:
    client = admin(house)
    other = house.visitor()
    log_in(house, "zhang", client=other)
    form = {"current": PASSWORD, "password": "another good one", "again": "another good one"}

    answer = client.post("/staff/account/password", data=form)

    assert answer.status_code == 303
    assert is_in(client)
    assert not is_in(other)
    assert log_in(house, "zhang", client=other).status_code == 422


def test_log_out_everywhere_means_everywhere(house: House) -> None:
    client, other = admin(house), house.visitor()
    log_in(house, "zhang", client=other)

    client.post("/staff/account/logout-everywhere")

    assert not is_in(client)
    assert not is_in(other)


def test_a_disabled_person_is_out_at_once_and_stays_out(house: House) -> None:
    client = browser_of(house, "li", (ALL, Role.VIEWER))
    with house.writing() as session:
        people.disable(session, session.get_one(Person, 1), by=US, now=house.clock())

    assert not is_in(client)
    assert log_in(house, "li").status_code == 422


def test_logging_out_leaves_nothing_behind(house: House) -> None:
    client = admin(house)
    secret = client.cookies[COOKIE]

    answer = client.post("/staff/logout")

    assert answer.headers["location"] == "/staff/login"
    client.cookies.set(COOKIE, secret, domain="news.example.com", path="/")
    assert not is_in(client)


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/staff",
        "/\\evil.example",
        "/staff//evil.example",
        "/staff/../leave/x",
        "/staff\n/x",
        "/staffs",
        "/ai_daily",
        "javascript:alert(1)",
        "/staff/logout",
        "/staff@evil.example",
        "/staff/ai_daily/%2f%2fevil.example",
    ],
)
def test_a_login_leads_to_no_other_site(house: House, wanted: str) -> None:
    add(house, "zhang")

    assert log_in(house, "zhang", next=wanted).headers["location"] == "/staff"
    assert house.client.get("/staff/login", params={"next": wanted}).headers["location"] == "/staff"


def test_a_login_leads_back_to_where_one_wanted_to_go(house: House) -> None:
    add(house, "zhang", (ALL, Role.ADMIN))

    sent_away = house.client.get("/staff/audit?by=1")
    came = log_in(house, "zhang", next="/staff/audit?by=1")

    assert sent_away.headers["location"] == "/staff/login?next=/staff/audit%3Fby%3D1"
    assert came.headers["location"] == "/staff/audit?by=1"


def test_another_host_in_a_request_is_in_no_answer(house: House) -> None:
    client = admin(house)
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}

    link = client.post("/staff/people/1/link", headers=headers)
    page = client.get("/staff/people", headers=headers)
    away = house.visitor().get("/staff", headers=headers)

    assert "https://news.example.com/staff/welcome/" in link.text
    assert "evil.example" not in link.text + page.text + str(away.headers)


def test_an_alarm_on_a_phone_leads_to_the_login_and_back(house: House) -> None:
    add(house, "zhang", (ALL, Role.ADMIN))
    with house.writing() as session:
        house.app.alarms.sound(
            session, Cause.HELD, newsletter=SLUG, day=DAY, facts={}, findings=[], now=house.clock()
        )

    page = house.client.get(house.link("alarm"))
    act = re.search(rf'href="(/staff/{SLUG}/[^"]+)"', page.text)
    assert act
    login = house.client.get(act[1])
    came = log_in(house, "zhang", next=act[1], remember="yes")

    assert login.headers["location"].startswith("/staff/login?next=/staff/")
    assert came.headers["location"] == act[1]


def test_nobody_guesses_a_second_factor_and_a_changed_password_ends_the_first_step(house: House) -> None:
    client = admin(house)
    client.post("/staff/account/second-factor/prepare")
    with house.writing() as session:
        person = session.get_one(Person, 1)
        secret = second.secret_of(house.app.keys.made_for("second factor"), person)
    now = totp.code(secret, totp.step_of(house.clock()))
    assert client.post("/staff/account/second-factor", data={"code": now}).status_code == 200
    guesser = house.visitor()
    guesser.headers.update(OURS)

    asked = log_in(house, "zhang", client=guesser)
    replayed = guesser.post("/staff/login/code", data={"code": now})
    guesses = [guesser.post("/staff/login/code", data={"code": f"{n:06}"}).status_code for n in range(9)]
    house.clock.forward(timedelta(minutes=9))

    assert asked.headers["location"] == "/staff/login/code"
    assert not is_in(guesser)
    assert replayed.status_code == 422
    assert guesses[-1] == 429
    with house.writing() as session:
        people.set_password(session, session.get_one(Person, 1), "other", by=US, now=house.clock())
    later = totp.code(secret, totp.step_of(house.clock()))
    assert guesser.post("/staff/login/code", data={"code": later}).status_code in (422, 429)


def test_a_cookie_of_another_kind_is_no_first_step(house: House) -> None:
    client = house.visitor()
    client.headers.update(OURS)
    content = {"id": 1, "mark": "x", "remember": False, "next": ""}
    site = house.site
    assert isinstance(site, Site)
    packed = site.staff.cookies.pack("staff-notice", content, now=house.clock())
    client.cookies.set("__Host-staff-half", packed, domain="news.example.com", path="/")

    assert client.get("/staff/login/code").headers["location"] == "/staff/login"


def test_strangers_who_try_an_address_all_day_keep_nobody_out(house: House) -> None:
    add(house, "zhang")
    log_in(house, "zhang")
    house.client.post("/staff/logout", headers=OURS)
    for n in range(60):
        log_in(house, "zhang", client=house.visitor(f"198.51.100.{n}"), password="not this one at all")

    elsewhere = log_in(house, "zhang", client=house.visitor("192.0.2.1"))
    where_they_were = log_in(house, "zhang")

    assert (elsewhere.status_code, where_they_were.status_code) == (429, 303)


def test_whoever_has_one_newsletter_is_there_at_once(house: House) -> None:
    client = browser_of(house, "li", (SLUG, Role.EDITOR))

    assert client.get("/staff").headers["location"] == f"/staff/{SLUG}"
    assert client.get(f"/staff/{SLUG}").status_code == 200
