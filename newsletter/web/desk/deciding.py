"""What a person decides about an edition: buttons over the same functions that the command line uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from fastapi import Request, Response
from sqlalchemy.orm import Session

from newsletter.errors import NewsletterError
from newsletter.morning.deciding import NothingToDecide
from newsletter.people.rights import Right
from newsletter.web.desk.acts import Act, Acts
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
        self.acts = Acts(table)

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
        because, seen = sent.get("because", ""), sent.get("seen", "")
        do = self.acts.approve(someone, newsletter, key, because=because, seen=seen)
        return self._act(request, someone, newsletter, key, "approve", do)

    def hold(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Keep an edition back until somebody approves it."""
        do = self.acts.hold(someone, newsletter, key, because=sent.get("because", ""))
        return self._act(request, someone, newsletter, key, "hold", do)

    def skip(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Let a day have no edition."""
        do = self.acts.skip(someone, newsletter, key, because=sent.get("because", ""))
        return self._act(request, someone, newsletter, key, "skip", do)

    def move(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Let an edition begin at another hour of its day."""
        day, typed = self.table.daily(key), sent.get("at", "")

        def do(session: Session) -> None:
            at = datetime.combine(day, _time(typed), self.acts.timetable(newsletter).schedule.tz)
            self.acts.move(someone, newsletter, key, at=at, because=sent.get("because", ""))(session)

        return self._act(request, someone, newsletter, key, "move", do, at=typed)

    def ask_to_send(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Show how many would get it now, and ask for that number."""
        opened = self.table.open(someone, newsletter, key)
        considered, excluded = self.acts.audience(newsletter, opened.key.day)
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
        day = self.table.daily(key)
        owed = self.acts.owed(newsletter, day)
        typed = sent.get("owed", "").strip().replace(",", "").replace("，", "")
        if typed != str(owed):
            words = self.staff.words(request, someone)
            error = NotTyped(words.say("desk.send.not_typed", owed=f"{owed:,}"))
            return self.table.refuse(self.table.path(newsletter, day, "/send"), error)
        return self._act(request, someone, newsletter, key, "send", self.acts.send(someone, newsletter, key))

    def undo(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Take the last of it back, as long as nothing has begun."""
        return self._act(request, someone, newsletter, key, "undo", self.acts.undo(someone, newsletter, key))

    # ---- on its way ----

    def pause(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Let nothing more of it begin."""
        do = self.acts.pause(someone, newsletter, key, because=sent.get("because", ""))
        return self._act(request, someone, newsletter, key, "pause", do)

    def resume(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Let it go on."""
        do = self.acts.resume(someone, newsletter, key)
        return self._act(request, someone, newsletter, key, "resume", do)

    def cancel(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """End it for good."""
        do = self.acts.cancel(someone, newsletter, key, because=sent.get("because", ""))
        return self._act(request, someone, newsletter, key, "cancel", do)

    def _act(
        self,
        request: Request,
        someone: Someone,
        slug: str,
        key: str,
        name: str,
        do: Act,
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


def _time(typed: str) -> time:
    try:
        return time.fromisoformat(typed)
    except ValueError:
        raise NewsletterError("type the hour as 08:15") from None
