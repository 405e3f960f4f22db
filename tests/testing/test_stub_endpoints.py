"""The rest of the stub's API: batches that are held and cancelled, lists in pages, and what a doctor asks."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from newsletter.testing import faults
from newsletter.testing.scheduled import MOST_OPEN
from newsletter.testing.stub_sendgrid import SEND, StubSendGrid
from newsletter.testing.suppressions import Entry, ListName
from tests.testing.test_stub_sendgrid import GOOD, KEY, NOW
from tests.tools import needs_shared
from tests.transports.schema import answer_faults

SCOPES = [
    *("mail.send", "mail.batch.create", "mail.batch.read", "suppression.read", "suppression.delete"),
    *(f"user.scheduled_sends.{verb}" for verb in ("create", "read", "update", "delete")),
    *("asm.groups.create", "asm.groups.delete", "whitelabel.read", "whitelabel.update"),
    *("user.webhooks.event.settings.read", "tracking_settings.read"),
]


class Clock:
    now = NOW

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stub(clock: Clock) -> Iterator[StubSendGrid]:
    with StubSendGrid(keys={KEY: SCOPES, "SG.send": ["mail.send"]}, clock=clock) as stub:
        yield stub


def ask(
    stub: StubSendGrid, method: str, path: str, body: Any = None, *, key: str = KEY, of: str = ""
) -> tuple[int, Any]:
    """Return status and document; hold the document to Twilio's schema of the path ``of``."""
    connection = http.client.HTTPConnection(stub.url.removeprefix("http://"), timeout=20)
    try:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        raw = answer.read()
    finally:
        connection.close()
    document = json.loads(raw) if raw else None
    if of:
        assert answer_faults(answer.status, document, method=method.lower(), path=of) == []
    return answer.status, document


# --- mail that waits ---------------------------------------------------------------


def test_mail_for_later_is_held_until_its_time(stub: StubSendGrid, clock: Clock) -> None:
    at = int((NOW + timedelta(minutes=30)).timestamp())
    assert ask(stub, "POST", SEND, GOOD | {"send_at": at})[0] == 202

    assert (stub.messages, stub.copies) == ([], 2)
    clock.now += timedelta(minutes=30)
    assert len(stub.messages) == 2


def test_mail_for_the_past_goes_out_at_once(stub: StubSendGrid) -> None:
    assert ask(stub, "POST", SEND, GOOD | {"send_at": 1})[0] == 202

    assert len(stub.messages) == 2


def test_a_cancelled_batch_is_never_sent_and_a_paused_one_when_it_is_let_go(
    stub: StubSendGrid, clock: Clock
) -> None:
    batches = [ask(stub, "POST", "/v3/mail/batch")[1]["batch_id"] for _ in range(2)]
    at = int((NOW + timedelta(minutes=30)).timestamp())
    for batch_id, status in zip(batches, ("cancel", "pause"), strict=True):
        assert ask(stub, "POST", SEND, GOOD | {"send_at": at, "batch_id": batch_id})[0] == 202
        held = {"batch_id": batch_id, "status": status}
        assert ask(stub, "POST", "/v3/user/scheduled_sends", held) == (201, held)
        assert ask(stub, "POST", "/v3/user/scheduled_sends", held)[0] == 400
    clock.now += timedelta(hours=1)

    assert stub.messages == []
    assert ask(stub, "DELETE", f"/v3/user/scheduled_sends/{batches[1]}")[0] == 204
    assert len(stub.messages) == 2


@pytest.mark.parametrize(("heeds_late", "sent"), [(True, 0), (False, 2)])
def test_a_late_cancellation_is_heeded_or_not(
    stub: StubSendGrid, clock: Clock, heeds_late: bool, sent: int
) -> None:
    stub.endpoints.scheduled.heeds_late = heeds_late
    batch_id = ask(stub, "POST", "/v3/mail/batch")[1]["batch_id"]
    at = int((NOW + timedelta(minutes=9)).timestamp())
    ask(stub, "POST", SEND, GOOD | {"send_at": at, "batch_id": batch_id})

    ask(stub, "POST", "/v3/user/scheduled_sends", {"batch_id": batch_id, "status": "cancel"})
    clock.now += timedelta(hours=1)

    assert len(stub.messages) == sent


def test_only_so_many_batches_may_be_held(stub: StubSendGrid) -> None:
    statuses = []
    for _ in range(MOST_OPEN + 1):
        batch_id = ask(stub, "POST", "/v3/mail/batch")[1]["batch_id"]
        held = {"batch_id": batch_id, "status": "cancel"}
        statuses.append(ask(stub, "POST", "/v3/user/scheduled_sends", held)[0])

    assert statuses == [201] * MOST_OPEN + [400]


def test_a_batch_must_have_been_issued(stub: StubSendGrid) -> None:
    assert ask(stub, "POST", SEND, GOOD | {"batch_id": "made-up"})[0] == 400
    assert ask(stub, "GET", "/v3/mail/batch/made-up")[0] == 400
    assert (
        ask(stub, "POST", "/v3/user/scheduled_sends", {"batch_id": "made-up", "status": "cancel"})[0] == 400
    )


# --- suppression --------------------------------------------------------------------


def fill(stub: StubSendGrid, name: ListName = ListName.BOUNCES, count: int = 5) -> None:
    for number in range(count):
        stub.endpoints.suppressions.put(name, Entry(email=f"r{number}@example.com", created=1000 + number))


def test_a_list_is_read_newest_first_in_pages_and_within_both_ends_of_a_time(stub: StubSendGrid) -> None:
    fill(stub)

    def emails(query: str) -> list[str]:
        return [one["email"][1] for one in ask(stub, "GET", f"/v3/suppression/bounces?{query}")[1]]

    assert emails("") == ["4", "3", "2", "1", "0"]
    assert emails("limit=2&offset=2") == ["2", "1"]
    assert emails("start_time=1001&end_time=1003") == ["3", "2", "1"]
    assert ask(stub, "GET", "/v3/suppression/bounces?limit=501")[0] == 400
    assert ask(stub, "GET", "/v3/suppression/bounces?limit=many")[0] == 400


def test_who_counts_on_through_a_growing_list_meets_somebody_twice(stub: StubSendGrid) -> None:
    fill(stub, count=4)
    newest = Entry(email="new@example.com", created=2000)
    stub.endpoints.suppressions.coming.append((ListName.BOUNCES, newest))

    pages = [ask(stub, "GET", f"/v3/suppression/bounces?limit=2&offset={offset}")[1] for offset in (0, 2)]

    assert pages[0][1] == pages[1][0]


def test_an_address_is_taken_off_a_list(stub: StubSendGrid) -> None:
    fill(stub)
    path = f"/v3/suppression/bounces/{quote('R3@example.com')}"

    assert len(ask(stub, "GET", path)[1]) == 1
    assert ask(stub, "DELETE", path)[0] == 204
    assert ask(stub, "GET", path)[1] == []
    assert ask(stub, "DELETE", path)[0] == 404


def test_who_left_can_be_told_to_sendgrid(stub: StubSendGrid) -> None:
    who = {"recipient_emails": ["a@example.com"]}

    assert ask(stub, "POST", "/v3/asm/suppressions/global", who, of="/v3/asm/suppressions/global") == (
        201,
        who,
    )
    assert ask(stub, "GET", "/v3/suppression/unsubscribes")[1][0]["email"] == "a@example.com"
    assert ask(stub, "DELETE", "/v3/asm/suppressions/global/a%40example.com")[0] == 204
    assert ask(stub, "POST", "/v3/asm/suppressions/global", {"recipient_emails": "a"})[0] == 400


# --- what a doctor asks, and who may ask ----------------------------------------------


def test_a_key_may_ask_only_what_it_has_the_scope_for(stub: StubSendGrid) -> None:
    assert ask(stub, "GET", "/v3/scopes", key="SG.send") == (200, {"scopes": ["mail.send"]})
    for method, path in [("GET", "/v3/suppression/bounces"), ("POST", "/v3/mail/batch")]:
        assert ask(stub, method, path, key="SG.send")[0] == 403
        assert ask(stub, method, path, key="SG.unknown")[0] == 401
    assert ask(stub, "PUT", "/v3/suppression/bounces")[0] == 405
    assert ask(stub, "GET", "/v3/suppression/nobody")[0] == 404


@needs_shared
def test_every_answer_is_as_twilio_describes_it(stub: StubSendGrid) -> None:
    for name in ListName:
        fill(stub, name, count=2)
    stub.endpoints.domains = ["news.example.com"]
    stub.endpoints.invalid_records = {"dkim2"}
    stub.endpoints.webhooks = [{"enabled": True, "url": "https://news.example.com/events", "id": "1"}]
    asked = [
        *(("GET", f"/v3/suppression/{name}") for name in ListName),
        *(("GET", f"/v3/tracking_settings/{name}") for name in ("subscription", "click", "open")),
        ("GET", "/v3/scopes"),
        ("POST", "/v3/mail/batch"),
        ("GET", "/v3/user/scheduled_sends"),
        ("GET", "/v3/whitelabel/domains"),
        ("GET", "/v3/user/webhooks/event/settings/all"),
    ]

    for method, path in asked:
        assert ask(stub, method, path, of=path)[0] in (200, 201)
    validated = ask(
        stub, "POST", "/v3/whitelabel/domains/1/validate", of="/v3/whitelabel/domains/{id}/validate"
    )

    assert validated[1]["valid"] is False
    assert validated[1]["validation_results"]["dkim2"]["reason"]


# --- two more ways to go wrong ----------------------------------------------------------


def test_a_slow_answer_comes_all_the_same(stub: StubSendGrid) -> None:
    stub.script(faults.slow(0.05))

    assert ask(stub, "POST", SEND, GOOD)[0] == 202


def test_a_server_that_never_reads_keeps_nothing(stub: StubSendGrid) -> None:
    stub.script(faults.NEVER_READS)
    connection = http.client.HTTPConnection(stub.url.removeprefix("http://"), timeout=0.2)

    with pytest.raises(TimeoutError):
        connection.request("POST", SEND, b"x" * 20_000_000)
    connection.close()

    assert stub.copies == 0
