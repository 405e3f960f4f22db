"""One newsletter's mornings with a folder of digests and a clock that is set by hand."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from newsletter.alarms import Alarm
from newsletter.app import App
from newsletter.config import Settings
from newsletter.database import connect
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.morning.unattended import Unattended
from newsletter.transports.memory import MemoryTransport
from tests.month.world import settings_of
from tests.support import DAY, KEYS, SEVEN, SLUG, HandClock, add, open_database, readers
from tests.web.support import copy_empty_database

T = SEVEN + timedelta(minutes=30)
DAY_LONG = timedelta(days=1)
# No two days tell the same stories.
GOOD = """---
title: "{day} 速递"
date: {day}
---

早间要闻，两条。

1. [{maker}发布首款轿车](https://news.site.example/{day}/one)

   续航一千公里，明年春天交付，售价还没有公布。

2. [{model}登上榜首](https://news.site.example/{day}/two)

   参数只有七十亿，在一张显卡上就能运行。
"""
MAKERS = ("东风", "西岭", "南山", "北辰", "中原", "海角", "天涯")
MODELS = ("问天", "观海", "听雨", "望月", "踏雪", "寻梅", "煮茶")
BAD = GOOD + "\n还差一段 {{{{ text }}}}\n"


@dataclass
class Mornings:
    """An installation that has had its hours since the day before, with two readers."""

    app: App
    clock: HandClock
    folder: Path  # where its digests lie, whatever the settings say
    sent: MemoryTransport = field(default_factory=MemoryTransport)

    @property
    def unattended(self) -> Unattended:
        """The newsletter's mornings, as a process that has just been started does them."""
        return self.app.unattended(SLUG)

    def write(self, day: date = DAY, text: str = GOOD, *, at: datetime | None = None) -> Path:
        """Save the digest of a day, an hour before its edition if not told."""
        path = self.folder / f"{day}.md"
        maker, model = MAKERS[day.toordinal() % 7], MODELS[day.toordinal() % 7]
        path.write_text(text.format(day=day, maker=maker, model=model), encoding="utf-8")
        saved = (at or T + (day - DAY) - timedelta(hours=1)).timestamp()
        os.utime(path, (saved, saved))
        return path

    def row(self, day: date = DAY) -> Edition | None:
        """Return the row of a day."""
        with self.app.database.readers() as session:
            return session.scalars(select(Edition).where(Edition.day == day)).one_or_none()

    def state(self, day: date = DAY) -> State | None:
        """Return the state of a day's edition."""
        row = self.row(day)
        return row.state if row else None

    def alarms(self, day: date = DAY) -> list[Alarm]:
        """Return the alarms of a day, the first first."""
        with self.app.database.readers() as session:
            return list(session.scalars(select(Alarm).where(Alarm.day == day).order_by(Alarm.id)))

    def restart(self, **changes: Any) -> None:
        """Begin anew with other settings, given by dotted names with two underscores for the newsletter."""
        settings = self.app.settings.model_dump()
        for name, value in changes.items():
            section, _, key = name.partition("__")
            settings["newsletters"][SLUG][section][key] = value
        kept = {name: self.app.__dict__[name] for name in _KEPT}
        self.app = App(Settings.model_validate(settings), clock=self.clock)
        self.app.__dict__.update(kept)


_KEPT = ("keys", "database", "transport", "notice_transport")


def mornings(folder: Path, url: str = "", *, people: int = 2, **changes: Any) -> Mornings:
    """Return an installation over an empty database; without a ``url`` in a file beside its digests."""
    folder.mkdir()
    if url:
        open_database(url).close()
    else:
        file = folder.with_name("newsletter.db")
        copy_empty_database(file)
        url = f"sqlite:///{file}"
    clock = HandClock(SEVEN - DAY_LONG)
    here = Mornings(app=App(settings_of(url, folder), clock=clock), clock=clock, folder=folder)
    here.app.__dict__.update(
        keys=KEYS, database=connect(url), transport=here.sent, notice_transport=here.sent
    )
    here.restart(**changes)
    with here.app.database.sessions.begin() as session:
        add(session, readers(people))
    here.unattended.current()  # it has had its hours since the day before
    here.clock.now = SEVEN - timedelta(hours=1)
    return here
