"""The settings of one newsletter."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from newsletter.config.base import Email, OneLine, Section, iana_zone


class SenderSettings(Section):
    name: OneLine = ""  # empty: the newsletter's name
    address: Email = "news@example.com"
    reply_to: Email = ""


class SourceSettings(Section):
    folder: Path = Path("digests")
    max_age_hours: float = Field(default=20, gt=0)
    yesterday_evening: bool = True

    @property
    def max_age(self) -> timedelta:
        """How old a digest may be when it goes out."""
        return timedelta(hours=self.max_age_hours)


class ScheduleSettings(Section):
    send_at: time = time(7, 30)
    deliver_until: time = time(22)  # what is left then expires, and goes first the next time
    zone: Annotated[str, AfterValidator(iana_zone)] = "Asia/Shanghai"

    @property
    def tz(self) -> ZoneInfo:
        """The newsletter's local time."""
        return ZoneInfo(self.zone)


Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class NewsletterSettings(Section):
    name: OneLine
    description: OneLine = ""
    language: Language = "zh-CN"
    template: str = Field(default="daily", pattern=r"[a-z][a-z0-9_]*")
    subject: OneLine = ""  # a pattern; empty: the template's subject.txt.j2
    postal_address: OneLine = ""
    sender: SenderSettings = SenderSettings()
    source: SourceSettings = SourceSettings()
    schedule: ScheduleSettings = ScheduleSettings()

    @property
    def sender_name(self) -> str:
        """The display name of the sender."""
        return self.sender.name or self.name
