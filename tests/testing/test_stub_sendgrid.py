"""The stub SendGrid is no laxer than Twilio's own description, and says what the real one says."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from newsletter.testing import faults
from newsletter.testing.stub_sendgrid import SEND, Account, StubSendGrid
from tests.tools import needs_shared
from tests.transports.schema import answer_faults, request_faults

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
KEY = "SG.full"
READER = "a@example.com"

GOOD: dict[str, Any] = {
    "personalizations": [
        {
            "to": [{"email": READER}],
            "substitutions": {"%%name%%": "张三"},
            "headers": {"List-Unsubscribe": "<https://n.example/a>"},
            "custom_args": {"nl_ref": "r1"},
        },
        {"to": [{"email": "b@example.com", "name": "李四"}], "subject": "晚安 %%name%%"},
    ],
    "from": {"email": "news@news.example.com", "name": "早报"},
    "reply_to": {"email": "editors@news.example.com"},
    "subject": "早安 %%name%%",
    "content": [
        {"type": "text/plain", "value": "你好 %%name%%"},
        {"type": "text/html", "value": "<p>你好 %%name%%</p>"},
    ],
    "headers": {"List-Unsubscribe": "<https://n.example/all>", "Precedence": "bulk"},
    "categories": ["daily"],
    "custom_args": {"nl_call": "c1", "nl_ref": "all"},
}


@pytest.fixture
def stub() -> Iterator[StubSendGrid]:
    keys = {KEY: ["mail.send"], "SG.reader": ["stats.read"]}
    with StubSendGrid(
        keys=keys, domains=["news.example.com"], clock=lambda: NOW, longest_body=100_000
    ) as stub:
        yield stub


def ask(
    stub: StubSendGrid,
    body: Any = GOOD,
    *,
    method: str = "POST",
    path: str = SEND,
    **headers: str,
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the stub's answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    usual = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(stub.url.removeprefix("http://"), timeout=20)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, raw, usual | given)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def told(raw: bytes) -> list[tuple[str | None, str]]:
    return [(error["field"], error["message"]) for error in json.loads(raw)["errors"]]


# --- acceptance --------------------------------------------------------------


def test_an_accepted_request_is_answered_as_in_production(stub: StubSendGrid) -> None:
    status, headers, body = ask(stub)

    assert (status, body) == (202, b"")
    assert headers["Content-Length"] == "0"
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert len(headers["X-Message-Id"]) == 22
    assert not any(name.startswith("X-RateLimit") for name in headers)
    assert ask(stub)[1]["X-Message-Id"] != headers["X-Message-Id"]


def test_every_reader_gets_a_message_of_their_own(stub: StubSendGrid) -> None:
    message_id = ask(stub)[1]["X-Message-Id"]

    first, second = stub.messages
    assert (first.address, second.address) == (READER, "b@example.com")
    assert (first.subject, second.subject) == ("早安 张三", "晚安 %%name%%")
    assert (first.text, first.html) == ("你好 张三", "<p>你好 张三</p>")
    assert first.headers == {"List-Unsubscribe": "<https://n.example/a>", "Precedence": "bulk"}
    assert second.headers["List-Unsubscribe"] == "<https://n.example/all>"
    assert first.custom_args == {"nl_call": "c1", "nl_ref": "r1"}
    assert first.sender == {"email": "news@news.example.com", "name": "早报"}
    assert first.reply_to == {"email": "editors@news.example.com"}
    assert (first.request_id, first.accepted_at) == (message_id, NOW)
    assert stub.copies == 2


def test_the_sandbox_checks_and_sends_nothing(stub: StubSendGrid) -> None:
    status, headers, _ = ask(stub, GOOD | {"mail_settings": {"sandbox_mode": {"enable": True}}})

    assert status == 200
    assert "X-Message-Id" not in headers
    assert stub.messages == []


def test_a_suspended_account_says_202_and_sends_nothing(stub: StubSendGrid) -> None:
    stub.account = Account.SUSPENDED

    assert ask(stub)[0] == 202
    assert stub.messages == []


# --- refusals, in the order they are checked -----------------------------------


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer SG.unknown", "Basic SG.full", "SG.full"])
def test_a_key_must_be_known(stub: StubSendGrid, authorization: str) -> None:
    status, _, body = ask(stub, Authorization=authorization)

    assert status == 401
    assert told(body) == [(None, "The provided authorization grant is invalid, expired, or revoked")]


def test_a_key_must_be_allowed_to_send(stub: StubSendGrid) -> None:
    status, _, body = ask(stub, Authorization="Bearer SG.reader")

    assert (status, told(body)) == (403, [(None, "access forbidden")])


def test_an_account_without_credits_is_refused_like_a_wrong_key(stub: StubSendGrid) -> None:
    stub.account = Account.OUT_OF_CREDITS

    status, _, body = ask(stub)

    assert (status, told(body)) == (401, [(None, "Maximum credits exceeded")])


def test_a_sender_must_be_verified(stub: StubSendGrid) -> None:
    status, _, body = ask(stub, GOOD | {"from": {"email": "news@other.example"}})

    assert status == 403
    assert told(body)[0][0] == "from"


def test_a_body_over_the_limit_is_refused_in_html(stub: StubSendGrid) -> None:
    status, headers, body = ask(stub, b"x" * 100_001, Authorization="Bearer SG.unknown")

    assert (status, headers["Content-Type"]) == (413, "text/html")
    assert b"<html>" in body


def test_only_json_is_taken(stub: StubSendGrid) -> None:
    assert ask(stub, Content_Type="text/plain")[0] == 415
    assert ask(stub, b"{")[0] == 400
    assert ask(stub, b'{"subject": "\xff"}')[0] == 400


def test_other_places_and_methods_are_unknown(stub: StubSendGrid) -> None:
    assert ask(stub, path="/v3/mail/sned")[0] == 404
    assert ask(stub, method="PUT")[0] == 405


def _set(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.update(changes)


def _own(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["personalizations"][1].update(changes)


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.pop(key)


BAD: list[tuple[str | None, Callable[[dict[str, Any]], Any]]] = [
    ("from", _without("from")),
    ("personalizations", _without("personalizations")),
    ("content", _without("content")),
    ("subject", _without("subject")),
    ("subject", _set(subject="")),
    ("subject", _set(subject=1)),
    ("personalizations", _set(personalizations=[])),
    ("personalizations", _set(personalizations={})),
    ("personalizations", _set(personalizations=[{"to": [{"email": f"r{n}@x.io"}]} for n in range(1001)])),
    ("personalizations", _own(to=[{"email": f"r{n}@x.io"} for n in range(1000)])),
    ("personalizations", _own(to=[{"email": READER.upper()}])),
    ("personalizations", _own(bcc=[{"email": READER}])),
    ("personalizations.1.to", _own(to=[])),
    ("personalizations.1.to.0.email", _own(to=[{"name": "nobody"}])),
    ("personalizations.1.to.0.email", _own(to=[{"email": "nobody"}])),
    ("personalizations.1.to.0.email", _own(to=[{"email": "a b@example.com"}])),
    ("personalizations.1.to.0.email", _own(to=[{"email": "a@exa..mple"}])),
    ("personalizations.1.to.0.name", _own(to=[{"email": "c@example.com", "name": "a;b"}])),
    ("personalizations.1.cc", _own(cc={"email": "c@example.com"})),
    ("personalizations.1.sned_at", _own(sned_at=1)),
    ("personalizations.1.send_at", _own(send_at=1.5)),
    ("personalizations.1.send_at", _own(send_at=int(NOW.timestamp()) + 73 * 3600)),
    ("send_at", _set(send_at=int(NOW.timestamp() * 1000))),
    ("send_at", _set(send_at=True)),
    ("personalizations.1.substitutions", _own(substitutions={})),
    ("personalizations.1.substitutions", _own(substitutions={f"%{n}%": "" for n in range(151)})),
    ("personalizations.1.substitutions", _own(substitutions={"%n%": "字" * 3400})),
    (None, _own(substitutions={"%n%": 7})),
    (None, _own(custom_args={"n": None})),
    (None, _set(custom_args={"n": 7})),
    ("custom_args", _set(custom_args="n")),
    ("custom_args", _set(custom_args={})),
    ("personalizations.0.custom_args", _set(custom_args={"n": "x" * 10_001})),
    ("headers", _set(headers={})),
    ("headers.To", _set(headers={"To": "all@example.com"})),
    ("headers.reply-to", _set(headers={"reply-to": "all@example.com"})),
    ("headers.X A", _set(headers={"X A": "b"})),
    ("headers.x-a", _set(headers={"X-A": "b", "x-a": "c"})),
    ("personalizations.1.headers.X-A", _own(headers={"X-A": "b\r\nBcc: all@example.com"})),
    ("content", _set(content=list(reversed(GOOD["content"])))),
    ("content.0.value", _set(content=[{"type": "text/plain", "value": ""}])),
    ("content.0.value", _set(content=[{"type": "text/plain"}])),
    ("categories", _set(categories=["a", "a"])),
    ("categories", _set(categories=[str(n) for n in range(11)])),
    ("categories", _set(categories=["日报"])),
    ("reply_to", _set(reply_to_list=[{"email": "c@example.com"}])),
    ("reply_to.email", _set(reply_to={"email": "nobody"})),
    ("batch_id", _set(batch_id="never-issued")),
    ("asm.group_id", _set(asm={"group_id": "7"})),
    ("asm.groups_to_display", _set(asm={"group_id": 7, "groups_to_display": list(range(26))})),
    ("ip_pool_name", _set(ip_pool_name="x")),
    ("mail_settings.sandbox_mode.enable", _set(mail_settings={"sandbox_mode": {"enable": "yes"}})),
    ("tracking_settings.click_tracking.enable", _set(tracking_settings={"click_tracking": {"enable": 0}})),
    ("sned", _set(sned=1)),
]


@pytest.mark.parametrize(("field", "change"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong_is_named(
    stub: StubSendGrid, field: str | None, change: Callable[[dict[str, Any]], Any]
) -> None:
    body = deepcopy(GOOD)
    change(body)

    status, _, answer = ask(stub, body)

    assert status == 400
    assert field in [name for name, _ in told(answer)]
    assert stub.messages == []


@needs_shared
def test_twilios_schema_is_really_applied() -> None:
    # A schema that cannot be compiled accepts everything, in silence.
    assert request_faults({}) != []
    assert request_faults(GOOD) == []
    assert answer_faults(400, {"errors": "oops"}) != []


@needs_shared
def test_the_stub_takes_nothing_that_twilios_schema_refuses(stub: StubSendGrid) -> None:
    bodies = [deepcopy(GOOD) for _ in BAD]
    for body, (_, change) in zip(bodies, BAD, strict=True):
        change(body)

    laxer = [
        body
        for body in bodies
        if len(body) < 20 and request_faults(body) and ask(stub, body)[0] in (200, 202)
    ]

    assert laxer == []


@needs_shared
def test_the_stubs_answers_are_as_twilio_describes_them(stub: StubSendGrid) -> None:
    answers = [
        ask(stub, {}),
        ask(stub, Authorization="Bearer SG.unknown"),
        ask(stub, Authorization="Bearer SG.reader"),
        ask(stub, path="/v3/nowhere"),
        ask(stub, method="PUT"),
    ]
    stub.script(faults.rate_limited(), faults.BROKEN)
    answers += [ask(stub), ask(stub)]

    assert [status for status, _, _ in answers] == [400, 401, 403, 404, 405, 429, 500]
    assert [answer_faults(status, json.loads(body)) for status, _, body in answers] == [[]] * len(answers)


# --- faults ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "kept"),
    [
        (faults.BROKEN, 500, 0),
        (faults.BROKEN.kept(), 500, 2),
        (faults.BAD_GATEWAY, 502, 0),
        (faults.UNAVAILABLE, 503, 0),
        (faults.GATEWAY_TIMEOUT.kept(), 504, 2),
        (faults.rate_limited(X_RateLimit_Reset="1"), 429, 0),
        (faults.OK_PAGE, 200, 0),
        (faults.REDIRECT, 302, 0),
        (faults.WITHOUT_ID, 202, 2),
        (faults.HALF_STATUS, 202, 2),
        (faults.IDLE_CLOSE, 202, 2),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else None,
)
def test_a_fault_is_seen_and_keeps_what_it_says(
    stub: StubSendGrid, fault: faults.Fault, status: int, kept: int
) -> None:
    stub.script(fault)

    seen, headers, _ = ask(stub)

    assert seen == status
    assert stub.copies == kept
    assert ("X-Message-Id" in headers) == (fault is faults.IDLE_CLOSE)


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (faults.RESET_BEFORE_BODY, 0),
        (faults.RESET_AFTER_ACCEPT, 2),
        (faults.CLOSE_AFTER_ACCEPT, 2),
        (faults.HALF_BODY, 2),
        (faults.BAD_STATUS_LINE, 2),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else None,
)
def test_a_connection_can_be_lost(stub: StubSendGrid, fault: faults.Fault, kept: int) -> None:
    stub.script(fault)

    with pytest.raises((OSError, http.client.HTTPException)):
        ask(stub)

    assert stub.copies == kept


def test_a_script_is_followed_and_then_all_is_well(stub: StubSendGrid) -> None:
    stub.script(faults.BROKEN, None, faults.UNAVAILABLE)

    assert [ask(stub)[0] for _ in range(5)] == [500, 202, 503, 202, 202]


def test_the_port_can_be_closed_and_opened_again(stub: StubSendGrid) -> None:
    stub.refuse_connections()
    with pytest.raises(ConnectionRefusedError):
        ask(stub)

    stub.listen()

    assert ask(stub)[0] == 202
