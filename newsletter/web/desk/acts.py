"""What a person decides about an edition, for both doors: the buttons of a page and the calls of a program.

Each returns what is then done in the transaction of the door, which also writes it down.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from newsletter.delivery import audience
from newsletter.editions import edition as editions
from newsletter.morning import deciding, steering
from newsletter.timetable import Timetable
from newsletter.web.desk.table import Table
from newsletter.web.staff import Someone

Act = Callable[[Session], object]


class Acts:
    """The decisions there are."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.door = table.door

    # ---- before it begins ----

    def approve(self, someone: Someone, newsletter: str, key: str, *, because: str, seen: str) -> Act:
        """Let an edition go out at its hour: the text that was seen, and no other."""
        self._examine(newsletter, self.table.daily(key), seen)
        return self._of_day(
            deciding.approve, someone, newsletter, key, because=because, digest_hash=seen or None
        )

    def hold(self, someone: Someone, newsletter: str, key: str, *, because: str) -> Act:
        """Keep an edition back until somebody approves it."""
        return self._of_day(deciding.hold, someone, newsletter, key, because=because)

    def skip(self, someone: Someone, newsletter: str, key: str, *, because: str) -> Act:
        """Let a day have no edition."""
        return self._of_day(deciding.skip, someone, newsletter, key, because=because)

    def move(self, someone: Someone, newsletter: str, key: str, *, at: datetime, because: str) -> Act:
        """Let an edition begin at another moment of its day."""
        timetable = self.timetable(newsletter)
        return self._of_day(
            deciding.reschedule, someone, newsletter, key, at=at, timetable=timetable, because=because
        )

    def send(self, someone: Someone, newsletter: str, key: str) -> Act:
        """Let an edition begin in a minute; the door has asked for the number of its readers."""
        timetable = self.timetable(newsletter)
        return self._of_day(deciding.send_now, someone, newsletter, key, timetable=timetable)

    def undo(self, someone: Someone, newsletter: str, key: str) -> Act:
        """Take the last decision back, as long as nothing has begun."""
        timetable = self.timetable(newsletter)
        return self._of_day(deciding.undo, someone, newsletter, key, timetable=timetable)

    # ---- on its way ----

    def pause(self, someone: Someone, newsletter: str, key: str, *, because: str) -> Act:
        """Let nothing more of an edition begin."""
        return self._on_its_way(steering.pause, someone, newsletter, key, because=because)

    def resume(self, someone: Someone, newsletter: str, key: str) -> Act:
        """Let a paused edition go on."""
        return self._on_its_way(steering.resume, someone, newsletter, key, alarms=self.door.app.alarms)

    def cancel(self, someone: Someone, newsletter: str, key: str, *, because: str) -> Act:
        """End an edition for good: what nobody has yet is withdrawn."""
        alarms = self.door.app.alarms
        return self._on_its_way(steering.cancel, someone, newsletter, key, alarms=alarms, because=because)

    # ---- what a door asks before ----

    def timetable(self, newsletter: str) -> Timetable:
        """Return the hours of a newsletter."""
        return self.table.desk(newsletter).morning.timetable

    def owed(self, newsletter: str, day: date) -> int:
        """Count whom an edition would go to now."""
        considered, excluded = self.audience(newsletter, day)
        return considered - sum(excluded.values())

    def audience(self, newsletter: str, day: date) -> tuple[int, dict[str, int]]:
        """Count who would be considered now, and who of them left out, by reason."""
        with self.door.reading() as session:
            wanted = editions.new(newsletter, day, now=self.door.now())
            return audience.counted(session, wanted)

    def _examine(self, newsletter: str, day: date, seen: str) -> None:
        """Let the gate look at a text that it does not know yet: saved a moment ago, or with no worker."""
        with self.door.reading() as session:
            row = editions.find(session, newsletter, day)
        if seen and (row is None or row.digest_hash != seen):
            self.door.app.unattended(newsletter).prepare_day(day, anew=True)

    def _of_day(
        self, act: Callable[..., object], someone: Someone, newsletter: str, key: str, **given: Any
    ) -> Act:
        return partial(
            act,
            newsletter=newsletter,
            day=self.table.daily(key),
            who=someone.name,
            now=self.door.now(),
            **given,
        )

    def _on_its_way(
        self, act: Callable[..., object], someone: Someone, newsletter: str, written: str, **given: Any
    ) -> Act:
        key, now = self.table.key(written), self.door.now()

        def do(session: Session) -> None:
            edition = steering.the_edition(session, newsletter, key.day, key.kind, key.serial, lock=True)
            act(session, edition, who=someone.name, now=now, **given)

        return do
