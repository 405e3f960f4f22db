"""The rows of feedback: the inbox, where each copy stands, and what was counted.

Nothing here holds an address. A post does, until it is applied: then its row is gone.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from newsletter.feedback.events import RANKS, Kind
from newsletter.replies import Meaning
from subscribers import Base, BigId, Choice, UtcDateTime

REPLY_LENGTH = 300
_KINDS = {rank: kind for kind, rank in RANKS.items()}


class KindCode(TypeDecorator[Kind]):
    """Where a copy stands, as its rank: the database compares them."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Kind | int | None, dialect: Dialect) -> int | None:
        """Write the rank; a bulk insert brings it as it is."""
        return RANKS[value] if isinstance(value, Kind) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Kind | None:
        """Read the kind back."""
        return None if value is None else _KINDS[value]


class FeedbackPost(Base):
    """One post of a provider as it came, packed. It goes when its events have taken effect."""

    __tablename__ = "feedback_post"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[bytes] = mapped_column(LargeBinary)  # zlib
    failed_because: Mapped[str | None] = mapped_column(
        Text
    )  # set aside: a fault of ours, not to stop the rest


class Feedback(Base):
    """Where one copy stands with the provider: the highest kind that was heard of it."""

    __tablename__ = "feedback"

    edition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    subscriber_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[Kind] = mapped_column(KindCode)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    meaning: Mapped[Meaning | None] = mapped_column(Choice(Meaning))
    reply: Mapped[str | None] = mapped_column(String(REPLY_LENGTH))

    __table_args__ = ({"sqlite_with_rowid": False},)


# Failures are few, and looked for by reader.
_BLOCKED = Feedback.kind == Kind.BLOCKED
Index("ix_feedback_blocked", Feedback.subscriber_id, sqlite_where=_BLOCKED, postgresql_where=_BLOCKED)


class FeedbackFold(Base):
    """How many copies of an edition stood so when it was forgotten whose they were."""

    __tablename__ = "feedback_fold"

    edition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[Kind] = mapped_column(KindCode, primary_key=True)
    meaning: Mapped[str] = mapped_column(String(16), primary_key=True)  # empty: none
    count: Mapped[int]


class FeedbackSeen(Base):
    """An event that must not take effect twice, by its name's hash; kept as long as it may be told again."""

    __tablename__ = "feedback_seen"

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    day: Mapped[date] = mapped_column(Date, index=True)

    __table_args__ = ({"sqlite_with_rowid": False},)


class FeedbackCount(Base):
    """How many events of a sort came on a day (UTC), for people and monitors."""

    __tablename__ = "feedback_count"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16), primary_key=True)
    what: Mapped[str] = mapped_column(String(24), primary_key=True)  # a kind, or foreign, odd, repeated
    count: Mapped[int]


class FeedbackAside(Base):
    """An event that nobody could use, kept for a person: not ours, or not to be read. It holds no address."""

    __tablename__ = "feedback_aside"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    why: Mapped[str] = mapped_column(String(100))
    words: Mapped[str] = mapped_column(Text)


class FeedbackMark(Base):
    """Something to be remembered between two rounds: how far a list was read, how an account stands."""

    __tablename__ = "feedback_mark"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[str | None] = mapped_column(Text)


class ReadCount(Base):
    """How many readers opened an edition or followed one of its links; not which."""

    __tablename__ = "read_count"

    edition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    url_hash: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)  # of nothing: the edition
    url: Mapped[str | None] = mapped_column(Text)
    readers: Mapped[int]


class ReadTrail(Base):
    """Who opened an edition or followed one of its links: only with ``reading = "people"``."""

    __tablename__ = "read_trail"

    subscriber_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    edition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    url_hash: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)  # of nothing: the edition
    url: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
