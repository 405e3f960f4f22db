"""Alarms: somebody who can mend it hears of what is wrong, once, and the next one if nobody answers.

The rows decide. An alarm is known by its cause, newsletter, day and what it is about, so three replicas
that notice the same thing at once tell people once. Everything is written in the caller's transaction;
mails leave as notices, before all others, and posts to webhooks through an outbox of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter.alarms import hooks, paused
from newsletter.alarms.cause import Cause
from newsletter.alarms.message import Event, plain
from newsletter.alarms.people import NAME_LENGTH, Listener, after, levels
from newsletter.alarms.posting import Poster
from newsletter.alarms.tables import ABOUT_LENGTH, Alarm, Channel, Told
from newsletter.alarms.telling import INSTALLATION, Teller
from newsletter.clock import Clock
from newsletter.config.alarms import AlarmSettings
from newsletter.database import Database
from newsletter.delivery import heartbeat
from newsletter.delivery.notice_sender import NoticeSender
from newsletter.editions.edition import Edition
from newsletter.fence import FenceClosed
from newsletter.transports.base import TransportError
from subscribers import Address, Purpose, is_suppressed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """Tells the people of ``settings`` what only a person can mend."""

    settings: AlarmSettings
    teller: Teller
    database: Database
    clock: Clock

    def sound(
        self,
        session: Session,
        cause: Cause,
        *,
        newsletter: str,
        day: date,
        now: datetime,
        about: str = "",
        facts: Mapping[str, Any] | None = None,
        findings: Sequence[Mapping[str, Any]] = (),
        again: str = "",
    ) -> bool:
        """Tell people what is wrong; False when they have heard it already.

        The same thing is told once. Other findings are told as a change, and ``again`` names a moment
        ("T-30") at which it is told once more, whoever had it: then somebody has to take it anew. After
        an all-clear it is a new occasion.
        """
        known = [dict(finding) for finding in findings]
        is_new = self._write(session, cause, newsletter, day, about, plain(facts or {}), known, again, now)
        alarm = _the_alarm(session, cause, newsletter, day, about)
        if is_new:
            event = Event.RAISED
        elif alarm.cleared_at is not None:
            event = Event.RAISED
            alarm.raised_at, alarm.cleared_at = now, None
            alarm.occurrence += 1
            alarm.level, alarm.next_level_at = 0, None
            alarm.acknowledged_at = alarm.acknowledged_by = None
        elif again and again not in alarm.moments:
            event = Event.AGAIN
            alarm.acknowledged_at = alarm.acknowledged_by = None
        elif known != alarm.findings:
            event = Event.CHANGED
        else:
            return False
        alarm.facts, alarm.findings = plain(facts or {}), known
        if again and again not in alarm.moments:
            alarm.moments = [*alarm.moments, again]
        logger.error(
            "alarm %s",
            event.value,
            extra={
                "alarm": alarm.id,
                "cause": cause.value,
                "newsletter": newsletter,
                "day": day.isoformat(),
                "about": about,
                "findings": len(known),
            },
        )
        self._spread(session, alarm, event, now=now)
        return True

    def clear(
        self,
        session: Session,
        *,
        newsletter: str,
        day: date,
        now: datetime,
        causes: Collection[Cause] | None = None,
        about: str | None = None,
        because: str = "",
    ) -> int:
        """Take back the open alarms of a newsletter's day, and tell whoever was told; return how many.

        ``causes`` and ``about`` say which; None is all of them.
        """
        query = select(Alarm).where(
            Alarm.newsletter == newsletter, Alarm.day == day, Alarm.cleared_at.is_(None)
        )
        if causes is not None:
            query = query.where(Alarm.cause.in_(list(causes)))
        if about is not None:
            query = query.where(Alarm.about == about)
        found = session.scalars(
            query.order_by(Alarm.id).with_for_update().execution_options(populate_existing=True)
        ).all()
        for alarm in found:
            alarm.cleared_at, alarm.next_level_at = now, None
            alarm.facts = {name: fact for name, fact in alarm.facts.items() if name != "because"}
            if because:
                alarm.facts = alarm.facts | {"because": because}
            alarm.tellings += 1
            for told in _told(session, alarm):
                self.teller.tell(session, alarm, told, Event.CLEARED, now=now)
            logger.warning("alarm cleared", extra={"alarm": alarm.id, "cause": alarm.cause.value})
        session.flush()
        return len(found)

    def open_days(self, session: Session, cause: Cause) -> Sequence[date]:
        """Return the days of the open alarms of a cause that concern the whole installation."""
        return session.scalars(
            select(Alarm.day).where(Alarm.cause == cause, Alarm.newsletter == "", Alarm.cleared_at.is_(None))
        ).all()

    def acknowledge(self, session: Session, alarm_id: int, *, by: str, now: datetime) -> Alarm | None:
        """Write that somebody has it, so that nobody else is told; the first one stays. None: unknown."""
        alarm = session.get(Alarm, alarm_id, with_for_update=True, populate_existing=True)
        if alarm is not None and alarm.acknowledged_at is None and alarm.cleared_at is None:
            alarm.acknowledged_at, alarm.acknowledged_by = now, by[:NAME_LENGTH]
            alarm.next_level_at = None
            session.flush()
            logger.warning("alarm acknowledged", extra={"alarm": alarm.id, "cause": alarm.cause.value})
        return alarm

    def holder(self, session: Session, token: str, *, now: datetime) -> Told | None:
        """Return who an acknowledge link was given to; None when the link is not one of ours."""
        claim = self.teller.keys().tokens.verify(Purpose.ACKNOWLEDGE, token, now=now)
        told = session.get(Told, claim.subscriber_id) if claim else None
        if claim is None or told is None:
            return None
        alarm = session.get_one(Alarm, told.alarm_id)
        return told if claim.newsletter == (alarm.newsletter or INSTALLATION) else None

    def is_due(self, session: Session, *, now: datetime) -> bool:
        """Say whether ``advance`` has anything to do."""
        return session.scalar(select(Alarm.id).where(Alarm.next_level_at <= now).limit(1)) is not None

    def advance(self, session: Session, *, now: datetime, only: Cause | None = None) -> int:
        """Tell the next people of the alarms that nobody has answered; return how many alarms."""
        waiting = (
            select(Alarm)
            .where(Alarm.next_level_at <= now, Alarm.acknowledged_at.is_(None), Alarm.cleared_at.is_(None))
            .order_by(Alarm.next_level_at, Alarm.id)
            # Another replica that is telling at this moment tells for us too.
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if only is not None:
            waiting = waiting.where(Alarm.cause == only)
        found = session.scalars(waiting).all()
        for alarm in found:
            alarm.tellings += 1
            self._tell_next(session, alarm, Event.ESCALATED, now=now)
            logger.error("alarm escalated", extra={"alarm": alarm.id, "level": alarm.level})
        session.flush()
        return len(found)

    def good_morning(self, session: Session, newsletter: str, day: date, *, now: datetime) -> bool:
        """Tell a dead man's switch elsewhere that a morning went well: one ping a day.

        False when there is nobody to tell, or it was told.
        """
        if not self.ping_url(newsletter):
            return False
        key = f"{hooks.PING}{newsletter}:{day.isoformat()}"
        return hooks.put(session, key=key, target=f"{hooks.PING}{newsletter}", content={}, now=now)

    def paused(self, session: Session, edition: Edition) -> None:
        """Tell, in the transaction of the pause, that an edition stopped: too much of it is refused."""
        logger.error("edition paused: %s", edition.stopped_because, extra={"edition": edition.label})
        now = self.clock()
        self.sound(
            session,
            Cause.PAUSED,
            newsletter=edition.newsletter,
            day=edition.day,
            about=paused.about(edition, now),
            facts=paused.facts(session, edition),
            now=now,
        )

    def send_without_worker(self, sender: NoticeSender, poster: Poster) -> None:
        """Do what a worker would do for alarms when none is alive; never raise because of it."""
        now = self.clock()
        with self.database.readers() as session:
            if heartbeat.is_beating(session, now=now):
                return
        only = Cause.FENCE if sender.why_fenced() else None
        with self.database.sessions.begin() as session:
            self.advance(session, now=now, only=only)
        poster.post_due(only=only)
        try:
            sender.send_due()
        except FenceClosed as error:
            logger.error("nobody is told of anything else: %s", error)
        except TransportError as error:
            logger.error("alarm not sent: %s", error)

    def ping_url(self, newsletter: str) -> str:
        """Return where a good morning of a newsletter is told; empty: nowhere."""
        configured = self.teller.newsletters.get(newsletter)
        own = configured.ping_url.get_secret_value() if configured else ""
        return own or self.settings.ping_url.get_secret_value()

    @cached_property
    def _levels(self) -> Mapping[int, Sequence[Listener]]:
        return levels(self.settings)

    def _write(
        self,
        session: Session,
        cause: Cause,
        newsletter: str,
        day: date,
        about: str,
        facts: dict[str, Any],
        findings: list[dict[str, Any]],
        again: str,
        now: datetime,
    ) -> bool:
        """Write a new alarm down; False when it is there already."""
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        written = session.scalars(
            dialect.insert(Alarm)
            .values(
                cause=cause,
                newsletter=newsletter,
                day=day,
                about=about[:ABOUT_LENGTH],
                raised_at=now,
                facts=facts,
                findings=findings,
                moments=[again] if again else [],
                occurrence=1,
                tellings=0,
                level=0,
            )
            .on_conflict_do_nothing(index_elements=[Alarm.cause, Alarm.newsletter, Alarm.day, Alarm.about])
            .returning(Alarm.id)
        )
        return written.first() is not None

    def _spread(self, session: Session, alarm: Alarm, event: Event, *, now: datetime) -> None:
        """Tell the first people of an alarm, or those again who were told."""
        alarm.tellings += 1
        told = _told(session, alarm)
        if not told:
            self._tell_next(session, alarm, event, now=now)
        else:
            following = after(alarm.level, self._levels)
            if following and alarm.acknowledged_at is None:
                soon = now + self.settings.escalate_after
                alarm.next_level_at = min(alarm.next_level_at or soon, soon)
            for each in told:
                self.teller.tell(session, alarm, each, event, now=now, next_names=self.next_names(alarm))
        session.flush()

    def _tell_next(self, session: Session, alarm: Alarm, event: Event, *, now: datetime) -> None:
        """Tell the people of the next level."""
        level = after(alarm.level, self._levels)
        # Mail to an address that bounced or complained does not leave: whoever comes next hears at once.
        reached: Sequence[Listener] = ()
        while level is not None and not (reached := self._reached(session, level)):
            logger.error("nobody is reached at a level", extra={"alarm": alarm.id, "level": level})
            level = after(level, self._levels)
        if level is None:
            alarm.next_level_at = None
            return
        alarm.level = level
        is_last = after(level, self._levels) is None
        alarm.next_level_at = None if is_last else now + self.settings.escalate_after
        house_language = self.teller.newsletter(alarm.newsletter).language
        new = [
            Told(
                alarm_id=alarm.id,
                occurrence=alarm.occurrence,
                level=level,
                channel=listener.channel,
                target=listener.target,
                name=listener.name,
                language=listener.language or house_language,
                at=now,
            )
            for listener in reached
        ]
        session.add_all(new)
        session.flush()
        for told in new:
            self.teller.tell(session, alarm, told, event, now=now, next_names=self.next_names(alarm))

    def _reached(self, session: Session, level: int) -> Sequence[Listener]:
        """Return the people of a level whom anything can reach."""
        return [
            each
            for each in self._levels[level]
            if each.channel is not Channel.EMAIL or not self._is_suppressed(session, each.target)
        ]

    def _is_suppressed(self, session: Session, email: str) -> bool:
        address = Address(email)
        return is_suppressed(session, self.teller.keys().addresses.digest(address), address.domain)

    def next_names(self, alarm: Alarm) -> tuple[str, ...]:
        """Return who would be told next of an alarm."""
        level = after(alarm.level, self._levels)
        following = self._levels[level] if level else ()
        # A webhook that is nobody's own is named only where there is no person.
        people = [each.name for each in following if each.name != each.target]
        return tuple(dict.fromkeys(people or [each.name for each in following]))


def _the_alarm(session: Session, cause: Cause, newsletter: str, day: date, about: str) -> Alarm:
    """Return an alarm, locked, as it is at this moment."""
    return session.scalars(
        select(Alarm)
        .where(
            Alarm.cause == cause,
            Alarm.newsletter == newsletter,
            Alarm.day == day,
            Alarm.about == about[:ABOUT_LENGTH],
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _told(session: Session, alarm: Alarm) -> list[Told]:
    """Return whoever was told of this occurrence, each once, by the last link they got."""
    rows = session.scalars(
        select(Told).where(Told.alarm_id == alarm.id, Told.occurrence == alarm.occurrence).order_by(Told.id)
    )
    return list({(told.channel, told.target): told for told in rows}.values())
