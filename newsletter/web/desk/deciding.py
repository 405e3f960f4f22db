"""What a person decides about an edition: buttons over the same functions that the command line uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

from fastapi import Request, Response
from sqlalchemy.orm import Session

from newsletter.delivery import audience
from newsletter.editions import edition as editions
from newsletter.editions.edition import Edition
from newsletter.errors import NewsletterError
from newsletter.morning import deciding, steering
from newsletter.morning.deciding import NothingToDecide
from newsletter.people.rights import Right
from newsletter.web.desk.table import Table
from newsletter.web.forms import Sent
from newsletter.web.staff import Someone, StaffRoute


class NotTyped(NothingToDecide):
    """The number of readers was not typed as it is. Look at the number, and type it."""


class Deciding:
    """Approving, holding, moving, sending, stopping."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.staff = table.staff
        self.door = table.door

    def routes(self) -> list[StaffRoute]:
        """Return where it is done, and the right each takes."""
        one = "/staff/{newsletter}/editions/{key}"
        acts: list[tuple[str, Right, Callable[..., Response]]] = [
            ("approve", Right.SEND, self.approve),
            ("hold", Right.PAUSE, self.hold),
            ("skip", Right.SEND, self.skip),
            ("move", Right.SEND, self.move),
            ("send", Right.SEND, self.send),
            ("undo", Right.SEND, self.undo),
            ("pause", Right.PAUSE, self.pause),
            ("resume", Right.SEND, self.resume),
            ("cancel", Right.SEND, self.cancel),
        ]
        pages = [
            StaffRoute(method="GET", path=f"{one}/send", right=Right.SEND, handler=self.ask_to_send),
        ]
        return pages + [
            StaffRoute(method="POST", path=f"{one}/{name}", right=right, handler=handler)
            for name, right, handler in acts
        ]

    # ---- before it begins ----

    def approve(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Let an edition go out at its hour that waits or is held: the text that was seen, and no other."""
        day, now = self.table.daily(key), self.door.now()
        self.examine(newsletter, day, sent.get("seen", ""))

        def do(session: Session) -> None:
            deciding.approve(
                session,
                newsletter,
                day,
                who=someone.name,
                because=sent.get("because", ""),
                digest_hash=sent.get("seen") or None,
                now=now,
            )

        return self._act(request, someone, newsletter, key, "approve", do)

    def hold(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Keep an edition back until somebody approves it."""
        day, now, because = self.table.daily(key), self.door.now(), sent.get("because", "")
        return self._act(
            request,
            someone,
            newsletter,
            key,
            "hold",
            lambda session: deciding.hold(
                session, newsletter, day, who=someone.name, because=because, now=now
            ),
        )

    def skip(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Let a day have no edition."""
        day, now, because = self.table.daily(key), self.door.now(), sent.get("because", "")
        return self._act(
            request,
            someone,
            newsletter,
            key,
            "skip",
            lambda session: deciding.skip(
                session, newsletter, day, who=someone.name, because=because, now=now
            ),
        )

    def move(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Let an edition begin at another hour of its day."""
        day, now = self.table.daily(key), self.door.now()
        timetable = self.table.desk(newsletter).morning.timetable

        def do(session: Session) -> None:
            at = datetime.combine(day, _time(sent.get("at", "")), timetable.schedule.tz)
            deciding.reschedule(
                session,
                newsletter,
                day,
                at=at,
                timetable=timetable,
                who=someone.name,
                because=sent.get("because", ""),
                now=now,
            )

        return self._act(request, someone, newsletter, key, "move", do, at=sent.get("at", ""))

    def ask_to_send(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Show how many would get it now, and ask for that number."""
        opened = self.table.open(someone, newsletter, key)
        considered, excluded = self._audience(newsletter, opened.key.day)
        return self.staff.show(
            request,
            "desk/send",
            someone,
            slug=newsletter,
            key=str(opened.key),
            edition=opened.edition,
            considered=considered,
            excluded=excluded,
            owed=considered - sum(excluded.values()),
        )

    def send(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Let an edition begin in a minute, once the number of its readers is typed."""
        day, now = self.table.daily(key), self.door.now()
        timetable = self.table.desk(newsletter).morning.timetable
        owed = self.owed(newsletter, day)
        typed = sent.get("owed", "").strip().replace(",", "").replace("，", "")
        if typed != str(owed):
            words = self.staff.words(request, someone)
            error = NotTyped(words.say("desk.send.not_typed", owed=f"{owed:,}"))
            return self.table.refuse(self.table.path(newsletter, day, "/send"), error)
        return self._act(
            request,
            someone,
            newsletter,
            key,
            "send",
            lambda session: deciding.send_now(
                session, newsletter, day, timetable=timetable, who=someone.name, now=now
            ),
        )

    def undo(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Take the last of it back, as long as nothing has begun."""
        day, now = self.table.daily(key), self.door.now()
        timetable = self.table.desk(newsletter).morning.timetable
        return self._act(
            request,
            someone,
            newsletter,
            key,
            "undo",
            lambda session: deciding.undo(
                session, newsletter, day, timetable=timetable, who=someone.name, now=now
            ),
        )

    # ---- on its way ----

    def pause(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Let nothing more of it begin."""
        now, because = self.door.now(), sent.get("because", "")
        return self._act(
            request,
            someone,
            newsletter,
            key,
            "pause",
            lambda session: steering.pause(
                session,
                self.edition(session, newsletter, key),
                who=someone.name,
                because=because,
                now=now,
            ),
        )

    def resume(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Let it go on."""
        now, alarms = self.door.now(), self.door.app.alarms
        return self._act(
            request,
            someone,
            newsletter,
            key,
            "resume",
            lambda session: steering.resume(
                session, self.edition(session, newsletter, key), alarms=alarms, who=someone.name, now=now
            ),
        )

    def cancel(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """End it for good."""
        now, alarms, because = self.door.now(), self.door.app.alarms, sent.get("because", "")
        return self._act(
            request,
            someone,
            newsletter,
            key,
            "cancel",
            lambda session: steering.cancel(
                session,
                self.edition(session, newsletter, key),
                alarms=alarms,
                who=someone.name,
                because=because,
                now=now,
            ),
        )

    def _act(
        self,
        request: Request,
        someone: Someone,
        slug: str,
        key: str,
        name: str,
        do: Callable[[Session], object],
        **values: str,
    ) -> Response:
        return self.table.act(
            request,
            someone,
            slug,
            key,
            what=f"edition.{name}",
            do=do,
            said=f"desk.done.{name}",
            **values,
        )

    def edition(self, session: Session, slug: str, written: str) -> Edition:
        """Return an edition on its way, locked."""
        key = self.table.key(written)
        return steering.the_edition(session, slug, key.day, key.kind, key.serial, lock=True)

    def examine(self, slug: str, day: date, seen: str) -> None:
        """Let the gate look at a text that it does not know yet: saved a moment ago, or with no worker."""
        with self.door.reading() as session:
            row = editions.find(session, slug, day)
        if seen and (row is None or row.digest_hash != seen):
            self.door.app.unattended(slug).prepare_day(day, anew=True)

    def owed(self, slug: str, day: date) -> int:
        """Count whom an edition would go to now."""
        considered, excluded = self._audience(slug, day)
        return considered - sum(excluded.values())

    def _audience(self, slug: str, day: date) -> tuple[int, dict[str, int]]:
        with self.door.reading() as session:
            wanted = editions.new(slug, day, now=self.door.now())
            return audience.counted(session, wanted)


def _time(typed: str) -> time:
    try:
        return time.fromisoformat(typed)
    except ValueError:
        raise NewsletterError("type the hour as 08:15") from None
