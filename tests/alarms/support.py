"""A small installation with people to alarm: one database, three levels, a clock that is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import select

from newsletter.alarms import Alarm, Alarms, Cause
from newsletter.alarms.tables import Hook
from newsletter.alarms.telling import Teller
from newsletter.config import NewsletterSettings
from newsletter.config.alarms import AlarmSettings
from newsletter.database import Database
from newsletter.delivery.tables import Notice
from newsletter.mailing import Mailing
from tests.support import DAY, KEYS, SLUG, HandClock

BASE = "https://news.example.com"
PAPER = NewsletterSettings(name="全球 AI 早报")
PEOPLE = {
    "people": [
        {"name": "张三", "email": "zhang@example.com"},
        {"name": "Li Si", "email": "li@example.com", "language": "en"},
        {"name": "王五", "email": "wang@example.com"},
        {"name": "赵六", "email": "zhao@example.com", "level": 3},
    ],
    "webhooks": [
        {"name": "desk", "url": "https://hooks.example.com/desk", "secret": "s3cret"},
        {"name": "boss", "url": "https://hooks.example.com/boss", "levels": [3], "language": "en"},
    ],
}
HOLD = {
    "check": "links",
    "severity": "hold",
    "line": 12,
    "message": {"zh-CN": "链接打不开", "en": "a dead link"},
    "remedy": {"zh-CN": "换一个链接", "en": "use another link"},
}
OTHER = HOLD | {"line": 40}


@dataclass
class House:
    """An installation's alarms, and everything that can be seen of them."""

    database: Database
    clock: HandClock
    settings: AlarmSettings

    @cached_property
    def alarms(self) -> Alarms:
        return Alarms(
            settings=self.settings,
            teller=Teller(newsletters={SLUG: PAPER}, base_url=BASE, keys=lambda: KEYS),
            database=self.database,
            clock=self.clock,
        )

    # ---- what happens ----

    def sound(self, cause: Cause = Cause.HELD, *found: dict[str, Any], **more: Any) -> bool:
        with self.database.sessions.begin() as session:
            known: dict[str, Any] = {
                "newsletter": SLUG,
                "day": DAY,
                "now": self.clock(),
                "findings": found,
            } | more
            return self.alarms.sound(session, cause, **known)

    def clear(self, day: date = DAY, **more: Any) -> int:
        with self.database.sessions.begin() as session:
            return self.alarms.clear(session, newsletter=SLUG, day=day, now=self.clock(), **more)

    def acknowledge(self, by: str = "张三", alarm_id: int = 1) -> Alarm | None:
        with self.database.sessions.begin() as session:
            return self.alarms.acknowledge(session, alarm_id, by=by, now=self.clock())

    def pass_minutes(self, minutes: float) -> int:
        """Let time pass and the worker look once; return how many alarms were escalated."""
        self.clock.forward(timedelta(minutes=minutes))
        with self.database.sessions.begin() as session:
            return self.alarms.advance(session, now=self.clock())

    # ---- what can be seen ----

    def alarm(self, alarm_id: int = 1) -> Alarm:
        with self.database.readers() as session:
            return session.get_one(Alarm, alarm_id)

    def notices(self) -> list[Notice]:
        with self.database.readers() as session:
            return list(session.scalars(select(Notice).order_by(Notice.id)))

    def hooks(self) -> list[Hook]:
        with self.database.readers() as session:
            return list(session.scalars(select(Hook).order_by(Hook.id)))

    def told(self) -> list[str]:
        """Return who was written to so far, in order: the part of an address before @, #webhook."""
        return [(notice.address or "").partition("@")[0] for notice in self.notices()] + [
            f"#{hook.target}" for hook in self.hooks()
        ]

    def since(self, count: int) -> list[str]:
        """Return who was written to since there were ``count`` notices."""
        return [(notice.address or "").partition("@")[0] for notice in self.notices()[count:]]

    def mail(self, number: int = -1) -> Mailing:
        return Mailing.from_bytes(self.notices()[number].mailing)
