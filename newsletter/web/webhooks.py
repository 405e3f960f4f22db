"""Where providers post what became of our mail: one durable write, and then 2xx. Effects come later.

A post is believed for its signature over the very bytes that came, and for nothing else; without a key in
the settings there is nobody to believe, and the answer is 503. What a post holds is not looked at here,
so no odd event can fail it.
"""

from __future__ import annotations

import logging
import threading
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import PlainTextResponse

from newsletter.feedback import inbox, sendgrid
from newsletter.transports.sendgrid_api import SIGNATURE_HEADER, TIMESTAMP_HEADER, EventSignatures
from newsletter.web.door import WRITE, Door, Routes
from newsletter.web.security import open_to_other_sites

logger = logging.getLogger(__name__)

# SendGrid tells again for a day, and may sign only once.
OLDEST, AHEAD = timedelta(hours=25), timedelta(minutes=10)


async def _raw(request: Request) -> bytes:
    """Return the bytes as they came: the signature covers them."""
    return await request.body()


Body = Annotated[bytes, Depends(_raw)]


class Webhooks:
    """The doors of providers."""

    def __init__(self, door: Door) -> None:
        self.door = door
        # Now, so that a wrong key is an error of the start and not of the first post.
        self._sendgrid = EventSignatures(door.settings.feedback.sendgrid_keys)
        # SQLite has one writer, and whoever finds it busy sleeps a while: here posts wait in line instead.
        self._turn = threading.Lock() if door.app.database.is_sqlite else nullcontext()

    def routes(self) -> Routes:
        """Return where they are. Their bodies may be ``inbox.LARGEST_BODY`` long."""
        return [("/webhooks/sendgrid", WRITE, self.sendgrid)]

    @open_to_other_sites
    def sendgrid(self, request: Request, body: Body) -> Response:
        """Take a post of SendGrid's Event Webhook."""
        if not self.door.settings.feedback.sendgrid_keys:
            return _answer(503, "feedback.sendgrid_keys is empty: nobody can be believed")
        now = self.door.now()
        signature, timestamp = request.headers.get(SIGNATURE_HEADER), request.headers.get(TIMESTAMP_HEADER)
        if not is_fresh(timestamp, now=now) or not self._sendgrid.are_genuine(
            body, signature=signature, timestamp=timestamp
        ):
            logger.warning("post refused", extra={"provider": sendgrid.NAME, "bytes": len(body)})
            return _answer(403, "not signed by a key of feedback.sendgrid_keys, or too old")
        return self._keep(sendgrid.NAME, body, now=now)

    def _keep(self, provider: str, body: bytes, *, now: datetime) -> Response:
        packed = inbox.pack(body)
        with self._turn, self.door.writing() as session:
            inbox.put(session, provider, packed, now=now)
        return Response(status_code=204)


def is_fresh(timestamp: str | None, *, now: datetime) -> bool:
    """Say whether a moment in seconds since 1970 is neither absurdly old nor in the future."""
    if not timestamp or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    age = now.timestamp() - int(timestamp)
    return -AHEAD.total_seconds() <= age <= OLDEST.total_seconds()


def _answer(status: int, words: str) -> Response:
    return PlainTextResponse(words + "\n", status)
