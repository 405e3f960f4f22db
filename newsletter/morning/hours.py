"""Since when a newsletter has had its hours: an hour that was set after it had passed is not made up for.

Without this, whoever sets ``send_at`` to 07:30 at noon, or installs at noon, would send at noon. Hours are
known by what they say, so replicas that disagree while settings are being changed do not take them from
each other. The caller owns the transaction.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import Column, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.config import ScheduleSettings
from subscribers import Base, UtcDateTime

logger = logging.getLogger(__name__)

SEEN_EVERY = timedelta(minutes=5)  # how often it is written that they are still in use
AT_ONCE = timedelta(minutes=15)  # others that were seen so long after these came in their place


class Hours(Base):
    """An hour and zone a newsletter has, or had."""

    __tablename__ = "hours"

    newsletter: Mapped[str] = mapped_column(String(40), primary_key=True)
    hours: Mapped[str] = mapped_column(String(80), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


# Where the release before keeps them; to be dropped with the next one.
Table(
    "timetable",
    Base.metadata,
    Column("newsletter", String(40), primary_key=True),
    Column("hours", String(80), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)


def since(session: Session, newsletter: str, schedule: ScheduleSettings, *, now: datetime) -> datetime | None:
    """Return since when the newsletter has had these hours; None when that is to be written down anew."""
    rows = session.scalars(select(Hours).where(Hours.newsletter == newsletter)).all()
    ours = next((row for row in rows if row.hours == _said(schedule)), None)
    if ours is None:
        return None
    if ours.since > now:
        # A clock was ahead when they were written: waiting for that moment would keep every morning back.
        logger.warning("the hours of %s were written in the future; they count from now on", newsletter)
        return None
    # A clock that was ahead may have written this as well.
    others = [min(row.seen_at, now) for row in rows if row is not ours]
    return None if any(seen > ours.seen_at + AT_ONCE for seen in others) else ours.since


def is_to_be_seen(session: Session, newsletter: str, schedule: ScheduleSettings, *, now: datetime) -> bool:
    """Say whether it is time to write that the hours are still in use."""
    row = session.get(Hours, (newsletter, _said(schedule)))
    return row is None or not timedelta(0) <= now - row.seen_at < SEEN_EVERY


def write_down(
    session: Session, newsletter: str, schedule: ScheduleSettings, *, since: datetime, now: datetime
) -> None:
    """Write down that the newsletter has had these hours ``since`` then, and has them now."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"since": since, "seen_at": now}
    session.execute(
        dialect.insert(Hours)
        .values(newsletter=newsletter, hours=_said(schedule), **values)
        .on_conflict_do_update(index_elements=[Hours.newsletter, Hours.hours], set_=values)
    )


def _said(schedule: ScheduleSettings) -> str:
    return f"{schedule.send_at:%H:%M:%S} {schedule.zone}"
