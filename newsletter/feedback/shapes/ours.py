"""Our own shape, for any program: ``{"events": [{"kind", "at", "id", "message_id", "address", "reply"}]}``.

``kind`` is a word of our vocabulary; ``bounced`` says that the mailbox does not exist, ``blocked`` that it
was only not taken. ``id`` is the event's own name, the same when it is told again; without one the same
words are the same event. All else may be left out, but an event without ``message_id`` and ``address``
is about nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from newsletter.feedback.events import Event, Kind, Suppress
from newsletter.feedback.judging import Read, judged
from newsletter.feedback.shapes.parts import Whose, about, moment, read_all, text

NAME = "events"
_SUPPRESS = {Kind.COMPLAINED: Suppress.COMPLAINT, Kind.UNSUBSCRIBED: Suppress.UNSUBSCRIBED}


def read_post(body: bytes, *, received_at: datetime, whose: Whose) -> Read:
    """Return the events of a post."""
    return read_all(body, partial(_told, received_at=received_at, whose=whose))


def _told(one: Any, *, received_at: datetime, whose: Whose) -> Iterator[Event]:
    name = one.get("id")
    key = name if isinstance(name, str) and name else json.dumps(one, sort_keys=True)
    event = about(
        NAME,
        key,
        at=moment(one.get("at"), received_at),
        address=one.get("address"),
        message_id=one.get("message_id"),
        whose=whose,
    )
    kind = Kind(one["kind"])
    if kind in (Kind.BOUNCED, Kind.BLOCKED):
        yield judged(event, text(one.get("reply")), is_final=kind is Kind.BOUNCED)
    else:
        yield event._replace(
            kind=kind,
            suppress=_SUPPRESS.get(kind),
            reply=text(one.get("reply")) or None,
            url=text(one.get("url")) or None,
        )
