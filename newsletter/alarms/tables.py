"""The rows of alarms: what is wrong, who was told of it, and what is to be posted to webhooks.

Only this package writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, SmallInteger, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.alarms.cause import Cause
from subscribers import Base, BigId, Choice, UtcDateTime

ABOUT_LENGTH = 120
REPLY_LENGTH = 500


class Alarm(Base):
    """One thing that is wrong. The key makes a second alarm about it impossible."""

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cause: Mapped[Cause] = mapped_column(Choice(Cause))
    newsletter: Mapped[str] = mapped_column(String(40))  # empty: the whole installation
    day: Mapped[date] = mapped_column(Date)
    about: Mapped[str] = mapped_column(
        String(ABOUT_LENGTH), default=""
    )  # tells two of one cause and day apart
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    moments: Mapped[list[str]] = mapped_column(JSON)  # at which it was told again
    occurrence: Mapped[int] = mapped_column(default=1)  # one more when it comes back after an all-clear
    tellings: Mapped[int] = mapped_column(default=0)  # how often people were told, all-clears included
    level: Mapped[int] = mapped_column(
        SmallInteger, default=0
    )  # how far it was escalated; 0: nobody was there
    next_level_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(String(80))
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("cause", "newsletter", "day", "about"),
        Index(None, "next_level_at"),
        Index(None, "raised_at"),
    )


class Channel(StrEnum):
    """How somebody is told."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Told(Base):
    """Somebody who was told of an alarm. Its number is what an acknowledge link is about."""

    __tablename__ = "alarm_told"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    alarm_id: Mapped[int] = mapped_column(BigId, ForeignKey("alarm.id"))
    occurrence: Mapped[int]
    level: Mapped[int] = mapped_column(SmallInteger)
    channel: Mapped[Channel] = mapped_column(Choice(Channel))
    target: Mapped[str] = mapped_column(String(320))  # an address, or a webhook's name
    name: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("alarm_id", "occurrence", "level", "channel", "target"),)


class HookState(StrEnum):
    """What became of a post to a webhook."""

    WAITING = "waiting"
    POSTING = "posting"
    ACCEPTED = "accepted"
    FAILED = "failed"  # given up


class Hook(Base):
    """One post to a webhook, or one ping: written with what it tells of, posted afterwards.

    The address is a secret, so it is looked up by name when it is needed, and never stored.
    """

    __tablename__ = "alarm_hook"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)  # the same occasion has the same key
    alarm_id: Mapped[int | None] = mapped_column(BigId)
    target: Mapped[str] = mapped_column(String(80))  # a webhook's name, or "ping:" and a newsletter
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[HookState] = mapped_column(Choice(HookState))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(String(64))
    lease_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str | None] = mapped_column(String(REPLY_LENGTH))  # what the far side said last
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "state", "due_at"), Index(None, "alarm_id"))


def forget(session: Session, *, before: datetime) -> None:
    """Remove the alarms that were raised before a moment, and all that was told of them."""
    old = select(Alarm.id).where(Alarm.raised_at < before)
    session.execute(delete(Hook).where(Hook.alarm_id.in_(old)))
    session.execute(delete(Hook).where(Hook.alarm_id.is_(None), Hook.ended_at < before))
    session.execute(delete(Told).where(Told.alarm_id.in_(old)))
    session.execute(delete(Alarm).where(Alarm.id.in_(old)))


def open_alarms(session: Session, cause: Cause) -> Sequence[Alarm]:
    """Return the alarms of a cause that nobody has taken back, oldest first."""
    return session.scalars(
        select(Alarm).where(Alarm.cause == cause, Alarm.cleared_at.is_(None)).order_by(Alarm.id)
    ).all()
