"""Tells one listener: writes the notice, or the post to a webhook, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from newsletter.alarms import hooks, letter
from newsletter.alarms.cause import Cause
from newsletter.alarms.message import Event, Message, Occasion, say, written
from newsletter.alarms.tables import Alarm, Channel, Told
from newsletter.config import NewsletterSettings
from newsletter.delivery import notices
from newsletter.delivery.notices import Posted
from newsletter.keys import Keys
from newsletter.language import catalog
from newsletter.urls import Urls
from subscribers import Purpose

PURPOSE = "alarm"
PRIORITY = 9  # before what readers wait for
INSTALLATION = "installation"  # stands in a token where no newsletter is meant
VERSION = 1  # of what is posted to webhooks; docs/alarms.md


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Knows how an alarm is put to people, and where they can answer."""

    newsletters: Mapping[str, NewsletterSettings]
    base_url: str  # empty: nobody can reach our pages, so mails hold no link
    keys: Callable[[], Keys]

    def newsletter(self, slug: str) -> NewsletterSettings:
        """Return whose sender an alarm goes out from: the newsletter's, or the first one's."""
        first = next(iter(self.newsletters.values()), NewsletterSettings(name=slug or "newsletter"))
        return self.newsletters.get(slug, first)

    def zone(self, slug: str) -> tzinfo:
        """Return the local time of an alarm."""
        return self.newsletter(slug).schedule.tz

    def tell(
        self,
        session: Session,
        alarm: Alarm,
        told: Told,
        event: Event,
        *,
        now: datetime,
        next_names: tuple[str, ...] = (),
    ) -> None:
        """Write down what ``told`` is to hear about ``alarm``."""
        url = "" if event is Event.CLEARED else self.link(told, alarm, now=now)
        occasion = self.occasion(alarm, event, now=now, next_names=next_names, url=url)
        message = say(occasion, catalog(told.language))
        key = f"alarm:{alarm.id}:{alarm.tellings}:{told.id}"
        if told.channel is Channel.EMAIL:
            purpose = notices.OF_FENCE if alarm.cause is Cause.FENCE else PURPOSE
            self.mail(
                session, message, to=told.target, key=key, slug=alarm.newsletter, now=now, purpose=purpose
            )
        else:
            content = payload(occasion, message, alarm=alarm, told=told, key=key)
            hooks.put(session, key=key, target=told.target, content=content, alarm_id=alarm.id, now=now)

    def mail(
        self,
        session: Session,
        message: Message,
        *,
        to: str,
        key: str,
        slug: str,
        now: datetime,
        purpose: str = PURPOSE,
    ) -> None:
        """Post one mail of the highest priority."""
        mailing = letter.mailing_of(message, self.newsletter(slug), label=f"{slug or INSTALLATION}-alarm")
        notice = Posted(
            purpose=purpose,
            dedupe_key=key,
            mailing=mailing,
            newsletter=slug or None,
            address=to,
            priority=PRIORITY,
        )
        notices.post(session, notice, now=now)

    def link(self, told: Told, alarm: Alarm, *, now: datetime) -> str:
        """Return where one listener can say that they have it; empty when no page of ours is reached."""
        if not self.base_url:
            return ""
        slug = alarm.newsletter or INSTALLATION
        token = self.keys().tokens.sign(Purpose.ACKNOWLEDGE, newsletter=slug, subscriber_id=told.id, now=now)
        return Urls(base=self.base_url, newsletter=slug).acknowledge(token)

    def occasion(
        self,
        alarm: Alarm,
        event: Event,
        *,
        now: datetime,
        next_names: tuple[str, ...] = (),
        url: str = "",
    ) -> Occasion:
        """Return an alarm as it is told now."""
        return Occasion(
            cause=alarm.cause,
            event=event,
            newsletter=alarm.newsletter,
            name=self.newsletter(alarm.newsletter).name,
            day=alarm.day,
            facts=alarm.facts,
            findings=alarm.findings,
            alarm_id=alarm.id,
            raised_at=alarm.raised_at,
            now=now,
            zone=self.zone(alarm.newsletter),
            next_at=alarm.next_level_at,
            next_names=next_names,
            taken_by=alarm.acknowledged_by or "",
            url=url,
        )


def payload(occasion: Occasion, message: Message, *, alarm: Alarm, told: Told, key: str) -> dict[str, Any]:
    """Return what a webhook gets; the robots' formats are made from it."""
    return {
        "version": VERSION,
        "id": key,
        "event": occasion.event.value,
        "alarm": alarm.id,
        "cause": alarm.cause.value,
        "newsletter": alarm.newsletter or None,
        "name": occasion.name,
        "day": alarm.day.isoformat(),
        "about": alarm.about or None,
        "raised_at": alarm.raised_at.astimezone(UTC).isoformat(),
        "told_at": occasion.now.astimezone(UTC).isoformat(),
        "level": told.level,
        "language": message.language,
        "subject": message.subject,
        "title": message.title,
        "text": written(message),
        "facts": {
            name: value["at"] if isinstance(value, dict) and "at" in value else value
            for name, value in alarm.facts.items()
        },
        "findings": alarm.findings,
        "acknowledge_url": occasion.url or None,
        "acknowledge_label": message.button or None,
    }
