"""A subscriber is a person known by an address; a subscription is their being on one list."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.base import Base, BigId, Choice, UtcDateTime
from subscribers.states import Status


class Cadence(StrEnum):
    """How often a person wants the newsletter."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"  # Monday to Friday
    WEEKLY = "weekly"  # only the weekly edition


class Subscriber(Base):
    """One person. ``address`` is gone once they are erased; the hash stays, for suppressions."""

    __tablename__ = "subscriber"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    address: Mapped[str | None] = mapped_column(String(320), unique=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    domain: Mapped[str | None] = mapped_column(String(255))
    language: Mapped[str | None] = mapped_column(String(16))  # None: the newsletter's own
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # A domain's people, newest first. PostgreSQL has ix_subscriber_address_bytewise, too: see migration 0011.
    __table_args__ = (Index(None, "domain", "id"),)


class Subscription(Base):
    """One person on one newsletter's list."""

    __tablename__ = "subscription"

    newsletter: Mapped[str] = mapped_column(String(40), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(BigId, ForeignKey("subscriber.id"), primary_key=True)
    status: Mapped[Status] = mapped_column(Choice(Status))
    cadence: Mapped[Cadence] = mapped_column(Choice(Cadence), default=Cadence.DAILY)
    paused_until: Mapped[date | None] = mapped_column(Date)  # the first day with mail again
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(None, "subscriber_id"),
        Index(None, "newsletter", "status", "subscriber_id"),  # a list by status, newest first
        # The few who were ever on a pause.
        Index(
            "ix_subscription_paused",
            "newsletter",
            "subscriber_id",
            sqlite_where=text("paused_until IS NOT NULL"),
            postgresql_where=text("paused_until IS NOT NULL"),
        ),
    )
