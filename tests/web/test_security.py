"""What holds for every answer: headers, bodies, other sites, proxies, and errors that say nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from newsletter.signup.requests import Request
from newsletter.web import pages
from subscribers import Purpose, Status
from tests.support import SLUG
from tests.web import shown
from tests.web.support import BASE, House, a_house, hidden


def asked_from(house: House) -> list[str | None]:
    with house.app.database.readers() as session:
        return list(session.scalars(select(Request.ip).order_by(Request.id)))


# ---- headers ----


@pytest.mark.parametrize(
    "path", [f"/{SLUG}", "/", "/nothing", "/leave/x", "/healthz", "/api/challenge", "/static/x/y"]
)
def test_every_answer_has_the_headers(house: House, path: str) -> None:
    headers = house.client.get(path).headers

    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["strict-transport-security"]


def test_an_error_of_ours_has_the_headers_too_and_says_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("li.lei@qq.com")

    monkeypatch.setattr("newsletter.signup.requests.ask", fail)
    client = TestClient(house.site, base_url=BASE, raise_server_exceptions=False)

    answer = house.sign_up("li.lei@qq.com", client=client)

    assert answer.status_code == 500
    assert "我们这边出了点问题" in answer.text
    assert "li.lei" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_plain_http_is_not_forbidden_where_the_public_address_is_plain(tmp_path: Path) -> None:
    house = a_house(tmp_path)
    object.__setattr__(house.app.settings, "public_url", "http://intranet:8080")

    assert "strict-transport-security" not in house.client.get(f"/{SLUG}").headers
    house.app.close()


def test_a_page_with_a_token_is_neither_stored_nor_indexed(house: House) -> None:
    person = house.reader()

    for purpose in Purpose:
        for answer in (house.client.get(path := house.path(purpose, person)), house.client.post(path)):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-robots-tag"] == "noindex"


def test_the_sign_up_page_may_be_found(house: House) -> None:
    assert house.client.get(f"/{SLUG}").headers["x-robots-tag"] == "all"
    assert house.client.get(f"/{SLUG}/link").headers["x-robots-tag"] == "noindex"


def test_no_page_has_a_script_a_style_or_a_handler_of_its_own() -> None:
    for name in pages._environment().list_templates(extensions=["j2"]):
        loader = pages._environment().loader
        assert loader
        source = loader.get_source(pages._environment(), name)[0].lower()
        assert "style=" not in source
        assert "<style" not in source
        assert " on" not in {word[:3] for word in source.split('="') if word.startswith(" on")}
        if not name.startswith("staff/"):
            assert source.count("<script") == (1 if name == "base.html.j2" else 0)
        scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", source, re.DOTALL)
        assert source.count("<script") == len(scripts)
        assert [tag for tag, inside in scripts if inside or 'src="{{ static }}/' not in tag] == []
        assert "http-equiv" not in source


def test_only_a_page_that_asks_for_a_proof_runs_a_script(tmp_path: Path) -> None:
    for name in shown.PAGES:
        (tmp_path / name).mkdir()
        house, page = shown.a_page(name, tmp_path / name)
        asks = name == "sign-up-proof"
        assert ("<script" in page.text, "script-src" in page.headers["content-security-policy"]) == (
            asks,
            asks,
        )
        house.app.close()


# ---- tokens ----


def wrong_tokens(house: House, purpose: Purpose) -> Iterator[str]:
    person = house.reader()
    right = house.path(purpose, person)
    page, token = right.rsplit("/", 1)
    yield from (f"{page}/{token[:-1]}", f"{page}/{token}x", f"{page}/{token.swapcase()}")
    yield f"{page}/{token.rpartition('.')[0]}.{'A' * 22}"
    yield house.path(purpose, person + 1)  # nobody yet
    yield from (f"{page}/x", f"{page}/%00", f"{page}/..%2f..", f"{page}/{'9' * 5000}", f"{page}/1.ai_daily")
    # A link for something else opens nothing here.
    for other in set(Purpose) - {purpose, Purpose.MOVE_NEW, Purpose.MOVE_OLD}:
        yield f"{page}/{house.path(other, person).rsplit('/', 1)[1]}"


PURPOSES = [
    Purpose.LEAVE,
    Purpose.MANAGE,
    Purpose.CONFIRM,
    Purpose.DISOWN,
    Purpose.UNDO,
    Purpose.ERASE,
    Purpose.MOVE_OLD,
]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_wrong_link_is_the_same_page(house: House, purpose: Purpose) -> None:
    wrong = list(wrong_tokens(house, purpose))
    before = house.everything()

    got = {(house.client.get(path).status_code, house.client.get(path).text) for path in wrong}
    posted = {(house.client.post(path).status_code, house.client.post(path).text) for path in wrong}

    assert {status for status, _ in got | posted} == {404}
    assert len(got) == 1
    assert len(posted) == 1
    assert house.everything() == before


# ---- forms of other sites ----


BY_MAIL = {Purpose.BOUNCE, Purpose.LEAVE_BY_MAIL}  # they stand in addresses; there is no page of them
FORGED = [
    {"origin": "https://evil.example"},
    {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "https://other.example.com"},
    {"cookie": "session=1"},
]
OURS = [
    {},
    {"origin": "null"},  # what our own no-referrer makes browsers say
    {"origin": BASE},
    {"origin": "null", "sec-fetch-site": "same-origin"},
    {"origin": BASE, "sec-fetch-site": "same-origin", "cookie": "session=1"},
]


@pytest.mark.parametrize("headers", FORGED)
@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.LEAVE} - BY_MAIL))
def test_another_sites_form_is_refused(house: House, purpose: Purpose, headers: dict[str, str]) -> None:
    person = house.reader(status=Status.PENDING if purpose is Purpose.CONFIRM else Status.ACTIVE)
    path = house.path(purpose, person)
    page = house.client.get(path)
    before = house.everything()

    fields = hidden(page) | {"act": "monday", "sure": "yes"}
    answer = house.client.post(path, data=fields, headers=headers)

    assert answer.status_code == 403
    assert house.everything() == before


@pytest.mark.parametrize("headers", OURS)
def test_our_own_form_is_not(house: House, headers: dict[str, str]) -> None:
    person = house.reader()

    answer = house.client.post(house.path(Purpose.MANAGE, person), data={"act": "monday"}, headers=headers)

    assert answer.status_code == 200
    assert house.listed(person).paused_until


def posts(routes: Iterable[Any]) -> Iterator[tuple[str, bool]]:
    """Yield every path that takes a POST, and whether it is open to other sites."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from posts(route.original_router.routes)
        elif "POST" in route.methods:
            yield route.path, getattr(route.endpoint, "is_open_to_other_sites", False)


def test_only_signing_up_and_leaving_are_open_to_other_sites(house: House) -> None:
    taken = dict(posts(house.site.routes))

    tests = {f"/{page}/{name}" for page in ("leave", "manage") for name in ("test", "sample")}
    assert len(taken) > 10
    assert {path for path, is_open in taken.items() if is_open} - tests == {
        "/{slug}",
        "/leave/{token}",
        "/api/{newsletter}/subscribe",
        "/webhooks/{shape}",
        "/webhooks/sendgrid",  # believed for its signature, and for no browser
    }


# ---- bodies ----


@pytest.mark.parametrize(
    "path", [f"/{SLUG}", "/leave/x", f"/api/{SLUG}/subscribe", "/manage/x", "/nothing/at/all"]
)
def test_a_body_is_bounded(house: House, path: str) -> None:
    kind = {"content-type": "application/json" if "api" in path else "application/x-www-form-urlencoded"}

    declared = house.client.post(path, content=b"a" * (64 * 1024 + 1), headers=kind)
    streamed = house.client.post(path, content=itertools.repeat(b"a" * 1024, 80), headers=kind)

    assert (declared.status_code, streamed.status_code) == (413, 404 if "nothing" in path else 413)
    assert "default-src 'none'" in declared.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="address"\r\n\r\nx',
        ),
        ("multipart/form-data; boundary=" + "b" * 5000, b"--b"),
        (
            "multipart/form-data; boundary=b; charset=utf-7",
            b'--b\r\nContent-Disposition: form-data; name="address"\r\n\r\n+2AA-\r\n--b--',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="address"; filename="x"\r\n\r\nx\r\n--b--',
        ),
        ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(2000))),
        ("application/x-www-form-urlencoded", b"address=%00%ED%A0%80%FF"),
        ("application/json", b"{"),
        ("", b"\xff"),
    ],
)
def test_a_body_that_cannot_be_read_is_an_empty_form(house: House, content_type: str, body: bytes) -> None:
    answer = house.client.post(f"/{SLUG}", content=body, headers={"content-type": content_type})

    assert answer.status_code == 422
    assert asked_from(house) == []


# ---- where a visitor is ----


def test_a_proxy_of_ours_is_believed_about_the_visitor(house: House) -> None:
    client = house.visitor("127.0.0.1")
    client.headers["x-forwarded-for"] = "6.6.6.6, 203.0.113.9"

    house.sign_up("a@example.com", client=client)

    assert asked_from(house) == ["203.0.113.9"]


def test_nobody_else_is(house: House) -> None:
    client = house.visitor("198.51.100.1")
    client.headers["x-forwarded-for"] = "6.6.6.6"

    house.sign_up("a@example.com", client=client)

    assert asked_from(house) == ["198.51.100.1"]


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("203.0.113.9, 127.0.0.1, 10.0.0.5", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.1"),
        ("unknown", "127.0.0.1"),
        ("", "127.0.0.1"),
        (",,,", "127.0.0.1"),
    ],
)
def test_a_chain_of_proxies_is_read_from_its_end(tmp_path: Path, heard: str, found: str) -> None:
    house = a_house(tmp_path, trusted_proxies=["127.0.0.1", "10.0.0.0/8"])
    client = house.visitor("127.0.0.1")
    client.headers["x-forwarded-for"] = heard

    house.sign_up("a@example.com", client=client)

    assert asked_from(house) == [found]
    house.app.close()


def test_the_host_header_is_in_no_link(house: House) -> None:
    host = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher"}

    page = house.client.get(f"/{SLUG}", headers=host)
    house.sign_up("li.lei@qq.com")
    house.work()

    assert "evil" not in page.text
    assert f'rel="canonical" href="{BASE}/{SLUG}"' in page.text
    assert house.link("confirm")


def test_a_path_that_looks_like_a_host_is_in_no_link(house: House) -> None:
    assert "evil" not in house.client.get("//evil.example/%2e%2e").text


def test_a_public_address_may_have_a_path(tmp_path: Path) -> None:
    house = a_house(tmp_path)
    object.__setattr__(house.app.settings, "public_url", "https://example.com/mail")

    kept, cut = house.client.get(f"/mail/{SLUG}"), house.client.get(f"/{SLUG}")

    assert kept.status_code == cut.status_code == 200
    for page in (kept, cut):
        assert f'action="/mail/{SLUG}"' in page.text
        assert 'href="/mail/static/' in page.text
    house.app.close()


# ---- errors ----


def test_a_method_that_is_not_ours_is_a_plain_page(house: House) -> None:
    assert "不能这样用" in house.client.put(f"/{SLUG}").text
    assert house.client.delete("/privacy").status_code == 405


def test_the_api_answers_errors_in_json(house: House) -> None:
    assert house.client.get("/api/nothing").json() == {"problem": "invalid"}


def test_no_documentation_is_served_but_the_apis_own(house: House) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert house.client.get(path).status_code == 404
    paths = house.client.get("/api/openapi.json").json()["paths"]
    assert {path for path in paths if not path.startswith("/api/staff/")} == {
        "/api/challenge",
        "/api/{newsletter}/subscribe",
    }


def test_files_are_named_by_what_is_in_them(house: House) -> None:
    page = house.client.get(f"/{SLUG}").text
    style = page.partition('stylesheet" href="')[2].partition('"')[0]

    answer = house.client.get(style)

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert len(answer.content) < 7000
    assert house.client.get(style.replace("page.css", "../__init__.py")).status_code == 404
    assert house.client.get("/static/000000000000/page.css").status_code == 404


# ---- for monitors ----


def test_ready_is_red_without_a_worker(house: House) -> None:
    from newsletter.delivery import heartbeat

    without = house.client.get("/readyz")
    with house.writing() as session:
        heartbeat.beat(session, owner="w", part="notices", now=house.clock())
    beating = house.client.get("/readyz")
    house.clock.forward(heartbeat.FRESH * 2)

    assert (without.status_code, without.json()) == (503, {"database": True, "fence": True, "worker": False})
    assert beating.status_code == 200
    assert house.client.get("/readyz").status_code == 503
    assert house.client.get("/healthz").status_code == 200
