"""Mailgun's webhooks: one event in ``event-data``; Mailgun keeps our Message-ID."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from newsletter.feedback.events import Event, Kind, Suppress
from newsletter.feedback.judging import Read, judged
from newsletter.feedback.shapes.parts import Whose, about, moment, read_all, text

NAME = "mailgun"
_PLAIN = {"accepted": Kind.ACCEPTED, "delivered": Kind.DELIVERED, "opened": Kind.OPENED}
# Mailgun did not even try, because of its own lists.
_LISTED = {
    "suppress-bounce": Suppress.HARD_BOUNCE,
    "suppress-complaint": Suppress.COMPLAINT,
    "suppress-unsubscribe": Suppress.UNSUBSCRIBED,
}


def read_post(body: bytes, *, received_at: datetime, whose: Whose) -> Read:
    """Return the events of a post."""
    return read_all(body, partial(_told, received_at=received_at, whose=whose))


def _told(document: Any, *, received_at: datetime, whose: Whose) -> Iterator[Event]:
    one = document["event-data"]
    kind, reason = text(one.get("event")), text(one.get("reason"))
    headers = (one.get("message") or {}).get("headers") or {}
    event = about(
        NAME,
        f"{kind}/{one.get('id')}/{one.get('timestamp')}",
        at=moment(one.get("timestamp"), received_at),
        address=one.get("recipient"),
        message_id=headers.get("message-id"),
        whose=whose,
    )
    status = one.get("delivery-status") or {}
    words = " ".join(
        filter(
            None, (str(status.get("code") or ""), text(status.get("message") or status.get("description")))
        )
    )
    if kind == "failed" and reason in _LISTED:
        yield event._replace(kind=Kind.DROPPED, suppress=_LISTED[reason], reply=reason)
    elif kind == "failed" and one.get("severity") == "temporary":
        yield event._replace(kind=Kind.DEFERRED, reply=words or None)
    elif kind == "failed":
        yield judged(event, words, is_final=True)
    elif kind == "rejected":
        yield event._replace(kind=Kind.DROPPED, reply=words or "rejected", alert=True)
    elif kind == "complained":
        yield event._replace(kind=Kind.COMPLAINED, suppress=Suppress.COMPLAINT)
    elif kind == "unsubscribed":
        yield event._replace(kind=Kind.UNSUBSCRIBED, suppress=Suppress.UNSUBSCRIBED)
    elif kind == "clicked":
        yield event._replace(kind=Kind.CLICKED, url=text(one.get("url")) or None)
    else:
        yield event._replace(kind=_PLAIN.get(kind, Kind.OTHER), reply=None if kind in _PLAIN else kind)
