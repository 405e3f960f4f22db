"""A test alarm through every channel, so that nobody learns on a bad morning that one is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter.alarms.cause import Cause
from newsletter.alarms.message import Event, Message, Occasion, say, written
from newsletter.alarms.people import Listener, levels
from newsletter.alarms.tables import Channel
from newsletter.alarms.telling import VERSION, Teller
from newsletter.config.alarms import AlarmSettings
from newsletter.language import catalog


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One test alarm. ``key`` tells it from every other one."""

    settings: AlarmSettings
    teller: Teller
    key: str
    now: datetime

    def listeners(self) -> Iterator[Listener]:
        """Yield everybody who could ever be told, each once."""
        told = {}
        for listeners in levels(self.settings).values():
            told |= {(each.channel, each.target): each for each in listeners}
        yield from told.values()

    def mail(self, session: Session) -> list[str]:
        """Write the mails down and return their keys."""
        keys = []
        for number, listener in enumerate(self.listeners(), 1):
            if listener.channel is Channel.EMAIL:
                keys.append(f"alarm:test:{self.key}:{number}")
                message = self._message(listener)
                self.teller.mail(
                    session, message, to=listener.target, key=keys[-1], slug=self._slug, now=self.now
                )
        return keys

    def webhooks(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each webhook's name and what it is to hear."""
        for listener in self.listeners():
            if listener.channel is Channel.WEBHOOK:
                message = self._message(listener)
                yield (
                    listener.target,
                    {
                        "version": VERSION,
                        "id": f"alarm:test:{self.key}:{listener.target}",
                        "event": Event.TEST.value,
                        "name": message.name,
                        "told_at": self.now.astimezone(UTC).isoformat(),
                        "language": message.language,
                        "subject": message.subject,
                        "title": message.title,
                        "text": written(message),
                        "acknowledge_url": None,
                    },
                )

    @property
    def _slug(self) -> str:
        return next(iter(self.teller.newsletters), "")

    def _message(self, listener: Listener) -> Message:
        newsletter = self.teller.newsletter(self._slug)
        zone = self.teller.zone(self._slug)
        occasion = Occasion(
            cause=Cause.HELD,  # any: a test says nothing of it
            event=Event.TEST,
            newsletter=self._slug,
            name=newsletter.name,
            day=self.now.astimezone(zone).date(),
            facts={},
            findings=(),
            alarm_id=0,
            raised_at=self.now,
            now=self.now,
            zone=zone,
        )
        return say(occasion, catalog(listener.language or newsletter.language))
