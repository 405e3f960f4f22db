"""Whether this installation may send at all, and that people hear of it when it may not.

A closed fence or a missing setting keeps every edition back, and nothing else would say so: it is told when
it is noticed, once more half an hour before each morning that will not go out, and taken back when it is
over. Of a closed fence people are told by the only mails and posts that leave a copied database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from newsletter.alarms import Cause, open_alarms
from newsletter.app import App
from newsletter.config.reach import why_nobody_could_leave
from newsletter.timetable import Timetable


@dataclass(kw_only=True)
class Fitness:
    """Looks whether an installation may send."""

    app: App
    _said: dict[Cause, tuple[str, str]] = field(default_factory=dict)  # so as not to write it at every look

    def look(self, *, now: datetime) -> list[Cause]:
        """Tell people what keeps everything back, and what no longer does; return the causes told."""
        found = {
            Cause.SETTINGS: why_nobody_could_leave(self.app.settings),
            Cause.FENCE: self.app.why_fenced(),
        }
        morning = self._morning(now)
        return [cause for cause, why in found.items() if self._tell(cause, why, morning, now)]

    def _tell(self, cause: Cause, why: str, morning: str, now: datetime) -> bool:
        if self._said.get(cause) == (why, morning):
            return False
        is_new, alarms = False, self.app.alarms
        with self.app.database.readers() as session:
            is_open = bool(open_alarms(session, cause))
        if why or is_open:
            with self.app.database.sessions.begin() as session:
                told = open_alarms(session, cause)
                if why:
                    is_new = alarms.sound(
                        session,
                        cause,
                        newsletter="",
                        day=told[-1].day if told else now.astimezone(alarms.teller.zone("")).date(),
                        facts={"why": why},
                        again=morning,
                        now=now,
                    )
                else:
                    for alarm in told:
                        alarms.clear(session, newsletter="", day=alarm.day, causes=[cause], now=now)
        self._said[cause] = (why, morning)
        return is_new

    def _morning(self, now: datetime) -> str:
        """Return the name of the morning that would not go out: of today, once the first one is near."""
        for newsletter in self.app.settings.newsletters.values():
            timetable = Timetable(newsletter.schedule)
            day = now.astimezone(newsletter.schedule.tz).date()
            if timetable.decide(day).goes and timetable.moments(day).prepare_at <= now:
                return day.isoformat()
        return ""
