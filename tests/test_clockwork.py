"""The clockwork: every moment that has come, whatever fails beside it and whoever sets the clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from newsletter.app import App
from newsletter.clockwork import LOOK, TICK, Clockwork
from newsletter.config import Settings, TransportKind
from newsletter.morning.unattended import Unattended
from newsletter.slots import Ticker
from tests.support import KEYS, HandClock, open_database


class Story:
    """A newsletter's moments, counted instead of done."""

    def __init__(self, *, fails: bool = False) -> None:
        self.calls: dict[str, int] = {"begin": 0, "begin_weekly": 0, "prepare": 0, "watch": 0}
        self.fails = fails

    def _count(self, name: str) -> None:
        self.calls[name] += 1
        if self.fails:
            raise RuntimeError("the disk is gone")

    def begin(self) -> None:
        self._count("begin")

    def begin_weekly(self) -> None:
        self._count("begin_weekly")

    def prepare(self) -> None:
        self._count("prepare")

    def watch(self) -> None:
        self._count("watch")


class Steady:
    """A clock that nobody sets, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    app = App(
        Settings.model_validate(
            {
                "public_url": "https://news.example.com",
                "database": {"url": url},
                "newsletters": {"one": {"name": "一"}, "two": {"name": "二"}},
            }
        ),
        clock=HandClock(),
    )
    app.__dict__["keys"] = KEYS
    app.__dict__["database"] = open_database(url)
    yield app
    app.close()


def clockwork(app: App, steady: Steady, **stories: Story) -> Clockwork:
    return Clockwork(app=app, mornings=cast("dict[str, Unattended]", stories), steady=steady)


def pass_time(app: App, steady: Steady, seconds: float, *, wall: float | None = None) -> None:
    steady.seconds += seconds
    clock: Any = app.clock
    clock.forward(timedelta(seconds=seconds if wall is None else wall))


def test_beginning_is_asked_at_every_tick_and_the_rest_less_often(app: App) -> None:
    steady, story = Steady(), Story()
    work = clockwork(app, steady, one=story)

    for _ in range(6):
        work.tick()
        pass_time(app, steady, TICK.total_seconds())

    assert story.calls == {"begin": 6, "begin_weekly": 2, "prepare": 2, "watch": 2}


def test_a_source_elsewhere_is_asked_once_a_minute(app: App) -> None:
    there = app.settings.newsletters["one"]
    source = there.source.model_copy(update={"url": "https://news.example.com/{date}.md"})
    app.settings = app.settings.model_copy(
        update={"newsletters": {"one": there.model_copy(update={"source": source})}}
    )
    steady, story = Steady(), Story()
    work = clockwork(app, steady, one=story)

    for _ in range(31):
        work.tick()
        pass_time(app, steady, 2)

    assert story.calls["prepare"] == 2


def test_one_newsletters_trouble_is_not_anothers(app: App, caplog: pytest.LogCaptureFixture) -> None:
    steady, broken, sound = Steady(), Story(fails=True), Story()
    work = clockwork(app, steady, one=broken, two=sound)

    work.tick()
    pass_time(app, steady, LOOK.total_seconds())
    work.tick()

    assert sound.calls == {"begin": 2, "begin_weekly": 2, "prepare": 2, "watch": 2}
    assert broken.calls == {"begin": 2, "begin_weekly": 2, "prepare": 2, "watch": 2}
    assert "begin failed: the disk is gone" in caplog.text


def test_an_installation_that_may_not_send_begins_nothing(app: App) -> None:
    app.settings = app.settings.model_copy(
        update={
            "public_url": "",
            "transport": app.settings.transport.model_copy(update={"kind": TransportKind.SMTP}),
        }
    )
    story = Story()

    clockwork(app, Steady(), one=story).tick()

    assert story.calls == {"begin": 0, "begin_weekly": 0, "prepare": 0, "watch": 0}


def test_what_ails_the_mornings_keeps_nobody_from_being_told(
    app: App, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> str:
        raise RuntimeError("the mark is on a disk that is gone")

    looked: list[object] = []
    monkeypatch.setattr(app, "refusal", fails)
    work = clockwork(app, Steady(), one=Story())
    monkeypatch.setattr(work.fitness, "look", lambda *, now: looked.append(now))

    work.tick()

    assert "tick failed" in caplog.text
    assert looked == [app.clock()]


@pytest.mark.parametrize("step", [-540, 540])
def test_a_clock_that_was_set_is_noticed_and_looked_at_anew(
    app: App, step: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    steady, story = Steady(), Story()
    work = clockwork(app, steady, one=story)
    work.tick()

    pass_time(app, steady, 2, wall=2 + step)
    work.tick()

    assert f"the clock was set by {step:+d} s" in caplog.text
    assert story.calls == {"begin": 2, "begin_weekly": 2, "prepare": 2, "watch": 2}


def test_silence_is_noticed_on_the_clock_that_nobody_sets(app: App) -> None:
    steady = Steady()
    work = clockwork(app, steady, one=Story())
    assert not work.is_silent()  # it has not begun

    work.tick()
    pass_time(app, steady, 5, wall=-600)
    assert not work.is_silent()
    pass_time(app, steady, 2)

    assert work.is_silent()


def test_a_ticker_that_waits_for_a_clock_set_back_ticks_when_nudged() -> None:
    ticked = threading.Semaphore(0)
    ticker = Ticker(ticked.release, every=timedelta(hours=1))
    ticker.start()
    try:
        assert ticked.acquire(timeout=10)  # at once
        ticker.nudge()

        assert ticked.acquire(timeout=10)
    finally:
        ticker.stop()
