"""An event of the bounce mailbox as it lies in the inbox: facts alone, and no mail. Pure."""

from __future__ import annotations

import json
from datetime import datetime

from newsletter.feedback.events import Event, Kind, Suppress
from newsletter.feedback.judging import parsed
from newsletter.feedback.sendgrid import Odd, Read
from newsletter.replies import Meaning

NAME = "mailbox"


def written(event: Event) -> bytes:
    """Return an event as the body of a post."""
    told = {
        "kind": event.kind,
        "at": event.at.isoformat(),
        "edition_id": event.edition_id,
        "subscriber_id": event.subscriber_id,
        "notice_id": event.notice_id,
        "address": event.address,
        "key": event.key.hex() if event.key else None,
        "suppress": event.suppress,
        "meaning": event.meaning,
        "reply": event.reply,
        "alert": event.alert,
    }
    return json.dumps(told).encode()


def read_post(body: bytes, *, received_at: datetime) -> Read:
    """Return the event of a body that ``written`` wrote."""
    try:
        told = parsed(body)
        event = Event(
            Kind(told["kind"]),
            datetime.fromisoformat(told["at"]),
            told["edition_id"],
            told["subscriber_id"],
            told["notice_id"],
            address=told["address"],
            key=bytes.fromhex(told["key"]) if told["key"] else None,
            suppress=Suppress(told["suppress"]) if told["suppress"] else None,
            meaning=Meaning(told["meaning"]) if told["meaning"] else None,
            reply=told["reply"],
            alert=told["alert"],
        )
    except (ValueError, KeyError, TypeError) as error:
        return Read(
            [], [Odd(f"not readable ({type(error).__name__})", body[:500].decode("utf-8", "replace"))]
        )
    return Read([event], [])
