"""Postmark's webhooks. Postmark gives a message a name of its own unless ``X-PM-KeepID`` is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from newsletter.feedback.events import Event, Kind, Suppress
from newsletter.feedback.judging import Read, judged
from newsletter.feedback.shapes.parts import Whose, about, moment, read_all, text

NAME = "postmark"
_FINAL = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
_MOMENTS = ("BouncedAt", "DeliveredAt", "ChangedAt", "ReceivedAt")


def read_post(body: bytes, *, received_at: datetime, whose: Whose) -> Read:
    """Return the events of a post."""
    return read_all(body, partial(_told, received_at=received_at, whose=whose))


def _told(one: Any, *, received_at: datetime, whose: Whose) -> Iterator[Event]:
    kind = text(one.get("RecordType"))
    at = next((one[name] for name in _MOMENTS if name in one), None)
    event = about(
        NAME,
        f"{kind}/{one.get('ID')}/{one.get('MessageID')}/{at}/{one.get('OriginalLink')}",
        at=moment(at, received_at),
        address=one.get("Email") or one.get("Recipient"),
        message_id=one.get("MessageID"),
        whose=whose,
    )
    match kind:
        case "Bounce":
            words = text(one.get("Details")) or text(one.get("Description"))
            if one.get("Type") == "SpamComplaint":
                yield event._replace(kind=Kind.COMPLAINED, suppress=Suppress.COMPLAINT)
            else:
                yield judged(event, words, is_final=one.get("Type") in _FINAL)
        case "SpamComplaint":
            yield event._replace(kind=Kind.COMPLAINED, suppress=Suppress.COMPLAINT)
        case "Delivery":
            yield event._replace(kind=Kind.DELIVERED)
        case "SubscriptionChange" if one.get("SuppressSending") and one.get("Origin") == "Recipient":
            yield event._replace(kind=Kind.UNSUBSCRIBED, suppress=Suppress.UNSUBSCRIBED)
        case "Open":
            yield event._replace(kind=Kind.OPENED)
        case "Click":
            yield event._replace(kind=Kind.CLICKED, url=text(one.get("OriginalLink")) or None)
        case _:
            yield event._replace(reply=kind or None)
