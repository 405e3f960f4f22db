"""Since when a newsletter has had its hours: an hour that was set after it had passed is not made up for.

Without this, whoever sets ``send_at`` to 07:30 at noon, or installs at noon, would send at noon.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.config import ScheduleSettings
from subscribers import Base, UtcDateTime


class Hours(Base):
    """The hour and zone a newsletter was last known to have."""

    __tablename__ = "timetable"

    newsletter: Mapped[str] = mapped_column(String(40), primary_key=True)
    hours: Mapped[str] = mapped_column(String(80))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


def since(session: Session, newsletter: str, schedule: ScheduleSettings) -> datetime | None:
    """Return since when the newsletter has had these hours; None when they are not written down yet."""
    row = session.get(Hours, newsletter)
    return row.since if row and row.hours == _said(schedule) else None


def write_down(session: Session, newsletter: str, schedule: ScheduleSettings, *, now: datetime) -> None:
    """Write down that the newsletter has these hours from ``now`` on."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"hours": _said(schedule), "since": now}
    session.execute(
        dialect.insert(Hours)
        .values(newsletter=newsletter, **values)
        .on_conflict_do_update(
            index_elements=[Hours.newsletter], set_=values, where=Hours.hours != _said(schedule)
        )
    )


def _said(schedule: ScheduleSettings) -> str:
    return f"{schedule.send_at:%H:%M:%S} {schedule.zone}"
