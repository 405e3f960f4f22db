"""The desk for programs: what a person with the right decides about an edition."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from newsletter.errors import NewsletterError
from newsletter.morning import deciding, steering
from newsletter.people.rights import Right
from newsletter.web.desk.api.answers import answer, clean
from newsletter.web.desk.api.bodies import Answer, Decision
from newsletter.web.desk.api.looking import ONE
from newsletter.web.desk.deciding import Deciding as Pages
from newsletter.web.desk.table import Table
from newsletter.web.staff import Someone, StaffRoute, refused


class Deciding:
    """Calls that let editions go, keep them, or stop them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.door = table.door
        self.staff = table.staff
        self.pages = Pages(table)

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
        day, now = self.table.daily(key), self.door.now()
        self.pages.examine(newsletter, day, sent.digest_hash or "")
        return self._decide(
            someone,
            newsletter,
            key,
            "approve",
            lambda session: deciding.approve(
                session,
                newsletter,
                day,
                who=someone.name,
                because=clean(sent.because),
                digest_hash=sent.digest_hash,
                now=now,
            ),
        )

    def hold(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Keep an edition back until somebody approves it."""
        day, now = self.table.daily(key), self.door.now()
        return self._decide(
            someone,
            newsletter,
            key,
            "hold",
            lambda session: deciding.hold(
                session, newsletter, day, who=someone.name, because=clean(sent.because), now=now
            ),
        )

    def skip(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let a day have no edition."""
        day, now = self.table.daily(key), self.door.now()
        return self._decide(
            someone,
            newsletter,
            key,
            "skip",
            lambda session: deciding.skip(
                session, newsletter, day, who=someone.name, because=clean(sent.because), now=now
            ),
        )

    def move(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let an edition begin at another moment of its day."""
        day, now, at = self.table.daily(key), self.door.now(), sent.at
        if at is None or at.tzinfo is None or abs(at.year - day.year) > 1:
            return refused(422, "at: give a moment with its offset, as 2026-11-24T08:15:00+08:00")
        timetable = self.table.desk(newsletter).morning.timetable
        return self._decide(
            someone,
            newsletter,
            key,
            "move",
            lambda session: deciding.reschedule(
                session,
                newsletter,
                day,
                at=at,
                timetable=timetable,
                who=someone.name,
                because=clean(sent.because),
                now=now,
            ),
        )

    def send(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let an edition begin in a minute; `owed` must be the number of its readers."""
        day, now = self.table.daily(key), self.door.now()
        owed = self.pages.owed(newsletter, day)
        if sent.owed != owed:
            return refused(409, f"owed: it goes to {owed} readers now; call again with that number")
        timetable = self.table.desk(newsletter).morning.timetable
        return self._decide(
            someone,
            newsletter,
            key,
            "send",
            lambda session: deciding.send_now(
                session, newsletter, day, timetable=timetable, who=someone.name, now=now
            ),
        )

    def undo(self, request: Request, someone: Someone, newsletter: str, key: str) -> JSONResponse:
        """Take the last decision back, as long as nothing has begun."""
        day, now = self.table.daily(key), self.door.now()
        timetable = self.table.desk(newsletter).morning.timetable
        return self._decide(
            someone,
            newsletter,
            key,
            "undo",
            lambda session: deciding.undo(
                session, newsletter, day, timetable=timetable, who=someone.name, now=now
            ),
        )

    def pause(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """Let nothing more of an edition begin."""
        now = self.door.now()

        def do(session: Session) -> None:
            edition = self.pages.edition(session, newsletter, key)
            steering.pause(session, edition, who=someone.name, because=clean(sent.because), now=now)

        return self._decide(someone, newsletter, key, "pause", do)

    def resume(self, request: Request, someone: Someone, newsletter: str, key: str) -> JSONResponse:
        """Let a paused edition go on."""
        now, alarms = self.door.now(), self.door.app.alarms

        def do(session: Session) -> None:
            edition = self.pages.edition(session, newsletter, key)
            steering.resume(session, edition, alarms=alarms, who=someone.name, now=now)

        return self._decide(someone, newsletter, key, "resume", do)

    def cancel(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Decision
    ) -> JSONResponse:
        """End an edition for good: what nobody has yet is withdrawn."""
        now, alarms = self.door.now(), self.door.app.alarms

        def do(session: Session) -> None:
            edition = self.pages.edition(session, newsletter, key)
            because = clean(sent.because)
            steering.cancel(session, edition, alarms=alarms, who=someone.name, because=because, now=now)

        return self._decide(someone, newsletter, key, "cancel", do)

    def _decide(
        self, someone: Someone, slug: str, written: str, name: str, do: Callable[[Session], object]
    ) -> JSONResponse:
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
