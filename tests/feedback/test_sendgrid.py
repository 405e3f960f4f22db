"""SendGrid's events in our words, by the documented shapes and by odd ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.delivery.composer import ref_of
from newsletter.feedback.events import Event, Kind, Suppress, copy_of
from newsletter.feedback.sendgrid import read_post
from newsletter.replies import Meaning
from newsletter.testing.sendgrid_events import integration_test, strangers
from tests.tools import SHARED, needs_shared

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
COMMON = {"email": "li.lei@qq.com", "timestamp": 1795420802, "nl_ref": "e7-s42", "nl_call": "c" * 32}
# SendGrid's names in the samples, and ours.
OURS = {
    "open": Kind.OPENED,
    "click": Kind.CLICKED,
    "complaint": Kind.COMPLAINED,
    "unsubscribe": Kind.UNSUBSCRIBED,
    "resubscribe": Kind.OTHER,
}


def read(*told: Any) -> list[Event]:
    found = read_post(json.dumps(told).encode(), received_at=NOW)
    assert found.odd == []
    return found.events


def bounce(reason: str, **more: Any) -> Event:
    return read(COMMON | {"event": "bounce", "reason": reason, "type": "bounce", **more})[0]


def test_an_event_names_its_copy_its_call_and_its_moment() -> None:
    (event,) = read(COMMON | {"event": "processed", "sg_event_id": "a"})

    assert event == Event(Kind.ACCEPTED, datetime.fromtimestamp(1795420802, UTC), 7, 42, None, "c" * 32)


def test_a_copy_is_named_as_the_composer_names_it() -> None:
    assert copy_of(ref_of(12, 3456)) == (12, 3456)
    assert [copy_of(ref) for ref in ("e1-s", "n1", "e1-s2 ", "e１-s2x", None, 5)] == [None] * 6


@needs_shared
def test_every_sample_reads_as_it_is_expected_to() -> None:
    cases = json.loads((SHARED / "sendgrid" / "events.json").read_text())["cases"]
    events = read(*(case["event"] for case in cases))

    wrong = [
        case["name"]
        for case, event in zip(cases, events, strict=True)
        for want in [case["expect"]]
        if (OURS.get(want["kind"], want["kind"]), want["suppress"]) != (event.kind, event.suppress)
        or (want.get("alert", False), want.get("resend", False)) != (event.alert, event.resend)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("told", "kind", "suppress"),
    [
        ({"event": "bounce", "reason": "550 5.1.1 no such user", "type": "bounce"}, "bounced", "hard_bounce"),
        ({"event": "bounce", "reason": "no mailbox here"}, "bounced", "hard_bounce"),  # old: no type
        ({"event": "bounce", "reason": "unable to get mx info", "type": "blocked"}, "blocked", None),
        ({"event": "dropped", "reason": "BOUNCED ADDRESS"}, "dropped", "hard_bounce"),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, "dropped", "unsubscribed"),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, "dropped", "complaint"),
        ({"event": "dropped", "reason": "Invalid"}, "dropped", "invalid"),
        ({"event": "dropped", "reason": "something new"}, "dropped", None),
        ({"event": "spamreport"}, "complained", "complaint"),
        ({"event": "unsubscribe"}, "unsubscribed", "unsubscribed"),
        ({"event": "group_unsubscribe", "asm_group_id": 10}, "unsubscribed", "left"),
        ({"event": "group_resubscribe"}, "other", None),
        ({"event": "levitated", "height": {"metres": 2}}, "other", None),
    ],
)
def test_each_kind_of_event_does_what_the_table_says(
    told: dict[str, Any], kind: str, suppress: str | None
) -> None:
    (event,) = read(COMMON | told)

    assert (event.kind, event.suppress) == (kind, suppress)


@pytest.mark.parametrize(
    ("reason", "more", "meaning"),
    [
        ("550 Domain frequency limited", {}, Meaning.THROTTLED),  # QQ says "too fast" with 550
        (
            "550 5.7.1 sender reputation",
            {},
            Meaning.POLICY,
        ),
        ("554 5.7.1 Message refused", {"bounce_classification": "Content"}, Meaning.CONTENT),
        ("552 5.2.2 mailbox full", {}, Meaning.SOFT),
    ],
)
def test_a_bounce_that_is_about_us_touches_no_reader(
    reason: str, more: dict[str, Any], meaning: Meaning
) -> None:
    event = bounce(reason, **more)

    assert (event.kind, event.suppress, event.meaning) == (Kind.BLOCKED, None, meaning)


@pytest.mark.parametrize(
    ("named", "meaning"),
    [
        ("Reputation", Meaning.POLICY),
        ("technical", Meaning.SOFT),
        ("Technical Failure", Meaning.SOFT),
        ("Frequency/Volume", Meaning.THROTTLED),
        ("Frequency or Volume Too High", Meaning.THROTTLED),
        ("Unclassified", Meaning.UNKNOWN),
        (17, Meaning.UNKNOWN),
    ],
)
def test_where_the_words_say_nothing_their_own_class_does(named: object, meaning: Meaning) -> None:
    event = bounce("no", type="blocked", bounce_classification=named)

    assert event.meaning is meaning


def test_a_moment_that_makes_no_sense_is_when_it_came() -> None:
    told = [None, "soon", -5, 0, True, 1e30, float("1e9") * 9, "1795420802", 1795420802000]
    events = read(*(COMMON | {"event": "delivered", "timestamp": one} for one in told))

    moment = datetime.fromtimestamp(1795420802, UTC)
    assert [event.at for event in events] == [NOW] * 7 + [moment] * 2


def test_the_test_of_the_integration_and_strangers_do_nothing() -> None:
    test = read(*integration_test(NOW))
    foreign = read(*strangers(NOW))

    assert {(event.kind, event.suppress) for event in test} == {(Kind.OTHER, None)}
    assert not any(event.is_ours or event.suppress for event in foreign)


def test_a_name_without_a_call_is_not_believed_to_be_ours() -> None:
    (event,) = read(
        {key: value for key, value in COMMON.items() if key != "nl_call"} | {"event": "delivered"}
    )

    assert not event.is_ours


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[", b"\xff\xfe", b"3", b"[" * 100_000])
def test_a_post_that_is_no_list_is_odd_and_no_error(body: bytes) -> None:
    found = read_post(body, received_at=NOW)

    assert found.events == []
    assert len(found.odd) == 1


def test_one_odd_event_does_not_spoil_the_others() -> None:
    told = [3, None, [], {"email": "x"}, COMMON | {"event": "delivered"}]

    found = read_post(json.dumps(told).encode(), received_at=NOW)

    assert [event.kind for event in found.events] == [Kind.DELIVERED]
    assert len(found.odd) == 4


ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.just([]),
    st.just({"a": 1}),
    st.just(1e300),
)
FIELDS = (
    "event email timestamp sg_event_id reason status type bounce_classification category response url "
    "nl_ref nl_call useragent sg_machine_open"
).split()
NAMES = ["bounce", "dropped", "delivered", "deferred", "open", "click", "account_status_change"]


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(FIELDS), ANY), st.sampled_from(NAMES))
def test_no_event_whatever_it_holds_fails_a_batch(told: dict[str, Any], name: str) -> None:
    for one in (told, told | {"event": name}):
        found = read_post(json.dumps([one, COMMON | {"event": "delivered"}]).encode(), received_at=NOW)

        assert len(found.events) + len(found.odd) == 2
        assert found.events[-1].kind is Kind.DELIVERED


def test_a_failure_of_a_sort_has_one_consequence_only() -> None:
    assert bounce("550 5.1.1 no such user").suppress is Suppress.HARD_BOUNCE
