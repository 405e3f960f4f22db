"""Whether this machine's clock is right: an edition leaves when the clock says so, and nobody else checks.

Three ways to know. A clock that was set is seen against one that nobody sets. A clock that is off is seen
against the database's, on PostgreSQL, and against a time server where one is named. Each host speaks for
itself, and takes back only what it said; what a host that is gone had said ends after a day.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from newsletter import clock, ntp
from newsletter.alarms import Cause, open_alarms
from newsletter.app import App

logger = logging.getLogger(__name__)

JUMP = timedelta(seconds=30)  # a wall clock that moved by more against our own was set
OFF = timedelta(seconds=5)  # as late as a first copy may be
LOOK_EVERY = timedelta(seconds=60)
ASK_EVERY = timedelta(minutes=15)  # a time server
CALM_AFTER = timedelta(minutes=10)  # without another step
STALE_AFTER = timedelta(days=1)


@dataclass(kw_only=True)
class Timekeeping:
    """Watches the clock of one host."""

    app: App
    steady: Callable[[], float] = clock.steady
    host: str = field(default_factory=lambda: socket.gethostname()[:60])
    asks_database: bool = True
    ask_server: Callable[[], timedelta] | None = None  # None: the one of the settings
    _wall: tuple[float, datetime] | None = None
    _stepped: tuple[float, timedelta] | None = None  # when, and by how much
    _looked_at: float | None = None
    _asked_at: float | None = None
    _is_told: set[str] = field(default_factory=set)

    def has_jumped(self) -> bool:
        """Say whether the wall clock was set since the last call."""
        steady, wall = self.steady(), self.app.clock()
        before, self._wall = self._wall, (steady, wall)
        if before is None:
            return False
        off = (wall - before[1]) - timedelta(seconds=steady - before[0])
        if abs(off) <= JUMP:
            return False
        seconds = off.total_seconds()
        logger.warning("the clock was set by %+.0f s", seconds, extra={"seconds": seconds})
        self._stepped, self._looked_at = (steady, off), None
        return True

    def look(self) -> None:
        """Measure what is due, and tell people what they must know; at most once a minute."""
        now, steady = self.app.clock(), self.steady()
        if self._looked_at is not None and steady - self._looked_at < LOOK_EVERY.total_seconds():
            return
        self._looked_at = steady
        if self._stepped is not None:
            is_calm = steady - self._stepped[0] >= CALM_AFTER.total_seconds()
            self._tell("step", timedelta(0) if is_calm else self._stepped[1], now)
            self._stepped = None if is_calm else self._stepped
        if self.asks_database and not self.app.database.is_sqlite:
            self._tell("database", self._against_database(), now)
        server = self.app.settings.clock.ntp_server
        is_due = self._asked_at is None or steady - self._asked_at >= ASK_EVERY.total_seconds()
        if (server or self.ask_server) and is_due:
            self._asked_at = steady
            try:
                ask = self.ask_server or (lambda: ntp.offset(server, clock=self.app.clock))
                self._tell("ntp", ask(), now)
            except ntp.NoTime as error:
                logger.warning("the time server does not answer: %s", error)
        self._forget_stale(now)

    def _against_database(self) -> timedelta:
        """Return by how much the database's clock is ahead of ours, as far as that can be told."""
        with self.app.database.readers() as session:
            before = self.app.clock()
            there = session.execute(text("SELECT clock_timestamp()")).scalar_one()
            after = self.app.clock()
        off = there.astimezone(UTC) - (before + (after - before) / 2)
        unsure = (after - before) / 2
        return timedelta(0) if abs(off) <= unsure else off

    def _tell(self, about: str, off: timedelta, now: datetime) -> None:
        """Sound what is off, and take back what no longer is."""
        alarms, is_off = self.app.alarms, abs(off) >= OFF
        about = f"{self.host} {about}"
        if not is_off and about not in self._is_told:
            with self.app.database.readers() as session:  # what was told before a restart
                if not any(alarm.about == about for alarm in open_alarms(session, Cause.CLOCK)):
                    return
        with self.app.database.sessions.begin() as session:
            told = [alarm for alarm in open_alarms(session, Cause.CLOCK) if alarm.about == about]
            if is_off:
                self._is_told.add(about)
                day = told[-1].day if told else now.astimezone(alarms.teller.zone("")).date()
                facts = {"off": f"{off.total_seconds():+,.0f} s ({about})"}
                alarms.sound(session, Cause.CLOCK, newsletter="", day=day, about=about, facts=facts, now=now)
            else:
                self._is_told.discard(about)
                for alarm in told:
                    alarms.clear(
                        session, newsletter="", day=alarm.day, causes=[Cause.CLOCK], about=about, now=now
                    )

    def _forget_stale(self, now: datetime) -> None:
        with self.app.database.readers() as session:
            old = [
                alarm for alarm in open_alarms(session, Cause.CLOCK) if now - alarm.raised_at > STALE_AFTER
            ]
        if old:
            with self.app.database.sessions.begin() as session:
                for alarm in old:
                    causes = [Cause.CLOCK]
                    self.app.alarms.clear(
                        session, newsletter="", day=alarm.day, causes=causes, about=alarm.about, now=now
                    )
