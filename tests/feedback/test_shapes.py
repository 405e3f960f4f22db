"""What other providers post, in our words; made up after the shapes that they document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.feedback.events import Event
from newsletter.feedback.shapes import READERS
from tests.support import KEYS

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
AT = "2026-11-23T00:10:00Z"
OURS = KEYS.message_id("e7-s42", "news.example.com")
LEI = "li.lei@qq.com"


def read(shape: str, told: Any) -> list[Event]:
    found = READERS[shape](json.dumps(told).encode(), received_at=NOW, whose=KEYS.ref_of)
    assert found.odd == []
    return found.events


def ses(kind: str, **part: Any) -> dict[str, Any]:
    headers = [{"name": "Message-ID", "value": f"<{OURS}>"}]
    mail = {"messageId": "0102", "timestamp": AT, "destination": [LEI], "headers": headers}
    return {"notificationType": kind, "mail": mail} | part


def wrapped(told: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Notification", "MessageId": "m", "Message": json.dumps(told)}


def mailgun(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "signature": {},
        "event-data": {
            "event": kind,
            "id": "x",
            "timestamp": 1795392600.5,
            "recipient": LEI,
            "message": {"headers": {"message-id": OURS}},
        }
        | more,
    }


def aliyun(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "id": "a",
        "time": "2026-11-23T08:10:00+08:00",
        "data": {"rcpt": LEI, "msg_id": OURS} | more,
    }


def bounce(kind: str, words: str) -> dict[str, Any]:
    part = {"bounceType": kind, "timestamp": AT, "feedbackId": "f"}
    return {"bounce": part | {"bouncedRecipients": [{"emailAddress": LEI, "diagnosticCode": words}]}}


NO_USER = "smtp; 550 5.1.1 no such user"
CASES: list[tuple[str, Any, str, str | None]] = [
    ("events", {"events": [{"kind": "delivered", "at": AT, "message_id": OURS}]}, "delivered", None),
    (
        "events",
        {"events": [{"kind": "bounced", "message_id": OURS, "reply": NO_USER}]},
        "bounced",
        "hard_bounce",
    ),
    (
        "events",
        {"kind": "bounced", "message_id": OURS, "reply": "550 frequency limited", "address": LEI},
        "blocked",
        None,
    ),
    ("events", {"kind": "blocked", "message_id": OURS, "reply": NO_USER}, "blocked", None),
    ("events", {"kind": "complained", "message_id": OURS}, "complained", "complaint"),
    ("events", {"kind": "unsubscribed", "message_id": OURS}, "unsubscribed", "unsubscribed"),
    ("ses", ses("Bounce", **bounce("Permanent", NO_USER)), "bounced", "hard_bounce"),
    ("ses", wrapped(ses("Bounce", **bounce("Transient", "smtp; 552 5.2.2 mailbox full"))), "blocked", None),
    ("ses", ses("Bounce", **bounce("Permanent", "smtp; 550 Domain frequency limited")), "blocked", None),
    (
        "ses",
        wrapped(
            ses("Complaint", complaint={"timestamp": AT, "complainedRecipients": [{"emailAddress": LEI}]})
        ),
        "complained",
        "complaint",
    ),
    ("ses", ses("Delivery", delivery={"timestamp": AT, "recipients": [LEI]}), "delivered", None),
    (
        "ses",
        ses("DeliveryDelay", deliveryDelay={"delayedRecipients": [{"emailAddress": LEI}]}),
        "deferred",
        None,
    ),
    ("ses", ses("Send", send={}), "accepted", None),
    ("ses", ses("Reject", reject={"reason": "Bad content"}), "dropped", None),
    ("ses", ses("Rendering Failure"), "other", None),
    (
        "postmark",
        {"RecordType": "Delivery", "MessageID": OURS, "Recipient": LEI, "DeliveredAt": AT},
        "delivered",
        None,
    ),
    (
        "postmark",
        {"RecordType": "Bounce", "MessageID": OURS, "Email": LEI, "Type": "HardBounce", "Details": NO_USER},
        "bounced",
        "hard_bounce",
    ),
    (
        "postmark",
        {"RecordType": "Bounce", "MessageID": OURS, "Email": LEI, "Type": "SoftBounce"},
        "blocked",
        None,
    ),
    ("postmark", {"RecordType": "SpamComplaint", "MessageID": OURS, "Email": LEI}, "complained", "complaint"),
    (
        "postmark",
        {
            "RecordType": "SubscriptionChange",
            "MessageID": OURS,
            "SuppressSending": True,
            "Origin": "Recipient",
        },
        "unsubscribed",
        "unsubscribed",
    ),
    ("mailgun", mailgun("accepted"), "accepted", None),
    ("mailgun", mailgun("delivered"), "delivered", None),
    (
        "mailgun",
        mailgun(
            "failed",
            severity="permanent",
            **{"delivery-status": {"code": 550, "message": "5.1.1 no such user"}},
        ),
        "bounced",
        "hard_bounce",
    ),
    ("mailgun", mailgun("failed", severity="temporary"), "deferred", None),
    ("mailgun", mailgun("failed", severity="permanent", reason="suppress-complaint"), "dropped", "complaint"),
    ("mailgun", mailgun("complained"), "complained", "complaint"),
    ("mailgun", mailgun("unsubscribed"), "unsubscribed", "unsubscribed"),
    ("aliyun", aliyun("dm:Deliver:Succeed"), "delivered", None),
    (
        "aliyun",
        aliyun("dm:Deliver:Fail", err_msg="554 RCPT doesn't exist", failed_type="SmtpNxBox"),
        "bounced",
        "hard_bounce",
    ),
    (
        "aliyun",
        aliyun("dm:Deliver:Fail", err_msg="451 try again later", failed_type="SendFail"),
        "blocked",
        None,
    ),
    ("aliyun", aliyun("dm:Feedback:FblReport"), "complained", "complaint"),
    ("aliyun", aliyun("dm:Feedback:UnSubscribe "), "unsubscribed", "unsubscribed"),
    ("aliyun", aliyun("dm:Validator:GrayListResult"), "other", None),
]


@pytest.mark.parametrize(("shape", "told", "kind", "suppress"), CASES)
def test_each_shape_reads_as_its_provider_means_it(
    shape: str, told: Any, kind: str, suppress: str | None
) -> None:
    (event,) = read(shape, told)
    again = read(shape, told)

    assert (event.kind, event.suppress) == (kind, suppress)
    assert (event.edition_id, event.subscriber_id) == (7, 42)
    assert event.at <= NOW
    assert event.key is not None
    assert event.key == again[0].key


@pytest.mark.parametrize("shape", READERS)
def test_a_name_that_we_did_not_make_is_nobodys_copy(shape: str) -> None:
    forged = OURS.replace("e7-s42", "e7-s43")
    for one, told, _, _ in CASES:
        if one == shape:
            body = json.dumps(told).replace(OURS, forged).encode()
            found = READERS[shape](body, received_at=NOW, whose=KEYS.ref_of)
            assert not any(event.is_ours for event in found.events)


def test_one_odd_event_does_not_spoil_the_others() -> None:
    told = {"events": [{"kind": "levitated"}, 3, {"kind": "delivered", "message_id": OURS}]}

    found = READERS["events"](json.dumps(told).encode(), received_at=NOW, whose=KEYS.ref_of)

    assert [event.kind for event in found.events] == ["delivered"]
    assert len(found.odd) == 2


def test_the_confirmation_that_sns_asks_for_is_kept_for_a_person() -> None:
    asked = {
        "Type": "SubscriptionConfirmation",
        "Message": "You have chosen …",
        "SubscribeURL": "https://sns/x",
    }

    found = READERS["ses"](json.dumps(asked).encode(), received_at=NOW, whose=KEYS.ref_of)

    assert found.events == []
    assert found.odd[0].words == "https://sns/x"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(CASES), st.randoms(use_true_random=False), ANYTHING)
def test_whatever_stands_in_a_post_no_reader_raises(
    case: tuple[str, Any, str, str | None], chance: Any, other: Any
) -> None:
    shape, told, _, _ = case
    places: list[tuple[Any, Any]] = []

    def walk(one: Any) -> None:
        pairs = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for name, value in pairs:
            places.append((one, name))
            walk(value)

    told = json.loads(json.dumps(told))
    walk(told)
    inside, name = chance.choice(places)
    inside[name] = other
    reader = partial(READERS[shape], received_at=NOW, whose=KEYS.ref_of)

    for body in (json.dumps(told), json.dumps([told]), json.dumps(other), "[", "null"):
        reader(body.encode())
