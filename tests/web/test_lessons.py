"""What went wrong in other newsletter systems, one test for each lesson that touches readers.

The names begin with the system and its advisory; what is tested more deeply elsewhere is named there.
"""

from __future__ import annotations

import base64

import pytest

from newsletter.delivery.tables import Notice
from newsletter.mailing import Copy, Mailing
from newsletter.signup.requests import PER_ADDRESS
from newsletter.web.admission import PER_VISITOR, UNPROVED
from subscribers import Purpose, Status
from tests.support import SLUG
from tests.web.support import House, hidden

SCRIPT = '"><script>alert(1)</script>'


def mail_of(notice: Notice) -> str:
    """Return everything a mail says, but for whom it goes to."""
    mailing = Mailing.from_bytes(notice.mailing)
    filled = mailing.fill(Copy(ref="r", address="r@example.com", values={"message_id": "m@x"}))
    return f"{filled.headers}\n{mailing.subject}\n{filled.text}\n{filled.html}"


@pytest.mark.parametrize(
    "typed",
    [
        "{{7*7}}@example.com",
        "{% raw %}@example.com",
        "{address}@example.com",
        "${env}@x.com",
        "%db.password%@x.com",
    ],
)
def test_listmonk_cve_2025_49136_and_mautic_cve_2021_27908_what_is_typed_is_never_a_template(
    house: House, typed: str
) -> None:
    answer = house.sign_up(typed)

    assert "49@" not in answer.text
    assert typed.partition("@")[0] in answer.text


@pytest.mark.parametrize(
    "purpose", [Purpose.MANAGE, Purpose.CONFIRM, Purpose.DISOWN, Purpose.UNDO, Purpose.ERASE]
)
def test_listmonk_cve_2025_58430_no_other_site_acts_in_a_readers_name(house: House, purpose: Purpose) -> None:
    path = house.path(purpose, house.reader())
    before = house.everything()

    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = house.client.post(path, data={"act": "monday", "sure": "yes"}, headers=headers)

    assert answer.status_code == 403
    assert house.everything() == before


@pytest.mark.parametrize("field", ["address", "lang", "seal", "wish", "website"])
def test_listmonk_cve_2026_21483_nothing_that_is_typed_becomes_markup(house: House, field: str) -> None:
    for path in (f"/{SLUG}", f"/{SLUG}/link", f"/{SLUG}?lang={SCRIPT}", f"/nothing{SCRIPT}"):
        answer = house.client.post(path, data={"address": "a@example.com", field: SCRIPT})
        assert "<script>alert" not in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]


def test_listmonk_cve_2026_62361_and_ghost_cve_2026_26980_no_input_is_sql(house: House) -> None:
    house.reader()
    before = house.everything()
    for text in ("' OR 1=1 --", "1; DROP TABLE subscriber", "%' UNION SELECT", "\\'"):
        for path in (f"/{text}", f"/leave/{text}", f"/manage/{text}", f"/{SLUG}?lang={text}"):
            assert house.client.get(path).status_code in (200, 404)
        assert house.client.post(f"/{SLUG}", data={"address": text}).status_code == 422

    assert house.everything() == before


@pytest.mark.parametrize("name", ["1", "2", "AI_DAILY", "全球AI新闻速递", "ai_daily%00", "ai_daily.."])
def test_listmonk_2296_a_list_is_joined_by_its_public_name_only(house: House, name: str) -> None:
    assert house.client.post(f"/{name}", data={"address": "a@example.com"}).status_code == 404
    assert house.client.post(f"/api/{name}/subscribe", json={"address": "a@example.com"}).status_code == 404


@pytest.mark.parametrize("shape", ["{}/", "{}//", "/{}", "{}/.", "{}?x=/leave/1", "{};/leave"])
def test_ghost_cve_2026_22595_no_spelling_of_a_path_opens_a_door(house: House, shape: str) -> None:
    person = house.reader()
    path = shape.format(house.path(Purpose.MANAGE, person))

    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = house.client.post(path, data={"act": "monday"}, headers=headers)

    assert answer.status_code in (403, 404, 405)
    assert house.listed(person).paused_until is None


def test_ghost_cve_2026_53943_no_header_changes_what_others_may_be_shown(house: House) -> None:
    person = house.reader()
    odd = {
        "x-ghost-preview": "1",
        "x-original-url": "/leave/1",
        "x-rewrite-url": "/leave/1",
        "x-forwarded-host": "evil.example",
        "x-forwarded-prefix": "/evil",
        "x-http-method-override": "POST",
        "forwarded": "host=evil.example",
    }

    for path in (f"/{SLUG}", house.path(Purpose.LEAVE, person)):
        plain, changed = house.client.get(path), house.client.get(path, headers=odd)
        assert plain.content == changed.content
        assert changed.headers["cache-control"] == "no-store"
    assert house.status(person) is Status.ACTIVE


def test_ghost_ghsa_9m84_and_mailman_cve_2021_42097_a_seal_is_bound_to_its_person_and_page(
    house: House,
) -> None:
    mine, other = house.reader("mine@example.com"), house.reader("other@example.com")
    seal = hidden(house.client.get(house.path(Purpose.ERASE, mine)))
    sign_up = hidden(house.client.get(f"/{SLUG}"))

    for fields in (seal, sign_up):
        house.client.post(house.path(Purpose.ERASE, other), data=fields | {"sure": "yes"})

    assert house.person("other@example.com").address
    assert house.status(other) is Status.ACTIVE


def test_ghost_cve_2026_105675_no_answer_holds_a_stronger_token_than_the_one_that_was_asked_with(
    house: House,
) -> None:
    person = house.reader()
    stronger = {
        Purpose.LEAVE: ("/manage/", "/data/", "/confirm/", "/disown/"),
        Purpose.MANAGE: ("/data/", "/confirm/", "/disown/", "/move/"),
        Purpose.DISOWN: ("/manage/", "/data/", "/confirm/"),
        Purpose.MOVE_OLD: ("/manage/", "/data/"),
    }

    for purpose, pages in stronger.items():
        path = house.path(purpose, person)
        for answer in (house.client.get(path), house.client.post(path, data={"act": "weekdays"})):
            assert [page for page in pages if page in answer.text] == []
    export = house.client.get(f"{house.path(Purpose.ERASE, person)}/export").text
    assert f"1.{SLUG}." not in export
    assert "address_hash" not in export
    answer = house.client.post(f"/api/{SLUG}/subscribe", json={"address": "li.lei@qq.com"})
    assert answer.json() == {"status": "check_your_mail"}


def test_mautic_cve_2024_47050_a_browsers_name_is_hostile_text(house: House) -> None:
    house.client.headers["user-agent"] = SCRIPT
    house.client.headers["referer"] = f"https://x.example/{SCRIPT}"
    path = house.path(Purpose.ERASE, house.reader())

    page, export = house.client.get(path), house.client.get(f"{path}/export")

    assert "<script>alert" not in page.text
    assert export.headers["content-type"] == "application/json"
    assert export.headers["x-content-type-options"] == "nosniff"
    assert "attachment" in export.headers["content-disposition"]


@pytest.mark.parametrize(
    "path",
    [
        "/.env",
        "/config.toml",
        "/keys.toml",
        "/newsletter.db",
        "/static/../../keys.toml",
        "/static/x/%2e%2e/%2e%2e/keys.toml",
        "/static/x/..%5c..%5ckeys.toml",
        "/static//etc/passwd",
        "/static/x/page.css%00.svg",
    ],
)
def test_mautic_cve_2024_47056_and_ghost_cve_2023_40028_no_file_is_served_but_the_pages_own(
    house: House, path: str
) -> None:
    version = house.site.door.assets.version  # type: ignore[attr-defined]

    assert house.client.get(path.replace("/x/", f"/{version}/")).status_code == 404


def test_mautic_cve_2025_9824_a_link_to_nobody_costs_and_says_what_a_wrong_one_does(house: House) -> None:
    person = house.reader()
    for purpose in (Purpose.LEAVE, Purpose.MANAGE, Purpose.UNDO, Purpose.DISOWN):
        nobody = house.client.post(house.path(purpose, person + 1000))
        forged = house.client.post(house.path(purpose, person)[:-1] + "0")
        assert (nobody.status_code, nobody.text) == (forged.status_code, forged.text) == (404, nobody.text)


def test_mailman_1082746_and_listmonk_3229_one_address_is_mailed_a_few_times_a_day(house: House) -> None:
    for n in range(30):
        house.sign_up("victim@example.com", client=house.visitor(f"198.51.100.{n}"))
    house.work()

    assert len(house.mails()) <= PER_ADDRESS[0].times


def test_mailman_1082746_one_visitor_reaches_a_few_addresses_an_hour(house: House) -> None:
    for n in range(PER_VISITOR[0].times + 10):
        house.sign_up(f"victim{n}@example.com")
    house.work()

    assert len(house.mails("confirm")) == PER_VISITOR[0].times


def test_listmonk_2038_the_api_is_limited_like_the_form(house: House) -> None:
    for n in range(50):
        house.client.post(f"/api/{SLUG}/subscribe", json={"address": f"victim{n}@example.com"})
    house.work()

    assert len(house.mails("confirm")) == UNPROVED[0].times


def test_listmonk_1133_no_text_that_anybody_typed_is_in_any_mail(house: House) -> None:
    spam = "buy-at-spam-example"
    client = house.visitor("198.51.100.3")
    client.headers.update({"user-agent": spam, "referer": f"https://{spam}/", "origin": f"https://{spam}"})
    fields = {"address": f"{spam}@example.com", "name": spam, "first_name": spam, "lang": spam, "wish": spam}
    client.post(f"/{SLUG}", data=fields)
    house.work()

    assert len(house.mails("confirm")) == 1
    assert spam not in mail_of(house.mails("confirm")[0])


@pytest.mark.parametrize(
    "typed", ["a@example.com\r\nBcc: b@example.com", "a\n@example.com", "a@exa\rmple.com", "a@x.com\0"]
)
def test_plunk_no_line_break_reaches_a_header(house: House, typed: str) -> None:
    house.sign_up(typed)
    answer = house.client.get(f"/{SLUG}", params={"lang": "en\r\nset-cookie: x=1"})
    house.work()

    assert "set-cookie" not in answer.headers
    for notice in house.mails():
        assert "b@example.com" not in mail_of(notice)


def test_listmonk_2583_whoever_a_mail_is_forwarded_to_can_undo_little(house: House) -> None:
    person = house.reader()
    leave = house.path(Purpose.LEAVE, person).rpartition("/")[2]
    manage = house.path(Purpose.MANAGE, person).rpartition("/")[2]

    # Neither link of an edition shows the address or the data, erases, or moves by itself.
    for page, token in (
        ("data", leave),
        ("data", manage),
        ("manage", leave),
        ("undo", leave),
        ("confirm", manage),
    ):
        assert house.client.get(f"/{page}/{token}").status_code == 404
        assert house.client.post(f"/{page}/{token}", data={"sure": "yes"}).status_code == 404
    house.client.post(f"/manage/{manage}", data={"act": "move", "address": "thief@example.com"})
    new = house.link("move_new", "move")
    house.client.post(new)
    assert house.person("li.lei@qq.com").id == person
    assert "li.lei" not in house.client.get(f"/manage/{manage}").text


def test_breeze_6539_a_scanner_that_posts_confirms_nobody(house: House) -> None:
    person = house.reader(status=Status.PENDING)

    house.client.post(house.link("confirm"), data={"confirm": "yes"})

    assert house.status(person) is Status.PENDING


def test_garrul_2_40_1_our_own_no_referrer_does_not_lock_readers_out(house: House) -> None:
    person = house.reader()

    house.client.post(house.path(Purpose.MANAGE, person), data={"act": "monday"}, headers={"origin": "null"})

    assert house.listed(person).paused_until


def test_hackwestern_846_an_address_is_one_person_however_it_is_typed(house: House) -> None:
    first = house.reader("Li.Lei@QQ.com")

    house.sign_up("ｌｉ．ｌｅｉ＠ｑｑ．ｃｏｍ")
    house.work()

    assert house.person("li.lei@qq.com").id == first
    assert house.mails()[-1].purpose == "already"


def test_a_token_that_is_nearly_right_is_wrong(house: House) -> None:
    path = house.path(Purpose.LEAVE, person := house.reader())
    head, _, signature = path.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")

    for flipped in range(0, 128, 9):
        forged = bytearray(raw)
        forged[flipped // 8] ^= 1 << flipped % 8
        text = base64.urlsafe_b64encode(bytes(forged)).rstrip(b"=").decode()
        assert house.client.post(f"{head}.{text}").status_code == 404
    assert house.status(person) is Status.ACTIVE
