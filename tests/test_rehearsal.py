"""A rehearsal is the real morning in all but one thing: nothing leaves, and nothing is changed."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.app import App
from newsletter.config import DatabaseSettings, NewsletterSettings, Settings, TransportKind, TransportSettings
from newsletter.config.sending import PacingSettings
from newsletter.delivery import control
from newsletter.editions.states import State
from newsletter.errors import ExitCode
from newsletter.lanes import Lane
from newsletter.rehearsal import rehearse
from newsletter.transports.memory import MemoryTransport
from subscribers import Base, Cadence, Status
from tests.cli.conftest import Run, run  # noqa: F401 - a fixture
from tests.support import DAY, KEYS, SLUG, HandClock, Reader, add, open_database
from tests.test_morning import GOOD, HALF_PAST_SEVEN, write
from tests.test_ten_thousand import far_side, install

PEOPLE = [
    Reader(address="a@qq.com"),
    Reader(address="b@qq.com", language="en"),
    Reader(address="c@gmail.com"),
    Reader(address="d@gmail.com", cadence=Cadence.WEEKLY),
    Reader(address="e@example.com", status=Status.LEFT),
    Reader(address="f@example.com", status=Status.PENDING),
]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that temporary folders are made in."""
    folder = tmp_path / "stage"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def app(database_url: str, tmp_path: Path, stage: Path) -> Iterator[App]:
    """Return an installation with a few readers and the digest of the day."""
    folder = tmp_path / "digests"
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    app = App(
        Settings(
            public_url="https://news.example.com",
            database=DatabaseSettings(url=database_url),
            transport=TransportSettings(kind=TransportKind.MEMORY),
            newsletters={
                SLUG: NewsletterSettings.model_validate(
                    {"name": "全球 AI 早报", "source": {"folder": folder}}
                )
            },
        ),
        clock=HandClock(HALF_PAST_SEVEN),
    )
    app.__dict__["database"] = open_database(database_url)
    app.__dict__["keys"] = KEYS
    with app.database.sessions.begin() as session:
        add(session, PEOPLE)
    yield app
    app.close()


def everything(app: App) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    with app.database.readers() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def kept(app: App) -> int:
    assert isinstance(app.transport, MemoryTransport)
    return len(app.transport.kept)


def change(app: App, **changes: object) -> None:
    app.settings = app.settings.model_copy(update=changes)


def test_nothing_leaves_and_nothing_is_changed_and_no_copy_stays_behind(app: App, stage: Path) -> None:
    before = everything(app)

    rehearsal = rehearse(app, SLUG)

    assert rehearsal.exit_code is ExitCode.DONE
    assert kept(app) == 0
    assert everything(app) == before
    assert list(stage.iterdir()) == []


def test_everyone_is_counted_by_lane_and_language_and_the_books_balance(app: App) -> None:
    rehearsal = rehearse(app, SLUG)

    books = rehearsal.report.books
    assert books
    assert books.balanced
    assert (books.considered, books.owed) == (6, 3)
    assert books.excluded == {"cadence": 1, "left": 1, "pending": 1}
    assert rehearsal.audience == {Lane.QQ: {"zh-CN": 1, "en": 1}, Lane.GMAIL: {"zh-CN": 1}}
    assert rehearsal.html_bytes.keys() == {"zh-CN", "en"}
    assert rehearsal.sizes.copies == 3
    assert 5_000 < rehearsal.sizes.mean <= rehearsal.sizes.largest
    assert rehearsal.sizes.total == pytest.approx(3 * rehearsal.sizes.mean, abs=3)


def test_what_went_out_already_can_be_rehearsed_and_is_said_not_to_go_again(app: App) -> None:
    app.morning(SLUG).run()
    sent = kept(app)

    rehearsal = rehearse(app, SLUG)

    assert rehearsal.report.sent_now == 3
    assert "would not go out again" in rehearsal.warnings[0]
    assert kept(app) == sent


def test_a_digest_that_went_out_on_another_day_is_not_taken_again(app: App) -> None:
    app.morning(SLUG).run()
    tomorrow = DAY + timedelta(days=1)

    rehearsal = rehearse(app, SLUG, tomorrow)

    assert rehearsal.report.state is State.MISSING
    assert rehearsal.exit_code is ExitCode.HELD


def test_a_day_to_come_is_rehearsed_as_at_its_hour(app: App, tmp_path: Path) -> None:
    tomorrow = DAY + timedelta(days=1)
    evening = HALF_PAST_SEVEN + timedelta(hours=12)
    write(tmp_path / "digests", f"{tomorrow}.md", GOOD.format(day=tomorrow), at=evening)
    app.clock = HandClock(evening + timedelta(hours=1))

    rehearsal = rehearse(app, SLUG, tomorrow)

    assert rehearsal.report.state is State.FINISHED
    assert rehearsal.forecast
    assert rehearsal.forecast.now >= datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert rehearsal.forecast.until == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def test_an_edition_that_the_gate_holds_is_told_with_its_findings(app: App, tmp_path: Path) -> None:
    write(
        tmp_path / "digests", f"{DAY}.md", GOOD.format(day=DAY).replace("https://news.site.example", "TODO")
    )

    rehearsal = rehearse(app, SLUG)

    assert rehearsal.exit_code is ExitCode.HELD
    assert any(finding["severity"] == "hold" for finding in rehearsal.report.findings)
    assert rehearsal.forecast is None


def test_copies_that_cannot_be_made_are_told_with_the_reason_and_no_address(app: App) -> None:
    with app.database.sessions.begin() as session:
        add(session, [Reader(address="two words@example.com"), Reader(address="héllo@example.com")])

    rehearsal = rehearse(app, SLUG)

    (failure,) = rehearsal.failures
    assert rehearsal.exit_code is ExitCode.FAILED
    assert (failure.copies, list(failure.subscriber_ids)) == (2, [7, 8])
    assert "not one plain ASCII address" in failure.reason
    assert "héllo" not in failure.reason
    assert rehearsal.sizes.copies == 3


def test_the_forecast_knows_the_limits_of_the_real_lanes(app: App) -> None:
    change(app, pacing={Lane.QQ: PacingSettings(warm_up=(1,), warm_up_from=DAY)})

    rehearsal = rehearse(app, SLUG)

    assert rehearsal.forecast
    assert rehearsal.forecast.overall_floor.expires == 1
    assert rehearsal.report.sent_now == 3


def test_an_installation_that_may_not_send_yet_can_rehearse_and_is_told(app: App) -> None:
    change(app, public_url="", transport=TransportSettings(kind=TransportKind.SMTP))

    rehearsal = rehearse(app, SLUG)

    assert rehearsal.exit_code is ExitCode.FAILED
    assert "public_url" in rehearsal.warnings[-1]
    assert rehearsal.report.sent_now == 3


def test_switched_off_or_not_a_rehearsal_goes_through(app: App) -> None:
    with app.database.sessions.begin() as session:
        control.switch_off(session, because="maintenance", now=app.clock())

    rehearsal = rehearse(app, SLUG)

    assert rehearsal.report.sent_now == 3
    assert "maintenance" in rehearsal.warnings[0]


def test_the_copy_of_the_readers_is_private_and_goes_away_whatever_happens(app: App, stage: Path) -> None:
    modes: set[int] = set()

    def broken_off() -> None:
        (folder,) = stage.iterdir()
        modes.add(stat.S_IMODE(folder.stat().st_mode))
        modes.update(stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rehearse(app, SLUG, progressed=broken_off)

    assert modes == {0o700, 0o600}
    assert list(stage.iterdir()) == []


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_however_often_it_is_told_to_end_no_copy_of_the_readers_stays_behind(
    stage: Path, tmp_path: Path, told: signal.Signals
) -> None:
    with far_side("file", tmp_path) as far:
        config = install(tmp_path, far, 20_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "--config", config, "rehearse", "--day", str(DAY)],
        env={**os.environ, "TMPDIR": str(stage)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and not list(stage.glob("*/rehearsal.db")):
        time.sleep(0.01)
    for _ in range(3):
        process.send_signal(told)
        time.sleep(0.05)
    _, err = process.communicate(timeout=120)

    assert process.returncode == 1, err
    assert "is being removed" in err
    assert list(stage.iterdir()) == []


def test_the_command_says_all_of_it_to_people_and_programs(run: Run, tmp_path: Path) -> None:  # noqa: F811
    run("init")
    run("subscribers", "add", "ada@qq.com", "--origin", "form")
    today = date.today()  # noqa: DTZ011 - only names a digest, which the option --day names too
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    write(tmp_path / "digests", f"{today}.md", GOOD.format(day=today), at=an_hour_ago)

    told = run("rehearse", "--day", str(today))
    document = json.loads(run("rehearse", "--day", str(today), "--json").out)

    assert told.code == 0, told.out
    for words in ("nothing leaves", "the books balance", "HTML", "forecast", "floor"):
        assert words in told.out
    assert document["audience"] == {"qq": {"zh-CN": 1}}
    assert document["sizes"]["copies"] == 1
    assert json.loads(run("status", "--json").out)["state"] is None
