"""The doors of providers: a durable write and 2xx for what is signed, and nothing for anything else."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.errors import ConfigError
from newsletter.feedback import inbox
from newsletter.feedback.tables import FeedbackPost
from newsletter.testing.certificate import SigningKey
from newsletter.testing.event_webhook import SIGNATURE, TIMESTAMP, EventWebhook, Flaw, wire
from newsletter.testing.sendgrid_events import integration_test, strangers
from newsletter.web.site import make_site
from subscribers import is_suppressed, normalise
from tests.tools import SHARED, needs_shared
from tests.web.support import House, a_house

PATH = "/webhooks/sendgrid"
DELIVERED = {"event": "delivered", "email": "r1@example.com", "sg_event_id": "a"}


@pytest.fixture
def webhook() -> EventWebhook:
    return EventWebhook("http://127.0.0.1/")


@pytest.fixture
def house(tmp_path: Path, webhook: EventWebhook) -> Iterator[House]:
    keys = [SigningKey().public_key, webhook.key.public_key]  # one is being replaced
    opened = a_house(tmp_path, feedback={"sendgrid_keys": keys})
    yield opened
    opened.app.close()


def post(house: House, webhook: EventWebhook, body: bytes, flaw: Flaw | None = None) -> int:
    sent, headers = webhook.signed(body, now=house.clock(), flaw=flaw)
    return house.client.post(PATH, content=sent, headers=headers).status_code


def kept(house: House) -> list[bytes]:
    with house.app.database.readers() as session:
        return [one.body for one in inbox.next_posts(session, limit=100)]


def test_a_signed_post_is_kept_as_it_came(house: House, webhook: EventWebhook) -> None:
    body = wire([DELIVERED, *integration_test(house.clock()), *strangers(house.clock())])

    status = post(house, webhook, body)

    assert status == 204
    assert kept(house) == [body]


@pytest.mark.parametrize(
    "flaw",
    [
        Flaw.NO_SIGNATURE,
        Flaw.NO_TIMESTAMP,
        Flaw.WRONG_KEY,
        Flaw.TAMPERED,
        Flaw.WRITTEN_AGAIN,
        Flaw.OLD,
        Flaw.NOT_UTF8,
    ],
)
def test_what_is_not_signed_by_a_key_of_ours_is_refused_and_leaves_nothing(
    house: House, webhook: EventWebhook, flaw: Flaw
) -> None:
    status = post(house, webhook, wire([DELIVERED]), flaw)

    assert status == 403
    assert kept(house) == []


@pytest.mark.parametrize("body", [b"[]\r\n", b'{"event":"delivered"}\r\n', b"no JSON at all", b""])
def test_whatever_is_signed_is_taken(house: House, webhook: EventWebhook, body: bytes) -> None:
    assert post(house, webhook, body) == 204
    assert kept(house) == [body]


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "１７９５４２０８０２", "9" * 30])
@pytest.mark.parametrize("signature", ["", "%%%", "签名", "AAAA"])
def test_headers_that_make_no_sense_are_refused(house: House, timestamp: str, signature: str) -> None:
    headers = {SIGNATURE: signature.encode(), TIMESTAMP: timestamp.encode()}

    answer = house.client.post(PATH, content=wire([DELIVERED]), headers=headers)  # type: ignore[arg-type]  # bytes

    assert answer.status_code == 403


def test_without_a_key_nobody_is_believed(tmp_path: Path, webhook: EventWebhook) -> None:
    house = a_house(tmp_path)

    assert post(house, webhook, wire([DELIVERED])) == 503
    assert kept(house) == []
    house.app.close()


def test_a_post_that_was_held_up_for_a_day_is_taken_and_one_from_the_future_is_not(
    house: House, webhook: EventWebhook
) -> None:
    now = house.clock()
    statuses = []
    for moment in (now - timedelta(hours=24), now - timedelta(hours=26), now + timedelta(minutes=11)):
        body, headers = webhook.signed(wire([DELIVERED]), now=moment)
        statuses.append(house.client.post(PATH, content=body, headers=headers).status_code)

    assert statuses == [204, 403, 403]


def test_a_post_of_five_megabytes_is_taken_and_a_longer_one_is_not(
    house: House, webhook: EventWebhook
) -> None:
    line = wire([DELIVERED])[1:-3] + b",\r\n"
    whole = b"[" + (line * (inbox.LARGEST_BODY // len(line)))[: inbox.LARGEST_BODY - 10] + b"]\r\n"

    assert post(house, webhook, whole) == 204
    assert post(house, webhook, b"[" + b" " * inbox.LARGEST_BODY + b"]") == 413
    assert len(kept(house)) == 1


def test_other_pages_take_no_more_than_before(house: House) -> None:
    assert house.client.post("/ai_daily", content=b"a" * 100_000).status_code == 413


def test_a_post_is_answered_whatever_else_is_asked_of_the_address(house: House) -> None:
    assert house.client.get(PATH).status_code == 405


def test_a_key_that_is_none_is_an_error_of_the_start(tmp_path: Path) -> None:
    house = a_house(tmp_path, feedback={"sendgrid_keys": ["SG.this-is-an-api-key"]})

    with pytest.raises(ConfigError, match=r"feedback\.sendgrid_keys"):
        make_site(house.app)
    house.app.close()


@needs_shared
def test_a_signature_that_none_of_us_made_is_believed(tmp_path: Path) -> None:
    samples = json.loads((SHARED / "sendgrid" / "events.json").read_text())
    for name in ("signed_example", "upstream_vector"):
        one = samples[name]
        folder = tmp_path / name
        folder.mkdir()
        house = a_house(folder, feedback={"sendgrid_keys": [one["public_key"]]})
        house.clock.now = house.clock.now.fromtimestamp(int(one["timestamp"]) + 30, house.clock.now.tzinfo)
        headers = {SIGNATURE: one["signature"], TIMESTAMP: one["timestamp"]}

        good = house.client.post(PATH, content=one["body"].encode(), headers=headers)
        bad = house.client.post(PATH, content=one["body"].rstrip().encode(), headers=headers)

        assert (good.status_code, bad.status_code) == (204, 403)
        house.app.close()


def test_a_post_lies_packed(house: House, webhook: EventWebhook) -> None:
    body = wire([DELIVERED] * 100)
    post(house, webhook, body)

    with house.app.database.readers() as session:
        lying = session.scalars(select(FeedbackPost.body)).one()
    assert len(lying) * 5 < len(body)


# ---- other providers ----

SECRET = "s" * 48
OTHER = b'{"events": [{"kind": "delivered", "address": "r1@example.com"}]}'


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "open"
    folder.mkdir()
    opened = a_house(folder, feedback={"secrets": ["o" * 48, SECRET], "mailgun_keys": ["k" * 32]})
    yield opened
    opened.app.close()


def signed(
    house: House, body: bytes, *, secret: str = SECRET, late: timedelta = timedelta(0)
) -> dict[str, str]:
    timestamp = str(int((house.clock() - late).timestamp()))
    message = timestamp.encode() + b"." + body
    code = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return {"X-Newsletter-Timestamp": timestamp, "X-Newsletter-Signature": f"sha256={code}"}


@pytest.mark.parametrize("shape", ["events", "ses", "postmark", "mailgun", "aliyun"])
def test_a_post_signed_with_a_secret_is_kept(open_house: House, shape: str) -> None:
    answer = open_house.client.post(f"/webhooks/{shape}", content=OTHER, headers=signed(open_house, OTHER))

    assert answer.status_code == 204
    assert kept(open_house) == [OTHER]


def test_a_password_will_do_for_a_provider_that_cannot_sign(open_house: House) -> None:
    asked = open_house.client.post("/webhooks/ses", content=OTHER)
    given = open_house.client.post("/webhooks/ses", content=OTHER, auth=("sns", SECRET))
    wrong = open_house.client.post("/webhooks/ses", content=OTHER, auth=("sns", SECRET[:-1]))

    assert (asked.status_code, given.status_code, wrong.status_code) == (401, 204, 401)
    assert asked.headers["www-authenticate"].startswith("Basic ")
    assert len(kept(open_house)) == 1


def test_mailguns_own_signature_will_do_for_mailgun_alone(open_house: House) -> None:
    timestamp, token = str(int(open_house.clock().timestamp())), "t" * 50
    code = hmac.new(b"k" * 32, f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    body = json.dumps(
        {"signature": {"timestamp": timestamp, "token": token, "signature": code}, "event-data": {}}
    ).encode()

    statuses = [
        open_house.client.post(f"/webhooks/{shape}", content=body).status_code for shape in ("mailgun", "ses")
    ]

    assert statuses == [204, 401]


def test_a_wrong_an_old_and_a_changed_signature_are_refused(open_house: House) -> None:
    statuses = [
        open_house.client.post("/webhooks/events", content=body, headers=headers).status_code
        for body, headers in (
            (OTHER, {}),
            (OTHER, signed(open_house, OTHER, secret="x" * 48)),
            (OTHER, signed(open_house, OTHER, late=timedelta(hours=26))),
            (OTHER + b" ", signed(open_house, OTHER)),
            (OTHER, {"Authorization": "Basic %%%"}),
        )
    ]

    assert statuses == [401] * 5
    assert kept(open_house) == []


def test_a_shape_that_nobody_knows_and_one_without_a_secret(open_house: House, house: House) -> None:
    assert open_house.client.post("/webhooks/pigeon", content=OTHER, auth=("a", SECRET)).status_code == 404
    assert house.client.post("/webhooks/events", content=OTHER, auth=("a", SECRET)).status_code == 503


def test_a_post_of_another_provider_takes_effect(open_house: House) -> None:
    body = b'{"events": [{"kind": "complained", "address": "R1@Example.com", "id": "1"}]}'
    open_house.client.post("/webhooks/events", content=body, headers=signed(open_house, body))

    open_house.app.applier.step()

    with open_house.app.database.readers() as session:
        digest = open_house.app.keys.addresses.digest(normalise("r1@example.com"))
        assert is_suppressed(session, digest, "example.com")
