"""Two words for monitors and proxies: whether the pages run, and whether mail will be sent."""

from __future__ import annotations

from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery import heartbeat
from newsletter.web.door import READ, Door, Routes


class Operations:
    """The pages without words."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where they are."""
        return [
            ("/healthz", READ, self.healthy),
            ("/readyz", READ, self.ready),
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
