"""The nightly backup: one of many workers makes it, checks it, and keeps the newest few."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter import slots
from newsletter.alarms import Alarms, Cause
from newsletter.backup import checking, making
from newsletter.backup.passphrase import passphrase_of
from newsletter.backup.tables import BackupRun
from newsletter.config import Settings
from newsletter.database import Database
from newsletter.errors import NewsletterError

logger = logging.getLogger(__name__)

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Backups:
    """Makes backups of one installation and remembers them."""

    settings: Settings
    database: Database
    owner: str
    clock: Callable[[], datetime]

    def step(self, alarms: Alarms) -> None:
        """Make the backup of this night if nobody has, and tell people when the newest one is too old."""
        if self.settings.backup.folder is None:
            return
        now = self.clock()
        due = slots.latest_due(slots.daily(self.settings.backup.at, ZONE), now, lookback=timedelta(days=1))
        if due is not None and self._is_ours(due.astimezone(ZONE).date(), due, now):
            try:
                self.make(night=due.astimezone(ZONE).date())
            except (NewsletterError, OSError) as error:
                logger.error("no backup was made: %s", error)
        self._watch(alarms, now=self.clock())

    def make(self, *, night: date | None = None) -> tuple[making.Made, str]:
        """Make a backup and check it; return it and how it was checked. Raises what stood in the way."""
        chosen = self.settings.backup
        if chosen.folder is None:
            raise NewsletterError("backup.folder is not set: name a folder, better on another disk")
        run_id = self._begin(night)
        try:
            passphrase = passphrase_of(chosen)
            made = making.make(
                self.settings,
                self.database,
                folder=chosen.folder,
                passphrase=passphrase,
                now=self.clock(),
            )
            told = checking.check(self.settings, made.file, passphrase)[1] if chosen.check else ""
            removed = making.thin_out(chosen.folder, keep=chosen.keep)
        except (NewsletterError, OSError) as error:
            self._end(run_id, failed_because=str(error))
            raise
        self._end(run_id, file=str(made.file), size=made.size, checked=told or None)
        logger.info("backup made", extra={"file": made.file.name, "size": made.size, "removed": removed})
        return made, told

    def _is_ours(self, night: date, due: datetime, now: datetime) -> bool:
        """Say whether this night's backup is ours to make: of many who ask, one writes it down."""
        with self.database.readers() as session:
            known = session.scalars(select(BackupRun.id).where(BackupRun.night == night)).first()
            newest = last_good(session)
        if known is not None or (newest and newest.started_at >= due):
            return False
        with self.database.sessions.begin() as session:
            dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
            written = session.scalars(
                dialect.insert(BackupRun)
                .values(night=night, owner=self.owner, started_at=now)
                .on_conflict_do_nothing(index_elements=[BackupRun.night])
                .returning(BackupRun.id)
            )
            return written.first() is not None

    def _begin(self, night: date | None) -> int:
        with self.database.sessions.begin() as session:
            run = night and session.scalars(select(BackupRun).where(BackupRun.night == night)).one_or_none()
            if not run:
                run = BackupRun(night=night, owner=self.owner, started_at=self.clock())
                session.add(run)
                session.flush()
            return run.id

    def _end(
        self,
        run_id: int,
        *,
        file: str | None = None,
        size: int | None = None,
        checked: str | None = None,
        failed_because: str | None = None,
    ) -> None:
        with self.database.sessions.begin() as session:
            run = session.get_one(BackupRun, run_id)
            run.finished_at, run.file, run.size = self.clock(), file, size
            run.checked, run.failed_because = checked, failed_because

    def _watch(self, alarms: Alarms, *, now: datetime) -> None:
        """Sound the alarm when the newest good backup is too old, and take it back when there is one."""
        with self.database.readers() as session:
            newest, last = last_good(session), _last(session)
            # An installation that has just begun to make backups has time for the first.
            first = session.scalars(select(BackupRun.started_at).order_by(BackupRun.id).limit(1)).first()
        since = newest.started_at if newest else first
        failed = last is not None and last.failed_because is not None
        if failed or (since is not None and now - since > self.settings.backup.alarm_after):
            with self.database.sessions.begin() as session:
                alarms.sound(
                    session,
                    Cause.BACKUP,
                    newsletter="",
                    day=(since or now).astimezone(ZONE).date(),
                    about=f"{newest.id}" if newest else "none",
                    facts=_facts(newest, last),
                    now=now,
                )
        elif newest is not None:
            clear(alarms, self.database, Cause.BACKUP, now=now)


def _facts(newest: BackupRun | None, last: BackupRun | None) -> dict[str, object]:
    facts: dict[str, object] = {"because": (last.failed_because if last else None) or ""}
    return facts | ({"since": newest.started_at} if newest else {})


def clear(alarms: Alarms, database: Database, cause: Cause, *, now: datetime) -> None:
    """Take back the open alarms of a cause, whatever day they are of."""
    with database.readers() as session:
        days = alarms.open_days(session, cause)
    for day in days:
        with database.sessions.begin() as session:
            alarms.clear(session, newsletter="", day=day, causes=[cause], now=now)


def last_good(session: Session) -> BackupRun | None:
    """Return the newest backup that was made."""
    return session.scalars(
        select(BackupRun).where(BackupRun.file.is_not(None)).order_by(BackupRun.started_at.desc()).limit(1)
    ).first()


def _last(session: Session) -> BackupRun | None:
    """Return the newest backup that was finished, made or not."""
    return session.scalars(
        select(BackupRun)
        .where(BackupRun.finished_at.is_not(None))
        .order_by(BackupRun.started_at.desc())
        .limit(1)
    ).first()
