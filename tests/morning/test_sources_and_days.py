"""Sources that are away, files being saved, days on which nobody was there, and hours that change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.alarms import Cause
from newsletter.app import App
from newsletter.digests.digest import Digest
from newsletter.digests.sources import FolderSource, Found, Source, Wanted
from newsletter.editions import edition as editions
from newsletter.editions.states import State
from newsletter.errors import SourceUnreachable
from newsletter.morning import Revision, missed, steering
from newsletter.morning.hours import AT_ONCE, Hours
from newsletter.morning.unattended import Unattended
from tests.morning.support import BAD, DAY_LONG, Mornings, T, mornings
from tests.support import DAY, SEVEN, SLUG

TICK = timedelta(seconds=2)
MINUTE = timedelta(minutes=1)


@dataclass
class Elsewhere:
    """A source that counts how often it is asked, and may be away."""

    inner: Source
    is_away: bool = False
    asked: list[datetime] = field(default_factory=list)

    def find(self, wanted: Wanted) -> Found:
        self.asked.append(wanted.now)
        if self.is_away:
            away = SourceUnreachable(
                "cannot be reached", remedy="look at its server", file="https://x.example"
            )
            return Found(chosen=None, errors=(away,))
        return self.inner.find(wanted)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Mornings]:
    here = mornings(tmp_path / "digests")
    yield here
    here.app.close()


def elsewhere(here: Mornings, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """Let the newsletter's digests come from a URL, which is the folder all the same."""
    source = Elsewhere(FolderSource(here.folder))
    monkeypatch.setattr(App, "source", lambda self, slug: source)
    here.restart(source__url="https://x.example/{date}.md", source__folder=None)
    return source


def look(here: Mornings, at: datetime, unattended: Unattended | None = None) -> State | None:
    here.clock.now = at
    unattended = unattended or here.unattended
    unattended.begin()
    unattended.prepare()
    unattended.watch()
    return here.state()


def told(here: Mornings) -> list[tuple[Cause, list[str], bool]]:
    return [(one.cause, one.moments, one.cleared_at is not None) for one in here.alarms()]


# ---- a source elsewhere ----


def test_a_source_elsewhere_is_asked_once_a_minute_while_the_digest_is_missing(
    here: Mornings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = elsewhere(here, monkeypatch)
    unattended = here.unattended
    look(here, T, unattended)
    source.asked.clear()

    for n in range(300):
        here.clock.now = T + TICK * (n + 1)
        unattended.begin()

    assert len(source.asked) == 10
    here.write(at=T - MINUTE)
    here.clock.now = T + 11 * MINUTE
    assert unattended.begin()
    assert here.state() is State.SENDING


def test_a_source_that_is_away_is_an_alarm_half_an_hour_before_and_at_the_hour(
    here: Mornings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = elsewhere(here, monkeypatch)
    source.is_away = True

    look(here, T - 40 * MINUTE)
    early = told(here)
    look(here, T - 30 * MINUTE)
    half_an_hour = told(here)
    look(here, T)
    at_the_hour = told(here)
    source.is_away = False
    here.write()
    sent = look(here, T + 2 * MINUTE)
    look(here, T + 2 * MINUTE)

    assert early == []
    assert half_an_hour == [(Cause.SOURCE, ["T-30"], False)]
    assert at_the_hour == [(Cause.SOURCE, ["T-30", "T"], False)]
    assert sent is State.SENDING
    assert told(here) == [(Cause.SOURCE, ["T-30", "T"], True)]


def test_a_source_that_answers_again_without_a_digest_is_no_longer_away(
    here: Mornings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = elsewhere(here, monkeypatch)
    source.is_away = True
    look(here, T - 30 * MINUTE)
    source.is_away = False

    look(here, T - 28 * MINUTE)

    assert told(here) == [(Cause.SOURCE, ["T-30"], True), (Cause.MISSING, ["T-30"], False)]


def test_a_folder_that_is_not_there_is_a_source_that_is_away_and_the_day_is_a_row(here: Mornings) -> None:
    here.folder.rename(here.folder.with_name("gone"))

    look(here, T - 30 * MINUTE)
    look(here, T)

    row = here.row()
    assert row is not None
    assert row.state is State.MISSING
    assert "there is no folder" in row.findings[0]["message"]["en"]
    assert told(here) == [(Cause.SOURCE, ["T-30", "T"], False)]


# ---- at the very moment ----


def test_a_file_that_is_being_saved_at_the_hour_is_waited_for_and_nobody_is_told(here: Mornings) -> None:
    unattended = here.unattended
    look(here, T - 30 * MINUTE, unattended)
    here.write(at=T - TICK)

    states = [look(here, T + TICK * n, unattended) for n in range(4)]

    assert states == [State.MISSING, State.MISSING, State.SENDING, State.SENDING]
    assert told(here) == [(Cause.MISSING, ["T-30"], True)]


def test_a_file_that_is_saved_again_and_again_is_missing_after_a_while(here: Mornings) -> None:
    unattended = here.unattended
    for n in range(20):
        here.write(at=T + TICK * n)
        look(here, T + TICK * n, unattended)

    assert here.state() is State.MISSING
    assert told(here) == [(Cause.MISSING, ["T-30", "T"], False)]


def test_what_has_moved_on_since_it_was_looked_at_is_not_told(
    here: Mornings, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write(text=BAD)
    unattended = here.unattended
    here.clock.now = T - 40 * MINUTE
    unattended.prepare()
    facts = Unattended._facts

    def mended_meanwhile(self: Unattended, *given: Any) -> Any:
        if given[0].day == DAY:
            here.write(at=T - 41 * MINUTE)
            here.unattended.prepare()
        return facts(self, *given)

    monkeypatch.setattr(Unattended, "_facts", mended_meanwhile)
    unattended.watch()

    assert here.state() is State.READY
    assert told(here) == []


# ---- held by what was changed in the settings ----


def test_a_source_that_is_trusted_after_the_hour_is_looked_at_again(here: Mornings) -> None:
    here.restart(source__unattended=False)
    here.write()
    waits = look(here, T)

    here.restart(source__unattended=True)

    assert waits is State.HELD
    assert look(here, T + 5 * MINUTE) is State.SENDING


def test_a_held_edition_is_not_examined_at_every_tick(
    here: Mornings, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write(text=BAD)
    unattended = here.unattended
    look(here, T, unattended)
    row = here.row()
    assert row

    look(here, T + MINUTE, unattended)

    again = here.row()
    assert again
    assert again.examined_at == row.examined_at


# ---- days without anybody there ----


@pytest.mark.parametrize("policy", ["ask", "merge"])
def test_each_day_of_a_long_outage_is_a_row_and_what_was_written_meanwhile_is_not_too_old(
    here: Mornings, policy: str
) -> None:
    here.restart(schedule__when_late=policy)
    here.write()
    assert look(here, T) is State.SENDING
    for n in (1, 2):
        here.write(DAY + n * DAY_LONG)
    here.restart(schedule__when_late=policy, schedule__skip=[DAY + 3 * DAY_LONG])

    look(here, T + 4 * DAY_LONG + timedelta(hours=5))

    waits = State.SKIPPED if policy == "merge" else State.READY
    states = [here.state(DAY + n * DAY_LONG) for n in range(1, 5)]
    assert states == [waits, waits, State.SKIPPED, State.MISSING]
    row = here.row(DAY + 3 * DAY_LONG)
    assert row
    assert row.stopped_because == "listed in schedule.skip"


def test_a_digest_that_waited_out_an_outage_is_sent_late_by_a_person(here: Mornings) -> None:
    here.write()
    here.clock.now = T + timedelta(hours=26)

    report = here.app.morning(SLUG).send(DAY, late=True)

    assert report.state is State.FINISHED


def test_a_new_installation_writes_down_no_days_before_it_was_there(here: Mornings) -> None:
    here.write()
    look(here, T)

    assert [here.state(DAY - n * DAY_LONG) for n in (2, 3)] == [None, None]


# ---- hours ----


def hours(here: Mornings) -> dict[str, Hours]:
    with here.app.database.readers() as session:
        return {row.hours: row for row in session.scalars(select(Hours))}


def test_hours_that_were_written_by_a_clock_ahead_keep_no_morning_back(here: Mornings) -> None:
    with here.app.database.sessions.begin() as session:
        for row in session.scalars(select(Hours)):
            row.since = row.seen_at = T + 30 * DAY_LONG
    here.write()
    look(here, T - MINUTE)

    assert look(here, T) is State.SENDING


def test_replicas_with_other_hours_do_not_take_the_hours_from_each_other(here: Mornings) -> None:
    here.write()
    before = SEVEN - timedelta(hours=1)
    here.restart(schedule__send_at="08:00:00")
    look(here, before)
    here.restart(schedule__send_at="07:30:00")
    look(here, before)

    for n in range(1, 3):
        here.restart(schedule__send_at="08:00:00")
        look(here, T - 5 * MINUTE + n * MINUTE)
        here.restart(schedule__send_at="07:30:00")
        look(here, T - 5 * MINUTE + n * MINUTE)

    assert look(here, T) is State.SENDING


def test_hours_that_come_back_later_are_new_again(here: Mornings) -> None:
    here.write()
    look(here, T - timedelta(hours=3))
    here.restart(schedule__send_at="18:00:00")
    look(here, T - timedelta(hours=1))
    look(here, T + AT_ONCE)

    here.restart(schedule__send_at="07:30:00")  # at noon, nothing of 07:30 is made up for

    assert look(here, T + timedelta(hours=2)) is not State.SENDING


def test_hours_of_one_installation_outlast_an_outage(here: Mornings) -> None:
    here.restart(schedule__skip=[])
    here.write(DAY + 2 * DAY_LONG)

    look(here, T + 2 * DAY_LONG + 20 * MINUTE)

    assert here.state(DAY + 2 * DAY_LONG) is State.SENDING


def test_the_upgrade_keeps_since_when_hours_are_had(here: Mornings) -> None:
    from alembic import command
    from sqlalchemy import text

    from newsletter.migrations.migrate import _config, migrate

    with here.app.database.engine.begin() as connection:
        command.downgrade(_config(connection), "0017")
        connection.execute(
            text("INSERT INTO timetable VALUES ('ai_daily', '07:30:00 Asia/Shanghai', '2026-11-01 00:00:00')")
        )
    migrate(here.app.database)

    assert [f"{row.since:%Y-%m-%d}" for row in hours(here).values()] == ["2026-11-01"]


# ---- two days in one ----


def test_what_goes_out_merged_is_what_is_kept(here: Mornings) -> None:
    here.restart(schedule__when_late="merge")
    here.write()
    look(here, T + timedelta(hours=5))
    tomorrow = DAY + DAY_LONG
    here.write(tomorrow)

    look(here, T + DAY_LONG)

    row = here.row(tomorrow)
    assert row
    assert row.state is State.SENDING
    assert row.digest_source is not None
    assert f"https://news.site.example/{DAY}/one" in row.digest_source
    assert (
        row.digest_source.index(f"{tomorrow}/two")
        < row.digest_source.index("补发")
        < row.digest_source.index(f"{DAY}/one")
    )


def test_what_is_mended_keeps_the_missed_day_that_went_out_with_it(here: Mornings) -> None:
    here.restart(schedule__when_late="merge")
    here.write()
    look(here, T + timedelta(hours=5))
    tomorrow = DAY + DAY_LONG
    path = here.write(tomorrow)
    look(here, T + DAY_LONG)
    press = here.app.press(SLUG)
    with here.app.database.sessions.begin() as session:
        edition = steering.the_edition(session, SLUG, tomorrow, lock=True)
        steering.pause(session, edition, who="li", now=here.clock())
    mended = press.read(path.read_text("utf-8").replace("一千公里", "九百公里"), day=tomorrow)

    proof = Revision(press=press).prove(edition, mended, digest_hash="0" * 64)
    whole_again = Revision(press=press).prove(edition, proof.digest, digest_hash="0" * 64)

    assert [story.url for story in proof.digest.stories] == [
        f"https://news.site.example/{day}/{name}" for day in (tomorrow, DAY) for name in ("one", "two")
    ]
    assert "九百公里" in proof.digest.source
    assert len(whole_again.digest.stories) == 4


def test_entries_of_a_feed_that_went_out_merged_are_not_told_again(here: Mornings) -> None:
    press = here.app.press(SLUG)

    def of_feed(day: date, *entries: str) -> Digest:
        text = here.write(day).read_text("utf-8").replace("---\n", f"---\nentries: {list(entries)}\n", 1)
        return press.read(text, day=day)

    today, left = of_feed(DAY, "c", "b"), of_feed(DAY - DAY_LONG, "a", "b")
    found = [(editions.new(SLUG, DAY - DAY_LONG, now=T), left)]

    whole = missed.with_missed(today, found, press.newsletter)
    again = press.read(missed.text_of(whole, found, press.newsletter), day=DAY)

    assert again.front.extra["entries"] == ["c", "b", "a"]
    assert len(again.stories) == 4
