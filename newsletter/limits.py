"""How often something may happen: counted in the database, so that every process counts together.

A limit is a number of times in a window of time. Windows are fixed (the hour from 07:00 to 08:00), which
lets at most twice the number through around a border and costs one small write.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

from sqlalchemy import LargeBinary, String, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers import Base, UtcDateTime

_START = datetime(2020, 1, 6, tzinfo=UTC)  # a Monday


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most ``times`` in every ``window``, for each key."""

    name: str  # what is limited; part of the key
    times: int
    window: timedelta


class LimitCount(Base):
    """How often one key was seen in one window. Keys are hashed: no address, no IP is kept here."""

    __tablename__ = "limit_count"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    window_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    count: Mapped[int]


def _counting(dialect: ModuleType) -> Any:
    # Made once: a form is counted three times, and making the statement took longer than running it.
    counts = LimitCount.__table__
    return (
        dialect.insert(counts)
        .on_conflict_do_update(
            index_elements=[counts.c.name, counts.c.key, counts.c.window_at],
            set_={"count": counts.c.count + 1},
        )
        .returning(counts.c.count)
    )


_COUNT = {"postgresql": _counting(postgresql), "sqlite": _counting(sqlite)}


def allow(session: Session, limit: Limit, key: str | bytes, *, now: datetime) -> bool:
    """Count one more and say whether it is within the limit."""
    window_at = _START + (now - _START) // limit.window * limit.window
    raw = key.encode() if isinstance(key, str) else key
    counted: int = session.execute(
        _COUNT[session.get_bind().dialect.name],
        {
            "name": limit.name,
            "key": hashlib.blake2b(raw, digest_size=16).digest(),
            "window_at": window_at,
            "ends_at": window_at + limit.window,
            "count": 1,
        },
    ).scalar_one()
    return counted <= limit.times


def forget(session: Session, *, now: datetime) -> None:
    """Remove the counts of windows that are over."""
    session.execute(delete(LimitCount).where(LimitCount.ends_at < now))
