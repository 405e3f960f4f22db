"""Where providers post what became of our mail: one durable write, and then 2xx. Effects come later.

A post is believed for its signature over the very bytes that came, and for nothing else; without a key in
the settings there is nobody to believe, and the answer is 503. What a post holds is not looked at here,
so no odd event can fail it.
"""

from __future__ import annotations

import logging
import threading
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import PlainTextResponse

from newsletter.feedback import inbox, sendgrid, shapes
from newsletter.transports.sendgrid_api import SIGNATURE_HEADER, TIMESTAMP_HEADER, EventSignatures
from newsletter.web import callers
from newsletter.web.door import WRITE, Door, Routes
from newsletter.web.security import open_to_other_sites

logger = logging.getLogger(__name__)


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
        return [
            ("/webhooks/sendgrid", WRITE, self.sendgrid),
            ("/webhooks/{shape}", WRITE, self.other),
        ]

    @open_to_other_sites
    def sendgrid(self, request: Request, body: Body) -> Response:
        """Take a post of SendGrid's Event Webhook."""
        if not self.door.settings.feedback.sendgrid_keys:
            return _answer(503, "feedback.sendgrid_keys is empty: nobody can be believed")
        now = self.door.now()
        signature, timestamp = request.headers.get(SIGNATURE_HEADER), request.headers.get(TIMESTAMP_HEADER)
        if not callers.is_fresh(timestamp, now=now) or not self._sendgrid.are_genuine(
            body, signature=signature, timestamp=timestamp
        ):
            logger.warning("post refused", extra={"provider": sendgrid.NAME, "bytes": len(body)})
            return _answer(403, "not signed by a key of feedback.sendgrid_keys, or too old")
        return self._keep(sendgrid.NAME, body, now=now)

    @open_to_other_sites
    def other(self, request: Request, shape: str, body: Body) -> Response:
        """Take a post of another provider, or of a program of our own."""
        if shape not in shapes.READERS:
            return _answer(404, f"there is no shape called so; there are {', '.join(shapes.READERS)}")
        feedback, now = self.door.settings.feedback, self.door.now()
        secrets = [secret.get_secret_value() for secret in feedback.secrets]
        mailgun = [key.get_secret_value() for key in feedback.mailgun_keys] if shape == "mailgun" else []
        if not secrets and not mailgun:
            return _answer(503, "feedback.secrets is empty: nobody can be believed")
        is_genuine = (
            callers.is_signed(request.headers, body, secrets, now=now)
            or callers.has_password(request.headers, secrets)
            or callers.is_mailguns(body, mailgun, now=now)
        )
        if not is_genuine:
            logger.warning("post refused", extra={"provider": shape, "bytes": len(body)})
            # Some providers send a password only when they are asked for one.
            return _answer(401, "not signed with a secret of feedback.secrets, and no password of them")
        return self._keep(shape, body, now=now)

    def _keep(self, provider: str, body: bytes, *, now: datetime) -> Response:
        packed = inbox.pack(body)
        with self._turn, self.door.writing() as session:
            inbox.put(session, provider, packed, now=now)
        return Response(status_code=204)


def _answer(status: int, words: str) -> Response:
    headers = {"www-authenticate": 'Basic realm="webhooks"'} if status == 401 else None
    return PlainTextResponse(words + "\n", status, headers)
