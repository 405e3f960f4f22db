"""The stub's events have the shapes of the real ones, and reach a receiver in every way they may."""

from __future__ import annotations

import http.server
import json
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook as Verifier

from newsletter.testing.event_webhook import (
    SIGNATURE,
    TIMESTAMP,
    EventWebhook,
    Flaw,
    batches,
    wire,
)
from newsletter.testing.sendgrid_events import (
    LIVES,
    Fate,
    account_status_change,
    events,
    fate_of,
    integration_test,
    strangers,
)
from newsletter.testing.stub_sendgrid import Message
from newsletter.testing.suppressions import Entry, ListName, Suppressions
from tests.tools import SHARED, needs_shared

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def messages(*addresses: str, **changes: Any) -> list[Message]:
    body = {
        "personalizations": [
            {"to": [{"email": one}], "custom_args": {"nl_ref": f"r{number}", "event": "ours"}}
            for number, one in enumerate(addresses)
        ],
        "categories": ["daily"],
        "custom_args": {"nl_call": "c1"},
    }
    return [Message("abc", NOW, body | changes, number) for number in range(len(addresses))]


def told(*addresses: str, **options: Any) -> list[dict[str, Any]]:
    return list(events(messages(*addresses), Suppressions(), **options))


# --- what is told ----------------------------------------------------------------


@pytest.mark.parametrize("fate", list(Fate))
def test_a_tag_in_the_address_decides_what_becomes_of_a_copy(fate: Fate) -> None:
    names = [event["event"] for event in told(f"reader+{fate}@example.com")]

    assert fate_of(f"reader+{fate}@example.com") is fate
    assert names == [name for name, _, _ in LIVES[fate]]


def test_a_plain_address_is_delivered_and_a_test_may_decide_otherwise() -> None:
    bounced = told("a@example.com", fates={"a@example.com": Fate.BOUNCE})

    assert [event["event"] for event in told("a@example.com")] == ["processed", "delivered"]
    assert [event["event"] for event in bounced] == ["processed", "bounce"]


def test_our_own_arguments_lie_beside_theirs_and_theirs_win() -> None:
    processed = told("a@example.com", "b@example.com")[2]

    assert (processed["nl_call"], processed["nl_ref"]) == ("c1", "r1")
    assert processed["event"] == "processed"
    assert processed["sg_message_id"].split(".")[0] == "abc"
    assert processed["category"] == ["daily"]
    assert told("a@example.com", category_as_text=True)[0]["category"] == "daily"


def test_a_bounce_that_comes_a_day_later_names_no_message() -> None:
    bounce = told("a+async@example.com")[-1]

    assert (bounce["event"], "sg_message_id" in bounce) == ("bounce", False)
    assert bounce["timestamp"] == int((NOW + timedelta(days=1)).timestamp())


def test_whoever_bounced_or_complained_is_dropped_the_next_time() -> None:
    lists = Suppressions()
    first = messages("a+bounce@example.com", "b+spam@example.com", "c+blocked@example.com")

    list(events(first, lists))
    again = list(events(first, lists))

    reasons = {event["email"][0]: event.get("reason") for event in again if event["event"] == "dropped"}
    assert reasons == {"a": "Bounced Address", "b": "Spam Reporting Address"}
    lists.put(ListName.INVALID_EMAILS, Entry(email="d@example.com", created=1))
    assert [event["reason"] for event in events(messages("D@example.com"), lists)] == ["Invalid"]


@needs_shared
def test_the_fields_are_those_of_the_documented_samples() -> None:
    assert SHARED
    cases = json.loads((SHARED / "sendgrid" / "events.json").read_text())["cases"]
    known: dict[str, set[str]] = {}
    for case in cases:
        event = case["event"]
        known.setdefault(str(event.get("event")), set()).update(event)

    ours = [event for fate in Fate for event in told(f"a+{fate}@example.com")]
    ours.append(account_status_change("compliance_suspend", NOW))

    surprising = {
        (event["event"], field)
        for event in ours
        for field in event
        if field not in known[event["event"]] and not field.startswith("nl_")
    }
    assert surprising == set()


def test_there_are_events_that_mean_nothing_to_us() -> None:
    odd = [*strangers(NOW), *integration_test(NOW)]

    assert len({event["event"] for event in odd}) == 12
    assert not any(name.startswith("nl_") for event in odd for name in event)
    assert not all("sg_event_id" in event for event in odd)


# --- how it is told ----------------------------------------------------------------


@given(seed=st.integers(0, 999), duplicates=st.integers(0, 9), largest=st.integers(300, 3000))
def test_batches_lose_nothing_and_are_never_too_large(seed: int, duplicates: int, largest: int) -> None:
    found = told("a@example.com", "b+spam@example.com", "c+bounce@example.com")

    made = batches(found, seed=seed, duplicates=duplicates, largest=largest)

    counted = Counter(event["sg_event_id"] for batch in made for event in batch)
    assert set(counted) == {event["sg_event_id"] for event in found}
    assert counted.total() == len(found) + duplicates
    assert all(len(wire(batch)) <= largest or len(batch) == 1 for batch in made)


@dataclass
class Receiver:
    """Takes what is posted, and answers as it is told to."""

    url: str = ""
    seen: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.seen.append((body, dict(self.headers)))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/events"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


def is_valid(webhook: EventWebhook, body: bytes, headers: dict[str, str]) -> bool:
    """Say what SendGrid's own library makes of a post."""
    verifier = Verifier(webhook.key.public_key)
    return verifier.verify_signature(body.decode(), headers[SIGNATURE], headers[TIMESTAMP])


def test_a_post_is_signed_so_that_sendgrids_own_library_believes_it(receiver: Receiver) -> None:
    webhook = EventWebhook(receiver.url)

    assert webhook.tell([told("张三+bounce@example.com", "b@example.com")], now=NOW) == [204]

    body, headers = receiver.seen[0]
    assert is_valid(webhook, body, headers)
    assert body.endswith(b"}]\r\n")
    assert b"},\r\n{" in body
    assert headers["User-Agent"] == "SendGrid Event API"
    assert len(b64decode(webhook.key.public_key)) == 91


def test_what_is_not_taken_is_told_again_for_a_day(receiver: Receiver) -> None:
    webhook = EventWebhook(receiver.url)
    receiver.statuses = [500, 403]
    batch = told("a@example.com")

    assert webhook.tell([batch], now=NOW) == [500]
    assert webhook.retry(now=NOW + timedelta(seconds=30)) == []
    assert webhook.retry(now=NOW + timedelta(minutes=1)) == [403]
    assert webhook.retry(now=NOW + timedelta(minutes=3)) == [204]
    assert webhook.waiting == []
    assert len({body for body, _ in receiver.seen}) == 1

    receiver.statuses = [500] * 99
    now = NOW
    webhook.tell([batch], now=now)
    while webhook.waiting:
        now = webhook.waiting[0].next_at
        webhook.retry(now=now)
    assert webhook.given_up == 1
    assert timedelta(hours=12) < now - NOW <= timedelta(hours=24)


@pytest.mark.parametrize("flaw", list(Flaw))
def test_every_flaw_is_one_that_a_receiver_can_see(flaw: Flaw) -> None:
    webhook = EventWebhook("http://127.0.0.1:1/events")
    body = wire(told("a@example.com", "b+spam@example.com"))

    sent, headers = webhook.signed(body, now=NOW, flaw=flaw)

    match flaw:
        case Flaw.NO_SIGNATURE:
            assert SIGNATURE not in headers
        case Flaw.NO_TIMESTAMP:
            assert TIMESTAMP not in headers
        case Flaw.WRONG_KEY | Flaw.TAMPERED | Flaw.WRITTEN_AGAIN:
            assert not is_valid(webhook, sent, headers)
        case Flaw.OLD:
            assert int(headers[TIMESTAMP]) < NOW.timestamp() - 86400
        case Flaw.NOT_A_LIST:
            assert isinstance(json.loads(sent), dict)
        case Flaw.NOT_UTF8:
            with pytest.raises(UnicodeDecodeError):
                sent.decode()


def test_nobody_there_is_told_as_no_answer() -> None:
    webhook = EventWebhook("http://127.0.0.1:1/events", timeout=timedelta(seconds=1))

    assert webhook.tell([told("a@example.com")], now=NOW) == [0]
    assert len(webhook.waiting) == 1
