"""The desk for programs: what a person with the right decides about an edition."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import JSONResponse

from newsletter.errors import NewsletterError
from newsletter.people.rights import Right
from newsletter.web.desk.acts import Act, Acts
from newsletter.web.desk.api.answers import answer, clean
from newsletter.web.desk.api.bodies import Answer, Decision
from newsletter.web.desk.api.looking import ONE
from newsletter.web.desk.table import Table
from newsletter.web.staff import Someone, StaffRoute, refused


class Deciding:
    """Calls that let editions go, keep them, or stop them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.door = table.door
        self.staff = table.staff
        self.acts = Acts(table)

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        acts: dict[str, tuple[Right, Callable[..., JSONResponse]]] = {
            "approve": (Right.SEND, self.approve),
            "hold": (Right.PAUSE, self.hold),
            "skip": (Right.SEND, self.skip),
            "move": (Right.SEND, self.move),
            "send": (Right.SEND, self.send),
            "undo": (Right.SEND, self.undo),
            "pause": (Right.PAUSE, self.pause),
            "resume": (Right.SEND, self.resume),
            "cancel": (Right.SEND, self.cancel),
        }
        return [
            StaffRoute(method="POST", path=f"{ONE}/{name}", right=right, handler=handler, answer=Answer)
            for name, (right, handler) in acts.items()
        ]

    def approve(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let an edition go out at its hour that waits or is held."""
        because, seen = clean(sent.because), sent.digest_hash or ""
        do = self.acts.approve(someone, newsletter, key, because=because, seen=seen)
        return self._decide(someone, newsletter, key, "approve", do)

    def hold(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Keep an edition back until somebody approves it."""
        do = self.acts.hold(someone, newsletter, key, because=clean(sent.because))
        return self._decide(someone, newsletter, key, "hold", do)

    def skip(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let a day have no edition."""
        do = self.acts.skip(someone, newsletter, key, because=clean(sent.because))
        return self._decide(someone, newsletter, key, "skip", do)

    def move(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let an edition begin at another moment of its day."""
        day, at = self.table.daily(key), sent.at
        if at is None or at.tzinfo is None or abs(at.year - day.year) > 1:
            return refused(422, "at: give a moment with its offset, as 2026-11-24T08:15:00+08:00")
        do = self.acts.move(someone, newsletter, key, at=at, because=clean(sent.because))
        return self._decide(someone, newsletter, key, "move", do)

    def send(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let an edition begin in a minute; `owed` must be the number of its readers."""
        owed = self.acts.owed(newsletter, self.table.daily(key))
        if sent.owed != owed:
            return refused(409, f"owed: it goes to {owed} readers now; call again with that number")
        return self._decide(someone, newsletter, key, "send", self.acts.send(someone, newsletter, key))

    def undo(self, request: Request, someone: Someone, newsletter: str, key: str) -> JSONResponse:
        """Take the last decision back, as long as nothing has begun."""
        return self._decide(someone, newsletter, key, "undo", self.acts.undo(someone, newsletter, key))

    def pause(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let nothing more of an edition begin."""
        do = self.acts.pause(someone, newsletter, key, because=clean(sent.because))
        return self._decide(someone, newsletter, key, "pause", do)

    def resume(self, request: Request, someone: Someone, newsletter: str, key: str) -> JSONResponse:
        """Let a paused edition go on."""
        return self._decide(someone, newsletter, key, "resume", self.acts.resume(someone, newsletter, key))

    def cancel(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """End an edition for good: what nobody has yet is withdrawn."""
        do = self.acts.cancel(someone, newsletter, key, because=clean(sent.because))
        return self._decide(someone, newsletter, key, "cancel", do)

    def _decide(self, someone: Someone, slug: str, written: str, name: str, do: Act) -> JSONResponse:
        key = self.table.key(written)
        try:
            with self.door.writing() as session:
                do(session)
                self.staff.audit(
                    session,
                    someone,
                    f"edition.{name}",
                    newsletter=slug,
                    about=str(key),
                    now=self.door.now(),
                )
        except NewsletterError as error:
            return refused(409, str(error))
        return answer(done=name)
