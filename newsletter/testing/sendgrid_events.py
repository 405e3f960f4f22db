"""What becomes of the copies that the stub SendGrid took: the events it would tell of each.

What becomes of a copy is told by a tag in its address (``reader+bounce@example.com``) or by ``fates``;
without either it is delivered. The shapes are those of the Event Webhook, with its oddities: our own
arguments lie flat beside SendGrid's, a bounce that comes a day later has no ``sg_message_id``, and
``category`` may be a string. A bounce or a complaint puts the address on the stub's own lists, and an
address on a list is dropped the next time.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from newsletter.testing.stub_sendgrid import Message
from newsletter.testing.suppressions import Entry, ListName, Suppressions

Event = dict[str, Any]


class Fate(StrEnum):
    """What becomes of a copy; also the tag in an address."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"  # twice, and delivered then
    BOUNCE = "bounce"
    BLOCKED = "blocked"
    DROPPED = "dropped"  # for the content
    DROPPED_QUOTA = "dropped.quota"
    SPAM = "spam"  # delivered, and complained about
    ASYNC = "async"  # delivered, and bounced a day later
    UNSUBSCRIBE = "unsubscribe"
    OPEN = "open"
    CLICK = "click"


_BOUNCE = {
    "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
    "status": "5.1.1",
    "type": "bounce",
    "bounce_classification": "Invalid Address",
}
_BLOCKED = {
    "reason": "550 5.7.1 Message rejected due to sender reputation",
    "status": "5.7.1",
    "type": "blocked",
    "bounce_classification": "Reputation",
}
_LATE = {"reason": "500 unknown recipient", "status": "5.0.0", "type": "bounce"}
_DELIVERED = {"response": "250 2.0.0 OK", "tls": 1}
_WIRE = {"ip": "198.51.100.17"}
_READER = {"useragent": "Mozilla/5.0", "ip": "203.0.113.9"}
_URL = {"url": "https://news.example.com/", "url_offset": {"index": 0, "type": "html"}}


def _deferral(attempt: int) -> tuple[str, timedelta, Event]:
    told = {"response": "451 4.7.1 Greylisting in action", "attempt": str(attempt)}
    return "deferred", timedelta(minutes=attempt), told


_AT_ONCE, _SOON, _LATER, _NEXT_DAY = (
    timedelta(0),
    timedelta(seconds=6),
    timedelta(hours=1),
    timedelta(days=1),
)
_PROCESSED = ("processed", _AT_ONCE, {})
_ARRIVED = ("delivered", _SOON, _DELIVERED | _WIRE)
LIVES: dict[Fate, list[tuple[str, timedelta, Event]]] = {
    Fate.DELIVERED: [_PROCESSED, _ARRIVED],
    Fate.DEFERRED: [_PROCESSED, _deferral(1), _deferral(2), ("delivered", timedelta(minutes=3), _DELIVERED)],
    Fate.BOUNCE: [_PROCESSED, ("bounce", _SOON, _BOUNCE | _WIRE)],
    Fate.BLOCKED: [_PROCESSED, ("bounce", _SOON, _BLOCKED)],
    Fate.DROPPED: [("dropped", _AT_ONCE, {"reason": "Spam Content"})],
    Fate.DROPPED_QUOTA: [("dropped", _AT_ONCE, {"reason": "Recipient List over Package Quota"})],
    Fate.SPAM: [_PROCESSED, _ARRIVED, ("spamreport", _LATER, {})],
    Fate.ASYNC: [_PROCESSED, _ARRIVED, ("bounce", _NEXT_DAY, _LATE)],
    Fate.UNSUBSCRIBE: [_PROCESSED, _ARRIVED, ("unsubscribe", _LATER, {})],
    Fate.OPEN: [_PROCESSED, _ARRIVED, ("open", _LATER, _READER | {"sg_machine_open": False})],
    Fate.CLICK: [_PROCESSED, _ARRIVED, ("click", _LATER, _READER | _URL)],
}
_LISTED = {
    ("bounce", "bounce"): ListName.BOUNCES,
    ("bounce", "blocked"): ListName.BLOCKS,
    ("spamreport", None): ListName.SPAM_REPORTS,
    ("unsubscribe", None): ListName.UNSUBSCRIBES,
}


def fate_of(address: str) -> Fate:
    """Return what becomes of an address by its tag."""
    tag = address.rpartition("@")[0].rpartition("+")[2]
    return Fate(tag) if "+" in address and tag in set(Fate) else Fate.DELIVERED


def events(
    messages: Iterable[Message],
    suppressions: Suppressions,
    *,
    fates: Mapping[str, Fate] | None = None,
    category_as_text: bool = False,
) -> Iterator[Event]:
    """Yield every event about ``messages``, copy by copy, each in the order it happens."""
    for message in messages:
        reason = suppressions.why_dropped(message.address)
        fate = (fates or {}).get(message.address) or fate_of(message.address)
        life = [("dropped", _AT_ONCE, {"reason": reason})] if reason else LIVES[fate]
        for number, (name, after, told) in enumerate(life):
            event = _event(message, number, name, after, told, is_late=after >= _NEXT_DAY)
            if category_as_text and len(message.categories) == 1:
                event["category"] = message.categories[0]
            _list(suppressions, event)
            yield event


def account_status_change(kind: str, now: datetime) -> Event:
    """Return what SendGrid tells of the account itself: ``compliance_suspend`` and the like."""
    return {
        "event": "account_status_change",
        "sg_event_id": _event_id("account", kind, str(now)),
        "timestamp": int(now.timestamp()),
        "type": kind,
    }


def strangers(now: datetime) -> list[Event]:
    """Return what a receiver must take and do nothing about.

    Other mail of the same account, an event and a field that nobody has heard of, and one without an id.
    """
    common = {"email": "stranger@example.com", "timestamp": int(now.timestamp())}
    return [
        common | {"event": "delivered", "sg_event_id": _event_id("foreign"), "category": "receipts"},
        common | {"event": "levitated", "sg_event_id": _event_id("unknown"), "height": {"metres": 2}},
        common | {"event": "processed"},
    ]


def integration_test(now: datetime) -> list[Event]:
    """Return what "Test your integration" posts: one event of each kind, about nobody."""
    names = ("processed", "deferred", "delivered", "open", "click", "bounce", "dropped", "spamreport")
    return [
        {
            "email": "example@test.com",
            "timestamp": int(now.timestamp()),
            "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
            "event": name,
            "category": ["cat facts"],
            "sg_event_id": _event_id("test", name),
            "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        }
        for name in (*names, "unsubscribe", "group_unsubscribe", "group_resubscribe")
    ]


def _event(
    message: Message, number: int, name: str, after: timedelta, told: Event, *, is_late: bool
) -> Event:
    event: Event = {
        **message.custom_args,  # SendGrid's own names win
        "email": message.address,
        "timestamp": int(((message.send_at or message.accepted_at) + after).timestamp()),
        "event": name,
        "sg_event_id": _event_id(message.request_id, str(message.number), str(number)),
    }
    if message.categories:
        event["category"] = message.categories
    if not is_late:
        event["sg_message_id"] = f"{message.request_id}.recvd-5f54b5d587-pczjm-1-67BADEEA-{message.number}.0"
    if not is_late and name not in ("open", "click", "unsubscribe", "spamreport"):
        event["smtp-id"] = f"<{message.request_id}@geopod-ismtpd-18>"
    return event | told


def _event_id(*parts: str) -> str:
    return urlsafe_b64encode(sha256("/".join(parts).encode()).digest()).decode().rstrip("=")


def _list(suppressions: Suppressions, event: Event) -> None:
    if name := _LISTED.get((event["event"], event.get("type"))):
        entry = Entry(
            email=event["email"],
            created=event["timestamp"],
            reason=event.get("reason", ""),
            status=event.get("status", ""),
        )
        suppressions.put(name, entry)
