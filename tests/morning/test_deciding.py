"""What a person decides about an edition to come holds, whatever is going on at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.alarms import Cause
from newsletter.digests.sources import Found
from newsletter.editions.approval import ReasonNeeded
from newsletter.editions.decision import Decision, What
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from newsletter.morning import deciding
from newsletter.morning.beginning import Beginning
from newsletter.morning.deciding import GRACE, ChangedMeanwhile, NothingToDecide, ReasonMissing, TooLate
from tests.morning.support import BAD, DAY_LONG, Mornings, T, mornings
from tests.support import DAY, SLUG

LATEST = T + timedelta(hours=3, minutes=30)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Mornings]:
    here = mornings(tmp_path / "digests")
    yield here
    here.app.close()


@pytest.fixture
def either(database_url: str, tmp_path: Path) -> Iterator[Mornings]:
    """Return the same on each kind of database, for what the rows decide."""
    here = mornings(tmp_path / "digests", database_url)
    yield here
    here.app.close()


def decide(here: Mornings, story: Callable[..., Edition], **given: Any) -> Edition:
    """Let a person decide on the day."""
    if story in (deciding.reschedule, deciding.send_now, deciding.undo):
        given["timetable"] = here.unattended.morning.timetable
    with here.app.database.sessions.begin() as session:
        return story(session, SLUG, DAY, who="li", now=here.clock(), **given)


def decided(here: Mornings) -> list[tuple[What, str | None]]:
    with here.app.database.readers() as session:
        return [(one.what, one.because) for one in session.scalars(select(Decision).order_by(Decision.id))]


def tick(here: Mornings, at: Any) -> State | None:
    """Let the clockwork look at a moment, as it does every few seconds."""
    here.clock.now = at
    unattended = here.unattended
    unattended.begin()
    unattended.prepare()
    unattended.watch()
    return here.state()


# ---- which day ----


def test_this_mornings_missing_day_is_in_hand_until_it_is_too_late_and_then_the_coming_one(
    here: Mornings,
) -> None:
    tick(here, T)
    assert here.state() is State.MISSING

    def in_hand() -> date:
        with here.app.database.readers() as session:
            return deciding.in_hand(session, SLUG, here.unattended.morning.timetable, now=here.clock())

    here.clock.now = LATEST
    until_then = in_hand()
    here.clock.now = T + timedelta(hours=13)

    assert (until_then, in_hand()) == (DAY, DAY + DAY_LONG)


# ---- approving and holding ----


def test_an_approval_lets_it_go_out_at_its_hour_and_is_kept(here: Mornings) -> None:
    here.restart(source__unattended=False)
    here.write()
    waits = tick(here, T - timedelta(minutes=40))

    approved = decide(here, deciding.approve)

    assert (waits, approved.state) == (State.HELD, State.READY)
    assert tick(here, T) is State.SENDING
    assert decided(here) == [(What.APPROVED, None)]


def test_what_the_gate_holds_needs_a_reason_and_is_then_not_alarmed_of_again(here: Mornings) -> None:
    here.write(text=BAD)
    tick(here, T - timedelta(minutes=40))

    with pytest.raises(ReasonNeeded, match="say why"):
        decide(here, deciding.approve)
    decide(here, deciding.approve, because="双括号是原文")
    tick(here, T - timedelta(minutes=30))
    tick(here, T)

    assert here.state() is State.SENDING
    assert [(one.cause, one.moments, one.cleared_at is None) for one in here.alarms()] == [
        (Cause.HELD, [], False)
    ]


def test_a_digest_that_was_changed_meanwhile_is_not_approved(here: Mornings) -> None:
    here.write(text=BAD)
    tick(here, T - timedelta(minutes=40))

    with pytest.raises(ChangedMeanwhile):
        decide(here, deciding.approve, because="looked at", digest_hash="0" * 64)

    assert here.state() is State.HELD


def test_somebody_holds_a_good_edition_until_it_is_approved(here: Mornings) -> None:
    here.write()
    tick(here, T - timedelta(minutes=40))

    with pytest.raises(ReasonMissing):
        decide(here, deciding.hold, because=" ")
    decide(here, deciding.hold, because="等编辑部电话")
    at_its_hour = tick(here, T)
    by_hand = here.app.morning(SLUG).run(DAY).state
    decide(here, deciding.approve)

    assert (at_its_hour, by_hand) == (State.HELD, State.HELD)
    assert tick(here, T + timedelta(minutes=2)) is State.SENDING
    assert [one.cause for one in here.alarms()] == [Cause.UNAPPROVED]
    assert decided(here) == [(What.HELD, "等编辑部电话"), (What.APPROVED, None)]


def test_a_day_can_be_held_before_there_is_a_digest(here: Mornings) -> None:
    decide(here, deciding.hold, because="先看一眼")
    here.write()

    assert tick(here, T - timedelta(minutes=40)) is State.HELD


def test_what_has_begun_is_no_longer_decided_here(here: Mornings) -> None:
    here.write()
    assert tick(here, T) is State.SENDING

    for story, given in (
        (deciding.approve, {}),
        (deciding.hold, {"because": "x"}),
        (deciding.skip, {"because": "x"}),
        (deciding.undo, {}),
        (deciding.send_now, {}),
    ):
        with pytest.raises(TooLate, match="pause"):
            decide(here, story, **given)


@pytest.mark.parametrize("story", [deciding.skip, deciding.hold])
def test_what_a_person_says_while_the_links_are_looked_at_holds(
    either: Mornings, story: Callable[..., Edition], monkeypatch: pytest.MonkeyPatch
) -> None:
    either.write()
    tick(either, T - timedelta(minutes=40))
    gather = Beginning._mailings
    said: list[bool] = []

    def slow(self: Beginning, *given: Any) -> Any:
        if not said:
            said.append(True)
            decide(either, story, because="停")
        return gather(self, *given)

    monkeypatch.setattr(Beginning, "_mailings", slow)

    assert tick(either, T) in (State.SKIPPED, State.HELD)
    assert said


def test_a_skip_is_not_lost_to_a_look_that_holds_the_digest(
    either: Mornings, monkeypatch: pytest.MonkeyPatch
) -> None:
    either.write(text=BAD)
    find = Beginning.find
    said: list[bool] = []

    def slow(self: Beginning, day: date) -> Found:
        found = find(self, day)
        if day == DAY and not said:
            said.append(True)
            decide(either, deciding.skip, because="停")
        return found

    monkeypatch.setattr(Beginning, "find", slow)

    assert tick(either, T - timedelta(minutes=40)) is State.SKIPPED


# ---- another moment ----


@pytest.mark.parametrize("by", [timedelta(minutes=-20), timedelta(hours=5)])
def test_a_day_goes_out_at_the_moment_it_was_moved_to_and_nobody_is_alarmed(
    here: Mornings, by: timedelta
) -> None:
    here.write()
    tick(here, T - timedelta(minutes=40))

    decide(here, deciding.reschedule, at=T + by)
    before = [tick(here, at) for at in sorted({T, T + by - timedelta(seconds=2)}) if at < T + by]

    assert set(before) == {State.READY}
    assert tick(here, T + by) is State.SENDING
    assert here.alarms() == []
    assert here.unattended.morning.timetable.next(here.clock()).day == DAY + DAY_LONG


def test_a_day_is_moved_within_itself_only(here: Mornings) -> None:
    here.restart(schedule__skip=[DAY])
    with pytest.raises(NothingToDecide, match="listed in"):
        decide(here, deciding.reschedule, at=T + timedelta(hours=1))
    here.restart(schedule__skip=[])

    for at in (T - timedelta(hours=3), T + timedelta(hours=20), T + timedelta(hours=15)):
        with pytest.raises(NothingToDecide, match=r"past|before 22:00"):
            decide(here, deciding.reschedule, at=at)


def test_sent_now_begins_when_the_grace_is_over(here: Mornings) -> None:
    here.write()
    at = T - timedelta(minutes=50)
    tick(here, at)

    decide(here, deciding.send_now)

    assert tick(here, at + GRACE - timedelta(seconds=1)) is State.READY
    assert tick(here, at + GRACE) is State.SENDING


def test_only_what_is_ready_is_sent_now(here: Mornings) -> None:
    with pytest.raises(NothingToDecide, match="only what is ready"):
        decide(here, deciding.send_now)
    here.write(text=BAD)
    tick(here, T - timedelta(minutes=40))

    with pytest.raises(NothingToDecide, match="it is held"):
        decide(here, deciding.send_now)


def test_sent_now_and_undone_goes_out_at_its_hour(here: Mornings) -> None:
    here.write()
    at = T - timedelta(minutes=50)
    tick(here, at)
    decide(here, deciding.send_now)
    here.clock.now = at + GRACE / 2

    decide(here, deciding.undo)

    assert tick(here, at + 2 * GRACE) is State.READY
    assert tick(here, T) is State.SENDING
    assert [what for what, _ in decided(here)] == [What.SENT_NOW, What.UNDONE]


def test_what_missed_its_hours_is_sent_now(here: Mornings) -> None:
    here.write()
    tick(here, T - timedelta(minutes=40))
    late = T + timedelta(hours=15)  # after what is left would have expired, too
    assert tick(here, late) is State.READY

    decide(here, deciding.send_now)

    assert tick(here, late + GRACE) is State.SENDING


def test_undoing_goes_back_to_the_moment_it_was_moved_to(here: Mornings) -> None:
    here.write()
    tick(here, T - timedelta(minutes=40))
    decide(here, deciding.reschedule, at=T + timedelta(hours=5))
    here.clock.now = T + timedelta(hours=3)
    decide(here, deciding.send_now)
    decide(here, deciding.undo)

    assert tick(here, T + timedelta(hours=4)) is State.READY
    assert tick(here, T + timedelta(hours=5)) is State.SENDING


def test_undoing_a_skip_goes_back_to_the_moment_it_was_moved_to(here: Mornings) -> None:
    here.write()
    tick(here, T - timedelta(minutes=40))
    decide(here, deciding.reschedule, at=T + timedelta(hours=2))
    decide(here, deciding.skip, because="放假")
    here.clock.now = T + timedelta(hours=1)
    decide(here, deciding.undo)

    assert tick(here, T + timedelta(hours=1, minutes=5)) is State.READY
    assert tick(here, T + timedelta(hours=2)) is State.SENDING


def test_undoing_goes_back_one_decision_however_many_there_were(here: Mornings) -> None:
    here.write()
    tick(here, T - timedelta(minutes=40))
    first, second = T + timedelta(hours=2), T + timedelta(hours=3)
    decide(here, deciding.reschedule, at=first)
    decide(here, deciding.reschedule, at=second)

    undone = [decide(here, deciding.undo).begin_at]
    for _ in range(2):
        decide(here, deciding.send_now)
        undone.append(decide(here, deciding.undo).begin_at)

    assert undone == [first] * 3


def test_what_the_gate_finds_after_an_approval_is_not_approved(here: Mornings) -> None:
    here.restart(source__unattended=False)
    here.write()
    tick(here, T - timedelta(minutes=40))
    decide(here, deciding.approve, because="看过了")  # a remark: the gate held nothing
    assert tick(here, T - timedelta(minutes=35)) is State.READY

    here.restart(gate__longest_subject=10)

    assert tick(here, T) is State.HELD


def test_what_was_approved_against_the_gate_stays_approved(here: Mornings) -> None:
    here.restart(gate__longest_subject=10)
    here.write()
    assert tick(here, T - timedelta(minutes=40)) is State.HELD
    decide(here, deciding.approve, because="就要这么长")

    assert tick(here, T) is State.SENDING


def test_what_is_undone_after_its_hour_does_not_begin_by_surprise(here: Mornings) -> None:
    here.write()
    tick(here, T - timedelta(minutes=40))
    decide(here, deciding.reschedule, at=T + timedelta(hours=5))
    here.clock.now = T + timedelta(hours=1)

    undone = decide(here, deciding.undo)

    assert (undone.state, undone.begin_at) == (State.HELD, None)
    assert tick(here, T + timedelta(hours=1, minutes=5)) is State.HELD


def test_a_skip_is_undone_and_the_day_goes_out(here: Mornings) -> None:
    here.write()
    tick(here, T - timedelta(minutes=40))
    decide(here, deciding.skip, because="放假")
    skipped = tick(here, T - timedelta(minutes=30))

    decide(here, deciding.undo)
    looked_at = tick(here, T - timedelta(minutes=29))

    assert (skipped, looked_at) == (State.SKIPPED, State.READY)
    assert tick(here, T) is State.SENDING


def test_a_skip_that_is_undone_after_the_hour_leaves_time_to_think_again(here: Mornings) -> None:
    here.write()
    decide(here, deciding.skip, because="放假")
    tick(here, T)
    at = T + timedelta(minutes=10)
    here.clock.now = at

    decide(here, deciding.undo)

    assert tick(here, at + GRACE / 2) in (State.MISSING, State.READY)
    assert tick(here, at + GRACE) is State.SENDING


def test_there_is_nothing_to_undo_twice(here: Mornings) -> None:
    here.write()
    decide(here, deciding.skip, because="放假")
    decide(here, deciding.undo)

    with pytest.raises(NothingToDecide, match="nothing was decided"):
        decide(here, deciding.undo)
