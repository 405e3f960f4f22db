"""The settings of one newsletter."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator

from newsletter.config.base import Email, OneLine, Section, iana_zone
from newsletter.config.gate import GateSettings


class SenderSettings(Section):
    name: OneLine = ""  # empty: the newsletter's name
    address: Email = "news@example.com"
    reply_to: Email = ""


_PLACES = ("folder", "url", "feed", "own")
_PLACEHOLDER = re.compile(r"\{(.*?)\}")
_PLACEHOLDERS = ("date", "yyyy", "mm", "dd")


def _web_address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s@/\\]+(/[^\s\\]*)?", value):
        raise ValueError("must be an address such as https://example.com/digest.md")
    return value


def _dated_address(value: str) -> str:
    for name in _PLACEHOLDER.findall(_web_address(value)):
        if name not in _PLACEHOLDERS:
            raise ValueError(f"{{{name}}} is none of {{date}}, {{yyyy}}, {{mm}}, {{dd}}")
    return value


class SourceSettings(Section):
    """Where digests come from: a folder, a URL, a feed, or what a package offers. Exactly one is set."""

    folder: Path | None = None  # none of the four: "digests"
    url: Annotated[str, AfterValidator(_dated_address)] = ""
    feed: Annotated[str, AfterValidator(_web_address)] = ""
    own: OneLine = ""  # a source of an installed package: see docs/extending.md
    options: dict[str, Any] = Field(default_factory=dict)  # what it is told
    feed_entries: Literal["", "digest", "stories"] = ""  # empty: found out
    max_age_hours: float = Field(default=20, gt=0)
    yesterday_evening: bool = True
    unattended: bool = False  # whether its digests go out without a person's approval

    @model_validator(mode="before")
    @classmethod
    def _somewhere(cls, given: Any) -> Any:
        if isinstance(given, dict) and not any(given.get(name) for name in _PLACES):
            return {**given, "folder": Path("digests")}
        return given

    @model_validator(mode="after")
    def _one(self) -> SourceSettings:
        given = [name for name in _PLACES if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are set, and digests come from one place: leave one")
        if self.options and not self.own:
            raise ValueError("options are for a source of your own, and own is not set")
        if self.feed_entries and not self.feed:
            raise ValueError("feed_entries is for a feed, and no feed is set")
        return self

    @property
    def is_folder(self) -> bool:
        """Whether digests lie on this machine, so that looking for them costs nothing."""
        return not (self.url or self.feed or self.own)

    @property
    def max_age(self) -> timedelta:
        """How old a digest may be when it goes out."""
        return timedelta(hours=self.max_age_hours)


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)  # as date.weekday() counts them


class ScheduleSettings(Section):
    send_at: time = time(7, 30)
    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    skip: frozenset[date] = frozenset()  # single days without an edition
    holidays: Literal["", "china"] = ""  # whose public holidays are days without an edition
    prepare_minutes: int = Field(default=30, ge=1, le=720)  # before send_at: the last look
    latest: time | None = None  # after it nothing begins by itself; None: LATEST_AFTER send_at
    when_late: Literal["ask", "skip", "merge"] = "ask"  # what becomes of an edition that missed `latest`
    deliver_until: time = time(22)  # what is left then expires, and goes first the next time
    zone: Annotated[str, AfterValidator(iana_zone)] = "Asia/Shanghai"

    @property
    def tz(self) -> ZoneInfo:
        """The newsletter's local time."""
        return ZoneInfo(self.zone)

    @model_validator(mode="after")
    def _in_order(self) -> ScheduleSettings:
        if self.deliver_until <= self.send_at:
            raise ValueError(
                f"deliver_until ({self.deliver_until:%H:%M}) must come after send_at ({self.send_at:%H:%M})"
            )
        if self.latest is not None and not self.send_at < self.latest <= self.deliver_until:
            raise ValueError(
                f"latest ({self.latest:%H:%M}) must lie after send_at ({self.send_at:%H:%M}) "
                f"and not after deliver_until ({self.deliver_until:%H:%M})"
            )
        return self


class WeeklySettings(Section):
    """The edition for those who want one a week."""

    day: Weekday = "sun"
    send_at: time = time(9)  # after the daily edition of that day, which is a part of the week
    stories: int = Field(default=12, ge=1, le=50)
    subject: OneLine = ""  # a pattern; empty: the template's weekly/subject.txt.j2

    @property
    def weekday(self) -> int:
        """Its day, as ``date.weekday`` counts."""
        return WEEKDAYS.index(self.day)


Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class NewsletterSettings(Section):
    name: OneLine
    description: OneLine = ""
    language: Language = "zh-CN"
    template: str = Field(default="daily", pattern=r"[a-z][a-z0-9_]*")
    subject: OneLine = ""  # a pattern; empty: the template's subject.txt.j2
    postal_address: OneLine = ""
    ping_url: SecretStr = SecretStr("")  # fetched after every good morning; empty: alarms.ping_url
    sender: SenderSettings = SenderSettings()
    source: SourceSettings = SourceSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    gate: GateSettings = GateSettings()
    weekly: WeeklySettings = WeeklySettings()

    @property
    def sender_name(self) -> str:
        """The display name of the sender."""
        return self.sender.name or self.name
