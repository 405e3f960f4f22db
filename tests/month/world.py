"""The world of the month: an installation, its replicas, and a hand that kills them."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from newsletter.alarms import Alarm, Cause
from newsletter.app import App
from newsletter.config import Settings
from newsletter.delivery import books
from newsletter.delivery.states import State as Copy
from newsletter.delivery.tables import Delivery
from newsletter.editions.edition import SENT, Edition
from newsletter.schedule import Worker
from newsletter.transports.memory import Kept, MemoryTransport
from tests.month.script import HOURS, SKIPPED, Day, at
from tests.support import KEYS, SLUG, HandClock, add, open_database, readers

ADMIN = "admin@example.org"


class Killed(BaseException):
    """The process is gone at this statement."""


@dataclass
class Replica:
    """One process: what it was killed with is lost, what it handed over is not."""

    name: str
    settings: Settings
    far_side: list[Kept]
    clock: HandClock = field(default_factory=HandClock)
    dies_in: int | None = None  # statements
    kills: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin anew, as after a kill or a deploy."""
        self.app = App(self.settings, clock=self.clock)
        self.app.__dict__["keys"] = KEYS
        transport = MemoryTransport()
        transport.kept = self.far_side
        self.app.__dict__["transport"] = transport
        event.listen(self.app.database.engine, "before_cursor_execute", self._statement)
        self.worker = Worker(self.app)
        self.worker.clockwork.steady = self._steady
        self.worker.clockwork.timekeeping.asks_database = False  # it lives in another month

    def _steady(self) -> float:
        return self.clock.now.timestamp()

    def _statement(self, *_: Any) -> None:
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in < 0:
                self.dies_in = None
                raise Killed

    def step(self) -> None:
        """Do once what the loops do for ever."""
        try:
            self.worker.clockwork.tick()
            self.worker.send_editions()
            with self.app.database.sessions.begin() as session:
                self.app.alarms.advance(session, now=self.clock())
            self.worker.send_notices()
        except Killed:
            self.kills += 1
            self.app.database.close()
            self.start()
        finally:
            self.dies_in = None

    def close(self) -> None:
        self.app.close()


@dataclass
class Line:
    """How one day went."""

    day: Day
    state: str = ""
    digest: str = ""
    first_copy_at: datetime | None = None
    copies: Counter[str] = field(default_factory=Counter)
    in_doubt: int = 0
    alarms: set[Cause] = field(default_factory=set)
    kills: int = 0
    faults: list[str] = field(default_factory=list)


def settings_of(url: str, folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "public_url": "https://news.example.com",
            "database": {"url": url},
            "transport": {"kind": "memory"},
            "sending": {"threads": 1, "lease_seconds": 90},
            "alarms": {"email": [ADMIN]},
            "newsletters": {
                SLUG: {
                    "name": "全球AI新闻速递",
                    "source": {"folder": folder, "unattended": True},
                    "sender": {"address": "news@news.example.com"},
                    "schedule": {"skip": [SKIPPED]},
                }
            },
        }
    )


class World:
    """Lives through days; ``seed`` decides who looks when, and who is killed at which statement."""

    def __init__(self, url: str, folder: Path, *, seed: int, replicas: int, people: int = 12) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        database = open_database(url)
        with database.sessions.begin() as session:
            add(session, readers(people))
        database.close()
        self.far_side: list[Kept] = []
        self.handed_over_at: list[datetime] = []
        self.replicas = [
            Replica(name=f"r{n}", settings=settings_of(url, folder), far_side=self.far_side)
            for n in range(1, replicas + 1)
        ]

    def close(self) -> None:
        for replica in self.replicas:
            replica.close()

    @property
    def alarm_mails(self) -> Counter[str]:
        """How often each mail to the person in charge was handed over."""
        return Counter(kept.copy.ref for kept in self.far_side if kept.copy.address == ADMIN)

    def live(self, days: list[Day]) -> list[Line]:
        """Live through the days and say how each went."""
        writes = sorted((write for day in days for write in day.writes), key=lambda write: write.at)
        moments = sorted(
            {at(day.day, hour) for day in days for hour in HOURS} | {write.at for write in writes}
        )
        lines = {day.day: Line(day=day) for day in days}
        for moment in moments:
            while writes and writes[0].at <= moment:
                write = writes.pop(0)
                path = self.folder / write.name
                path.write_text(write.text, encoding="utf-8")
                os.utime(path, (write.at.timestamp(), write.at.timestamp()))
            self._look(moment, days, lines)
        self._judge(lines)
        return list(lines.values())

    def _look(self, moment: datetime, days: list[Day], lines: dict[date, Line]) -> None:
        today = next(
            (
                day
                for day in days
                if at(day.day, "00:00") <= moment < at(day.day, "00:00") + timedelta(days=1)
            ),
            None,
        )
        if today is None or (today.down and today.down[0] <= moment < today.down[1]):
            return
        near = abs(moment - at(today.day, "07:30")) < timedelta(minutes=1)
        looking = [r for r in self.replicas if near or self.random.random() < 0.5] or [self.replicas[0]]
        # Somebody always survives, or nobody would be there at the hour.
        survivor = self.random.choice(looking)
        for replica in self.random.sample(looking, len(looking)):
            skew = today.skew if replica.name == "r2" and len(self.replicas) > 1 else timedelta(0)
            replica.clock.now = moment + skew
            if replica is not survivor and self.random.random() < (0.5 if near else 0.1):
                replica.dies_in = self.random.randrange(60)
            before, kills = len(self.far_side), replica.kills
            replica.step()
            lines[today.day].kills += replica.kills - kills
            self.handed_over_at += [moment] * (len(self.far_side) - before)

    # ---- what came of it ----

    def _judge(self, lines: dict[date, Line]) -> None:
        database = self.replicas[0].app.database
        with database.readers() as session:
            rows = {row.day: row for row in session.scalars(select(Edition))}
            alarms = session.scalars(select(Alarm)).all()
            for day, line in lines.items():
                row = rows.get(day)
                line.state = row.state.value if row else "none"
                line.digest = (row.digest_key or "") if row else ""
                for kept, moment in zip(self.far_side, self.handed_over_at, strict=True):
                    if row and kept.mailing.edition == f"{SLUG}-{day}":
                        line.copies[kept.copy.address] += 1
                        line.first_copy_at = line.first_copy_at or moment
                if row and row.state in SENT:
                    sums = books.of_edition(session, row)
                    line.in_doubt = sums[Copy.IN_DOUBT]
                    if not sums.balanced:
                        line.faults.append("the books do not balance")
                    owed = session.query(Delivery).filter(Delivery.edition_id == row.id).count()
                    if len(line.copies) + line.in_doubt < owed:
                        line.faults.append(f"{owed - len(line.copies) - line.in_doubt} readers are lost")
                line.alarms = {alarm.cause for alarm in alarms if alarm.day == day}
                self._compare(line)

    def _compare(self, line: Line) -> None:
        day = line.day
        if any(count > 1 for count in line.copies.values()):
            line.faults.append("somebody has it twice")
        if line.state != day.state:
            line.faults.append(f"it is {line.state}, and should be {day.state}")
        if bool(line.copies) != (day.goes_at is not None):
            line.faults.append("it went out" if line.copies else "it did not go out")
        if day.goes_at and line.first_copy_at:
            late = line.first_copy_at - day.goes_at
            # A worker killed with a batch in hand keeps it until its lease runs out and somebody looks again.
            most = abs(day.skew) or (timedelta(seconds=400) if line.kills else timedelta(seconds=12))
            if not timedelta(0) <= late <= most:
                line.faults.append(f"the first copy came {late} after it should")
        if day.topic_of and str(day.topic_of) not in line.digest:
            line.faults.append(f"it is the digest {line.digest}")
        told = set(line.alarms) - ({Cause.DOUBT} if line.in_doubt else set())
        if told != day.alarms:
            line.faults.append(f"alarms {sorted(told)}, and should be {sorted(day.alarms)}")


@contextmanager
def world(url: str, folder: Path, *, seed: int, replicas: int) -> Iterator[World]:
    """Return a world that is closed at the end."""
    here = World(url, folder, seed=seed, replicas=replicas)
    try:
        yield here
    finally:
        here.close()
