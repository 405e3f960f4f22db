"""Ten newsletters of one installation: what one of them waits for keeps no other one back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import Settings
from newsletter.database import connect
from newsletter.digests.sources import FolderSource, Found, Source, Wanted
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.errors import SourceUnreachable
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.schedule import Worker
from newsletter.transports.base import Outcome
from newsletter.transports.memory import MemoryTransport
from tests.morning.support import GOOD, MAKERS, MODELS, T
from tests.support import DAY, KEYS, SEVEN, HandClock, add, readers
from tests.web.support import copy_empty_database

COUNT = 10
HANGS = "n0"
PROMPTLY = 5.0  # seconds from the hour to the first copy
WAIT = 60.0  # for a machine that is busy with something else


@dataclass
class Hanging:
    """A source whose far side takes the connection and then says nothing."""

    asked: threading.Event
    over: threading.Event

    def find(self, wanted: Wanted) -> Found:
        self.asked.set()
        self.over.wait(WAIT)
        away = SourceUnreachable("cannot be reached", remedy="look at its server", file="https://x.example")
        return Found(chosen=None, errors=(away,))


class Timed(MemoryTransport):
    """Notes by the machine's own clock when each newsletter's first copy was handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[str, float] = {}

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        self.first.setdefault(mailing.edition.rpartition("-2026")[0], time.monotonic())
        yield from super().send(mailing, copies, call_id=call_id, lane=lane)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    file = tmp_path / "newsletter.db"
    copy_empty_database(file)
    newsletters = {}
    for n in range(COUNT):
        folder = tmp_path / f"n{n}"
        folder.mkdir()
        digest = folder / f"{DAY}.md"
        digest.write_text(GOOD.format(day=DAY, maker=MAKERS[n % 7], model=MODELS[n % 7]), encoding="utf-8")
        settled = SEVEN.timestamp() - 3600
        os.utime(digest, (settled, settled))
        newsletters[f"n{n}"] = {"name": f"第{n}份", "source": {"folder": folder, "unattended": True}}
    app = App(
        Settings.model_validate(
            {
                "public_url": "https://news.example.com",
                "database": {"url": f"sqlite:///{file}"},
                "transport": {"kind": "memory"},
                "newsletters": newsletters,
            }
        ),
        clock=HandClock(T - timedelta(minutes=30)),
    )
    app.__dict__.update(keys=KEYS, database=connect(f"sqlite:///{file}"), transport=Timed())
    with app.database.sessions.begin() as session:
        for n in range(COUNT):
            add(session, readers(1, domain=f"x{n}.example.com"), newsletter=f"n{n}")
    for slug in newsletters:
        app.unattended(slug).current()
    yield app
    app.close()


def until(is_so: Callable[[], bool]) -> float:
    """Wait, and return the seconds for which this machine did something else: they are not ours."""
    ends_at, away = time.monotonic() + WAIT, 0.0
    while not is_so() and time.monotonic() < ends_at:
        began = time.monotonic()
        time.sleep(0.05)
        away += time.monotonic() - began - 0.05
    return away


def ready(app: App) -> int:
    with app.database.readers() as session:
        return len(session.scalars(select(Edition).where(Edition.state == State.READY)).all())


def test_the_first_copies_leave_within_five_seconds_while_one_newsletter_waits_for_its_source(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, over = threading.Event(), threading.Event()

    def source(self: App, slug: str) -> Source:
        if slug == HANGS:
            return Hanging(asked, over)
        folder = self.settings.newsletters[slug].source.folder
        assert folder is not None
        return FolderSource(folder)

    monkeypatch.setattr(App, "source", source)
    clock, transport = app.clock, app.transport
    assert isinstance(clock, HandClock)
    assert isinstance(transport, Timed)
    worker = Worker(app)
    worker.start()
    try:
        assert asked.wait(WAIT)  # half an hour before, the look ahead of one hangs, and the others are ready
        until(lambda: ready(app) == COUNT - 1)
        clock.now = T
        began = time.monotonic()
        away = until(lambda: len(transport.first) == COUNT - 1)
    finally:
        over.set()
        worker.stop()
        worker.join()

    waited = {slug: at - began for slug, at in transport.first.items()}
    assert waited.keys() == {f"n{n}" for n in range(COUNT)} - {HANGS}
    print(f"first copies after {min(waited.values()):.1f} to {max(waited.values()):.1f} s, {away:.1f} s away")
    assert max(waited.values()) < PROMPTLY + away
