"""What a missed day leaves behind, and a fence that is opened: nothing of it keeps the next morning back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from newsletter.app import App
from newsletter.config import Settings
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.fence import FenceClosed
from newsletter.morning.unattended import Unattended
from newsletter.transports.memory import MemoryTransport
from tests.cli.test_moments import GOOD
from tests.month.world import settings_of
from tests.support import DAY, KEYS, SEVEN, SLUG, HandClock, add, open_database, readers

T = SEVEN + timedelta(minutes=30)
NOON = SEVEN + timedelta(hours=5)
DAY_LONG = timedelta(days=1)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(SEVEN - DAY_LONG)


@pytest.fixture
def sent() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def app(tmp_path: Path, clock: HandClock, sent: MemoryTransport) -> Iterator[App]:
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    (tmp_path / "digests").mkdir()
    settings = settings_of(url, tmp_path / "digests").model_dump()
    settings["newsletters"][SLUG]["schedule"]["when_late"] = "merge"
    settings["newsletters"][SLUG]["source"]["unattended"] = True
    app = App(Settings.model_validate(settings), clock=clock)
    app.__dict__.update(keys=KEYS, database=open_database(url), transport=sent, notice_transport=sent)
    with app.database.sessions.begin() as session:
        add(session, readers(2))
    app.unattended(SLUG).current()  # it has had its hours since the day before
    yield app
    app.close()


def write(app: App, name: str, content: str, at: datetime) -> Path:
    folder = app.settings.newsletters[SLUG].source.folder
    assert folder is not None
    path = folder / f"{name}.md"
    path.write_text(content, encoding="utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def states(app: App) -> dict[str, State]:
    with app.database.readers() as session:
        return {str(one.day): one.state for one in session.scalars(select(Edition))}


def missed(app: App, clock: HandClock, *, written: datetime) -> Unattended:
    """Be down until noon, with a digest that was written meanwhile."""
    write(app, str(DAY), GOOD.format(day=DAY), written)
    clock.now = NOON
    unattended = app.unattended(SLUG)
    unattended.begin()
    assert states(app)[str(DAY)] is State.SKIPPED
    return unattended


def test_a_missed_digest_that_goes_out_itself_the_next_morning_is_not_carried_into_itself(
    app: App, clock: HandClock
) -> None:
    unattended = missed(app, clock, written=NOON - timedelta(minutes=10))
    clock.now = T + DAY_LONG

    begun = unattended.begin()

    assert begun is not None
    assert (begun.day, begun.state) == (DAY + DAY_LONG, State.SENDING)
    with app.database.readers() as session:
        old = session.scalars(select(Edition).where(Edition.day == DAY)).one()
        assert old.carried_into_id == begun.id  # and no third day tells it again


def test_a_missed_digest_that_a_person_sent_late_is_not_carried_over(app: App, clock: HandClock) -> None:
    missed(app, clock, written=SEVEN)
    assert app.morning(SLUG).send(DAY, late=True).state is State.FINISHED
    tomorrow = DAY + DAY_LONG
    write(app, str(tomorrow), GOOD.format(day=tomorrow), NOON + timedelta(hours=7))
    clock.now = T + DAY_LONG

    look = app.morning(SLUG).beginning.look(tomorrow)

    assert look.carried == ()


def test_what_was_missed_and_cannot_be_read_any_more_does_not_keep_today_back(
    app: App, clock: HandClock
) -> None:
    unattended = missed(app, clock, written=SEVEN)
    with app.database.sessions.begin() as session:
        session.execute(text("UPDATE edition SET digest_source = '---\ntitle: [\n---\n'"))
    tomorrow = DAY + DAY_LONG
    write(app, str(tomorrow), GOOD.format(day=tomorrow), NOON + timedelta(hours=7))
    clock.now = T + DAY_LONG

    begun = unattended.begin()

    assert begun is not None
    assert begun.state is State.SENDING


def test_the_evenings_digest_does_not_go_out_while_the_days_own_is_being_saved(
    app: App, clock: HandClock
) -> None:
    tomorrow = DAY + DAY_LONG
    write(app, str(DAY), GOOD.format(day=DAY), SEVEN + timedelta(hours=12))
    write(app, str(tomorrow), GOOD.format(day=tomorrow), T + DAY_LONG - timedelta(seconds=1))
    unattended = app.unattended(SLUG)
    clock.now = T + DAY_LONG
    unattended.begin()
    assert str(tomorrow) not in states(app)

    clock.forward(timedelta(seconds=6))
    begun = unattended.begin()

    assert begun is not None
    assert (begun.state, begun.digest_key) == (State.SENDING, str(tomorrow))


def close_the_fence(app: App) -> Path:
    app.establish()
    mark = app.database.file
    assert mark is not None
    mark = mark.with_name(f"{mark.name}.instance")
    mark.unlink()
    return mark


def test_a_worker_that_was_started_behind_a_closed_fence_goes_on_once_it_is_open(
    app: App, clock: HandClock
) -> None:
    close_the_fence(app)
    write(app, str(DAY), GOOD.format(day=DAY), SEVEN - timedelta(hours=1))
    unattended = app.unattended(SLUG)
    clock.now = T
    assert unattended.begin() is None

    assert app.fence is not None
    with app.database.sessions.begin() as session:
        app.fence.confirm(session, by="ada", now=clock())
    begun = unattended.begin()

    assert begun is not None
    assert begun.state is State.SENDING


def test_no_command_sends_notices_or_alarms_from_behind_a_closed_fence(
    app: App, clock: HandClock, sent: MemoryTransport
) -> None:
    from newsletter.alarms import Cause

    clock.now = T
    with app.database.sessions.begin() as session:
        app.alarms.sound(session, Cause.HELD, newsletter=SLUG, day=DAY, now=T)
    close_the_fence(app)

    app.alarms.send_without_worker(app.notice_sender(), app.poster)

    assert sent.kept == []
    with pytest.raises(FenceClosed):
        app.notice_sender().send_due()
