"""Each night one backup is made, by whichever worker comes first; without one, people hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from newsletter.alarms import Alarm, Cause
from newsletter.backup.making import backups_in
from newsletter.backup.nightly import last_good
from newsletter.journal.tables import JournalWaiting
from newsletter.journal.writing import waiting
from newsletter.keeping import keep
from tests.backup.test_backup import Home
from tests.support import HandClock

NIGHT = datetime(2026, 11, 22, 19, 10, tzinfo=UTC)  # 03:10 in Shanghai


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(
        tmp_path / "home", "sqlite:///var/newsletter.db", clock=HandClock(NIGHT - timedelta(minutes=1))
    )
    home.app.settings = home.app.settings.model_copy(
        update={"backup": home.app.settings.backup.model_copy(update={"keep": 2})}
    )
    home.add(3)
    yield home
    home.app.close()


def files(home: Home) -> list[str]:
    folder = home.app.settings.backup.folder
    assert folder
    return [path.name for path in backups_in(folder)]


def alarms(home: Home) -> list[tuple[Cause, bool]]:
    with home.app.database.readers() as session:
        return [(alarm.cause, alarm.cleared_at is None) for alarm in session.scalars(select(Alarm))]


def change(home: Home, section: str, **values: object) -> None:
    new = getattr(home.app.settings, section).model_copy(update=values)
    home.app.settings = home.app.settings.model_copy(update={section: new})
    for part in ("backups", "journal"):
        home.app.__dict__.pop(part, None)


def test_one_is_made_each_night_and_the_newest_are_kept(home: Home) -> None:
    keep(home.app)
    before = files(home)
    for _ in range(3):
        home.clock.now = home.clock.now + timedelta(days=1)
        for _ in range(3):  # the loop comes round, and there are other workers
            keep(home.app)

    # An installation's first night may be one that is over.
    assert len(before) == 1
    assert files(home) == ["newsletter-20261125T190900Z.backup", "newsletter-20261124T190900Z.backup"]
    assert alarms(home) == []
    with home.app.database.readers() as session:
        newest = last_good(session)
        assert newest is not None
        assert "the same" in (newest.checked or "")


def test_people_hear_of_a_night_without_one_and_when_it_is_over(home: Home) -> None:
    passphrase = home.app.settings.backup.passphrase
    change(home, "backup", passphrase=SecretStr(""))
    keep(home.app)
    assert alarms(home) == [(Cause.BACKUP, True)]

    change(home, "backup", passphrase=passphrase)
    home.clock.forward(timedelta(days=1))
    keep(home.app)

    assert alarms(home) == [(Cause.BACKUP, False)]


def test_people_hear_of_a_backup_that_is_too_old(home: Home) -> None:
    keep(home.app)
    folder = home.app.settings.backup.folder
    home.clock.forward(timedelta(hours=20))
    # A worker claimed this night and died.
    home.app.backups._is_ours(home.clock.now.date(), home.clock.now - timedelta(minutes=1), home.clock.now)
    home.clock.forward(timedelta(hours=17))
    change(home, "backup", folder=folder)
    home.app.backups._watch(home.app.alarms, now=home.clock.now)

    assert alarms(home) == [(Cause.BACKUP, True)]


def test_a_copy_makes_no_backups(home: Home) -> None:
    (home.folder / "var" / "newsletter.db.instance").unlink()

    keep(home.app)

    assert files(home) == []


def test_people_hear_of_a_journal_that_is_away_until_it_has_caught_up(home: Home, tmp_path: Path) -> None:
    change(home, "backup", folder=None)
    change(home, "journal", file=tmp_path / "disk" / "journal")
    (tmp_path / "disk").write_text("no folder")
    with home.app.database.sessions.begin() as session:
        about = {"newsletter": "ai_daily", "id": 1, "hash": "ab" * 32}
        session.add(JournalWaiting(what="left", at=NIGHT, about=about))
    keep(home.app)
    assert alarms(home) == [(Cause.JOURNAL, True)]

    (tmp_path / "disk").unlink()
    keep(home.app)

    assert alarms(home) == [(Cause.JOURNAL, False)]
    with home.app.database.readers() as session:
        assert waiting(session) == 0
