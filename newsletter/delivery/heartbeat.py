"""The heartbeat: each part of a worker writes down that it is alive, so that others can tell.

A part is one loop of one process. A process that ends cleanly takes its rows with it; those of one
that died grow old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers import Base, UtcDateTime

EVERY = timedelta(seconds=10)
FRESH = timedelta(seconds=60)  # a worker that has been silent for longer is taken for dead


class Heartbeat(Base):
    """The last sign of life of one part of one process."""

    __tablename__ = "heartbeat"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def beat(session: Session, *, owner: str, part: str, now: datetime) -> None:
    """Write down that this part is alive."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(Heartbeat)
        .values(owner=owner, part=part, at=now)
        .on_conflict_do_update(index_elements=[Heartbeat.owner, Heartbeat.part], set_={"at": now})
    )


def latest(session: Session) -> datetime | None:
    """Return when any worker was last known to be alive; None when there never was one."""
    return session.scalar(select(func.max(Heartbeat.at)))


def is_beating(session: Session, *, now: datetime) -> bool:
    """Say whether any worker is alive."""
    last = latest(session)
    return last is not None and now - last <= FRESH


def parts(session: Session) -> dict[str, datetime]:
    """Return when each part was last known to be alive, in whichever process."""
    rows = session.execute(select(Heartbeat.part, func.max(Heartbeat.at)).group_by(Heartbeat.part))
    return {part: at for part, at in rows}  # noqa: C416 - rows, not pairs, to a type checker


def stop(session: Session, *, owner: str) -> None:
    """Take back what a process that ends cleanly has written."""
    session.execute(delete(Heartbeat).where(Heartbeat.owner == owner))


def forget(session: Session, *, before: datetime) -> None:
    """Remove what processes wrote that have long been dead."""
    session.execute(delete(Heartbeat).where(Heartbeat.at < before))
