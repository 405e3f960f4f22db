"""What keeps everything back is told: a closed fence, a missing setting, a clock that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.alarms import Alarm, Cause
from newsletter.clockwork import LOOK, TICK, Clockwork
from newsletter.config import TransportKind
from newsletter.editions.states import State
from newsletter.fence import FenceClosed
from newsletter.ntp import NoTime
from newsletter.schedule import Worker
from newsletter.timekeeping import ASK_EVERY, CALM_AFTER, LOOK_EVERY, Timekeeping
from tests.month.world import ADMIN
from tests.morning.support import DAY_LONG, Mornings, T, mornings
from tests.support import DAY, SLUG

MINUTE = timedelta(minutes=1)


class Steady:
    """A clock that nobody sets, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Mornings]:
    here = mornings(tmp_path / "digests")
    here.app.establish()
    yield here
    here.app.close()


@pytest.fixture
def either(database_url: str, tmp_path: Path) -> Iterator[Mornings]:
    here = mornings(tmp_path / "digests", database_url)
    yield here
    here.app.close()


def clockwork(here: Mornings) -> Clockwork:
    return Clockwork(app=here.app, mornings={SLUG: here.unattended}, steady=Steady())


def tick(here: Mornings, work: Clockwork, at: Any) -> None:
    """Let the clockwork look at a moment."""
    steady: Any = work.steady
    steady.seconds += max((at - here.clock.now).total_seconds(), LOOK.total_seconds())
    here.clock.now = at
    work.tick()


def alarms(here: Mornings, *causes: Cause) -> list[tuple[Cause, list[str], bool]]:
    with here.app.database.readers() as session:
        rows = session.scalars(select(Alarm).where(Alarm.newsletter == "").order_by(Alarm.id))
        return [(row.cause, row.moments, row.cleared_at is not None) for row in rows]


def close_the_fence(here: Mornings) -> Path:
    file = here.app.database.file
    assert file is not None
    mark = file.with_name(f"{file.name}.instance")
    return mark.rename(mark.with_suffix(".away"))


# ---- the fence ----


def test_a_closed_fence_is_told_once_and_again_before_a_morning_that_will_not_go_out(here: Mornings) -> None:
    close_the_fence(here)
    here.write()
    work = clockwork(here)

    for n in range(3):
        tick(here, work, T - 60 * MINUTE + n * LOOK)
    noticed = alarms(here)
    for at in (T - 30 * MINUTE, T - 20 * MINUTE, T, T + 10 * MINUTE):
        tick(here, work, at)
    this_morning = alarms(here)
    tick(here, work, T + DAY_LONG)

    assert noticed == [(Cause.FENCE, [], False)]
    assert this_morning == [(Cause.FENCE, [str(DAY)], False)]
    assert alarms(here) == [(Cause.FENCE, [str(DAY), str(DAY + DAY_LONG)], False)]
    assert here.state() is None


def test_nothing_but_the_word_of_the_closed_fence_leaves(here: Mornings) -> None:
    with here.app.database.sessions.begin() as session:
        here.app.alarms.sound(session, Cause.HELD, newsletter=SLUG, day=DAY, now=here.clock())
    close_the_fence(here)
    tick(here, clockwork(here), T)
    worker = Worker(here.app)

    worker.tell_of_alarms()
    with pytest.raises(FenceClosed):
        worker.send_notices()
    with pytest.raises(FenceClosed):
        worker.send_notices()

    (mail,) = here.sent.kept
    assert mail.copy.address == ADMIN
    assert "副本" in mail.mailing.subject
    assert ".instance" in mail.filled.text  # which mark is missing


def test_an_open_fence_is_the_all_clear_and_the_morning_goes_out(here: Mornings) -> None:
    mark = close_the_fence(here)
    here.write()
    work = clockwork(here)
    tick(here, work, T)

    mark.rename(mark.with_suffix(".instance"))
    tick(here, work, T + MINUTE)

    assert alarms(here) == [(Cause.FENCE, [str(DAY)], True)]
    assert here.state() is State.SENDING


def test_a_setting_that_keeps_everything_back_is_told(here: Mornings) -> None:
    settings = here.app.settings
    transport = settings.transport.model_copy(update={"kind": TransportKind.SMTP})
    here.app.settings = settings.model_copy(update={"public_url": "", "transport": transport})
    here.write()
    work = clockwork(here)

    tick(here, work, T - 40 * MINUTE)
    told = alarms(here)
    here.app.settings = settings
    tick(here, work, T)

    assert told == [(Cause.SETTINGS, [], False)]
    assert alarms(here) == [(Cause.SETTINGS, [], True)]
    assert here.state() is State.SENDING


def test_three_replicas_tell_of_one_fence_once(either: Mornings) -> None:
    either.app.establish()
    if either.app.database.is_sqlite:
        close_the_fence(either)
    else:
        either.app.__dict__.pop("fence", None)
        database = either.app.settings.database.model_copy(update={"instance": "another"})
        either.app.settings = either.app.settings.model_copy(update={"database": database})

    for _ in range(3):
        tick(either, clockwork(either), T - 20 * MINUTE)

    # The clock that is set by hand is not the database's, which is told as well.
    assert [cause for cause, _, _ in alarms(either) if cause is not Cause.CLOCK] == [Cause.FENCE]
    with pytest.raises(FenceClosed):
        either.app.notice_sender().send_due()
    assert len(either.sent.kept) == 1


# ---- the clock ----


def test_a_clock_that_was_set_is_told_and_taken_back_when_it_stays_as_it_is(here: Mornings) -> None:
    work = clockwork(here)
    steady: Any = work.steady
    tick(here, work, here.clock() + TICK)
    here.clock.forward(timedelta(minutes=9))
    steady.seconds += 2
    work.tick()
    told = alarms(here)

    tick(here, work, here.clock() + CALM_AFTER + LOOK_EVERY)

    assert told == [(Cause.CLOCK, [], False)]
    assert alarms(here) == [(Cause.CLOCK, [], True)]


def test_a_machine_that_slept_did_not_set_its_clock(here: Mornings) -> None:
    work = clockwork(here)
    tick(here, work, here.clock() + TICK)

    tick(here, work, here.clock() + timedelta(hours=8))  # both clocks went on

    assert Cause.CLOCK not in [cause for cause, _, _ in alarms(here)]


def keeper(here: Mornings, offs: list[timedelta | NoTime], *, host: str = "a") -> Timekeeping:
    def ask() -> timedelta:
        off = offs.pop(0)
        if isinstance(off, NoTime):
            raise off
        return off

    return Timekeeping(app=here.app, steady=Steady(), host=host, ask_server=ask)


def ask(here: Mornings, keeping: Timekeeping) -> None:
    steady: Any = keeping.steady
    steady.seconds += ASK_EVERY.total_seconds()
    here.clock.forward(ASK_EVERY)
    keeping.look()


def test_a_clock_off_by_a_time_server_is_told_once_and_taken_back(here: Mornings) -> None:
    off, right = timedelta(seconds=-7), timedelta(seconds=1)
    keeping = keeper(here, [right, off, NoTime("silent"), off, right])

    seen = []
    for _ in range(5):
        ask(here, keeping)
        seen.append([over for _, _, over in alarms(here)])

    assert seen == [[], [False], [False], [False], [True]]
    with here.app.database.readers() as session:
        (alarm,) = session.scalars(select(Alarm)).all()
    assert (alarm.about, alarm.facts["off"]) == ("a ntp", "-7 s (a ntp)")


def test_each_host_speaks_for_its_own_clock(here: Mornings) -> None:
    wrong, right = keeper(here, [timedelta(seconds=60)]), keeper(here, [timedelta(0)], host="b")

    ask(here, wrong)
    ask(here, right)

    assert alarms(here) == [(Cause.CLOCK, [], False)]


def test_what_a_host_said_that_is_gone_ends_after_a_day(here: Mornings) -> None:
    ask(here, keeper(here, [timedelta(seconds=60)]))
    here.clock.forward(timedelta(hours=25))

    ask(here, keeper(here, [timedelta(0)], host="b"))

    assert alarms(here) == [(Cause.CLOCK, [], True)]


def test_on_postgresql_the_databases_clock_is_asked(either: Mornings) -> None:
    # The clock that is set by hand is months away from the database's.
    Timekeeping(app=either.app, steady=Steady(), host="a").look()

    told = [] if either.app.database.is_sqlite else [(Cause.CLOCK, [], False)]
    assert alarms(either) == told
