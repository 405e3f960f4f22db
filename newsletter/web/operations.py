"""For monitors and proxies: whether the pages run, whether mail will be sent, and the metrics.

What is told holds no address and no secret. ``/metrics`` is for whoever has ``metrics.token``; where none is
set, for a monitor on this very machine, with no proxy between.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery import heartbeat
from newsletter.measuring import Measuring
from newsletter.metrics import CONTENT_TYPE, Histogram, text_of
from newsletter.web.door import READ, Door, Routes

_FROM_A_PROXY = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Operations:
    """The pages without words."""

    def __init__(self, door: Door, latency: Histogram) -> None:
        self.door = door
        self.latency = latency
        self.measuring = Measuring(app=door.app)

    def routes(self) -> Routes:
        """Return where they are."""
        return [
            ("/healthz", READ, self.healthy),
            ("/readyz", READ, self.ready),
            ("/metrics", READ, self.metrics),
        ]

    def healthy(self) -> PlainTextResponse:
        """Say that this process answers. It touches nothing else: a restart would not mend a database."""
        return PlainTextResponse("ok\n")

    def ready(self) -> JSONResponse:
        """Say whether the database answers and may send, and a worker is alive; 503 when not all of it."""
        found = {"database": False, "fence": False, "worker": False}
        try:
            with self.door.reading() as session:
                session.execute(text("select 1"))
                found["database"] = True
                found["fence"] = not self.door.app.why_fenced()
                found["worker"] = heartbeat.is_beating(session, now=self.door.now())
        except SQLAlchemyError:
            pass  # the answer says it
        return JSONResponse(found, 200 if all(found.values()) else 503)

    def metrics(self, request: Request) -> PlainTextResponse:
        """Tell the metrics to whoever may ask; 401 to others."""
        if not self._may_ask(request):
            raise HTTPException(401)
        samples = [*self.measuring.samples(), *self.latency.samples()]
        return PlainTextResponse(text_of(samples), media_type=CONTENT_TYPE)

    def _may_ask(self, request: Request) -> bool:
        token = self.door.settings.metrics.token.get_secret_value()
        if token:
            told = request.headers.get("authorization", "")
            return hmac.compare_digest(told.encode(), f"Bearer {token}".encode())
        if any(name in request.headers for name in _FROM_A_PROXY) or request.client is None:
            return False
        try:
            return ip_address(request.client.host).is_loopback
        except ValueError:
            return False
