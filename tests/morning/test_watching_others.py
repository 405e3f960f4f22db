"""Weekly editions and corrections are watched as well, apart from the daily one of the same day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.alarms import Alarm, Cause
from newsletter.app import App
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from tests.month.world import settings_of
from tests.support import DAY, KEYS, SEVEN, HandClock, frozen, open_database, readers


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    (tmp_path / "digests").mkdir()
    app = App(settings_of(url, tmp_path / "digests"), clock=HandClock(SEVEN))
    app.__dict__.update(keys=KEYS, database=open_database(url))
    yield app
    app.close()


def told(app: App) -> set[tuple[Cause, str, bool]]:
    with app.database.readers() as session:
        return {(one.cause, one.about, one.cleared_at is not None) for one in session.scalars(select(Alarm))}


def test_a_weekly_edition_that_nobody_accepts_is_an_alarm_of_its_own(app: App) -> None:
    edition = frozen(app.database, readers(3))
    with app.database.sessions.begin() as session:
        session.get_one(Edition, edition.id).kind = Kind.WEEKLY
    clock = app.clock
    assert isinstance(clock, HandClock)
    clock.forward(timedelta(minutes=10))

    app.unattended("ai_daily").watch()

    assert (Cause.SILENT, "weekly", False) in told(app)
    assert edition.day == DAY


def test_a_daily_edition_that_begins_takes_back_nothing_of_the_weekly_one(app: App) -> None:
    with app.database.sessions.begin() as session:
        app.alarms.sound(session, Cause.HELD, newsletter="ai_daily", day=DAY, about="weekly", now=SEVEN)
        app.alarms.sound(session, Cause.HELD, newsletter="ai_daily", day=DAY, now=SEVEN)
    frozen(app.database, readers(1))
    unattended = app.unattended("ai_daily")

    unattended.watch_day(unattended.morning.timetable.moments(DAY))

    assert told(app) == {(Cause.HELD, "weekly", False), (Cause.HELD, "", True)}
    with app.database.readers() as session:
        assert session.scalars(select(Edition)).one().state is State.SENDING
