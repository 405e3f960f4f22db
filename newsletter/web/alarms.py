"""The page behind an alarm's link: what is wrong, who has it, and a button to take it. No login.

The link lets its holder do nothing but say "I have it". Looking changes nothing.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request, Response
from sqlalchemy.orm import Session

from newsletter import language
from newsletter.alarms import Alarm, Told
from newsletter.alarms.message import Event, local, say
from newsletter.web.door import READ, WRITE, Door, Routes
from newsletter.web.forms import Sent
from newsletter.web.seals import Form
from newsletter.web.visitor import language_of


class Alarms:
    """The pages of people on call."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where these pages are."""
        return [("/alarm/{token}", READ, self.page), ("/alarm/{token}", WRITE, self.take)]

    def page(self, request: Request, token: str) -> Response:
        """Show what is wrong; nothing happens before the button is pressed."""
        with self.door.reading() as session:
            found = self._find(session, token)
        return self._show(request, token, *found) if found else self.door.gone(request)

    def take(self, request: Request, token: str, sent: Sent) -> Response:
        """Write down that the holder of the link has it. Twice is success twice.

        Some mail scanners post to what they find without reading the page. One of them must not keep the
        next person asleep: so the button brings a seal, however old it is.
        """
        now = self.door.now()
        age = self.door.seals.age(sent.get("seal", ""), Form.ALARM, token, now=now)
        if age is None or age < timedelta(0):
            return self.page(request, token)
        with self.door.writing() as session:
            found = self._find(session, token)
            if found:
                self.door.app.alarms.acknowledge(session, found[0].id, by=found[1].name, now=now)
        return self._show(request, token, *found) if found else self.door.gone(request)

    def _find(self, session: Session, token: str) -> tuple[Alarm, Told] | None:
        told = self.door.app.alarms.holder(session, token, now=self.door.now())
        return (session.get_one(Alarm, told.alarm_id), told) if told else None

    def _show(self, request: Request, token: str, alarm: Alarm, told: Told) -> Response:
        now, alarms = self.door.now(), self.door.app.alarms
        slug = alarm.newsletter or None
        tag = language_of(request, reader=None, default=told.language)
        event = Event.RAISED if alarm.occurrence == told.occurrence else Event.AGAIN
        occasion = alarms.teller.occasion(alarm, event, now=now, next_names=alarms.next_names(alarm))
        return self.door.show(
            request,
            "alarm",
            slug=slug,
            tag=tag,
            message=say(occasion, language.catalog(tag)),
            holder=told.name,
            raised=local(alarm.raised_at, occasion),
            taken=local(alarm.acknowledged_at, occasion) if alarm.acknowledged_at else None,
            taken_by=alarm.acknowledged_by,
            cleared=local(alarm.cleared_at, occasion) if alarm.cleared_at else None,
            act=self._act(alarm),
            seal=self.door.seals.seal(Form.ALARM, token, now=now),
        )

    def _act(self, alarm: Alarm) -> str:
        """Return where somebody acts on an alarm: a page of the desk, which asks for the login first."""
        staff = f"{self.door.prefix}/staff"
        if alarm.newsletter not in self.door.settings.newsletters:
            return staff
        return f"{staff}/{alarm.newsletter}/editions/{alarm.day}"
