"""What a watcher tells, as a table: the state of a day at a moment, and the alarms due and over."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from newsletter.alarms import Cause
from newsletter.config import ScheduleSettings
from newsletter.delivery.books import Books
from newsletter.delivery.states import State as Copy
from newsletter.editions.states import State
from newsletter.morning.watching import View, alerts, is_good, over
from newsletter.timetable import Timetable

MOMENTS = Timetable(ScheduleSettings()).moments(date(2026, 11, 26))
T = MOMENTS.send_at
HOUR_ON = T + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
HOLD = {"check": "leftover-mark", "severity": "hold"}
UNAPPROVED = {"check": "needs-approval", "severity": "hold"}
AWAY = {"check": "unreachable", "severity": "hold"}
WARN = {"check": "nearly-too-big", "severity": "warn"}


def books(**counts: int) -> Books:
    by_state = {state: counts.get(state.value, 0) for state in Copy}
    owed = sum(by_state.values())
    return Books(considered=owed, excluded={}, owed=owed, by_state=by_state)


def view(now: datetime, state: State | None = None, **known: Any) -> View:
    return View(now=now, moments=MOMENTS, **{"goes": True, "state": state, **known})


def sending(*, is_limited: bool = False, **counts: int) -> View:
    """Return an edition that has been on its way for an hour."""
    return view(HOUR_ON, State.SENDING, frozen_at=T, books=books(**counts), is_limited=is_limited)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (view(T - 31 * MINUTE), []),  # a digest may still come
        (view(T - 30 * MINUTE), [(Cause.MISSING, "T-30")]),
        (view(T, State.MISSING, examined_at=T), [(Cause.MISSING, "T")]),
        (view(T, State.MISSING, examined_at=T - MINUTE), [(Cause.MISSING, "T-30")]),  # it is being looked for
        (view(T + MINUTE, State.MISSING, examined_at=T - MINUTE), [(Cause.MISSING, "T")]),
        (view(T - 40 * MINUTE, State.MISSING, findings=[AWAY]), []),  # it may answer in time
        (view(T - 30 * MINUTE, State.MISSING, findings=[AWAY]), [(Cause.SOURCE, "T-30")]),
        (view(T + 40 * MINUTE, State.MISSING, findings=[AWAY]), [(Cause.SOURCE, "T")]),
        (view(T - 20 * MINUTE, State.READY, findings=[HOLD]), []),  # approved with a reason
        (view(T - 600 * MINUTE, State.HELD, findings=[HOLD]), [(Cause.HELD, "")]),  # on arrival
        (view(T - 600 * MINUTE, State.MISSING, findings=[HOLD]), [(Cause.HELD, "")]),  # unreadable
        (view(T - 20 * MINUTE, State.HELD, findings=[HOLD, WARN]), [(Cause.HELD, "T-30")]),
        (view(T - 600 * MINUTE, State.HELD, findings=[UNAPPROVED]), [(Cause.UNAPPROVED, "")]),
        (view(T, State.HELD, findings=[UNAPPROVED, HOLD], examined_at=T), [(Cause.HELD, "T")]),
        (view(T - 600 * MINUTE, State.READY, findings=[WARN]), []),
        (view(T + MINUTE, State.READY), []),
        # It should be on its way, and something keeps it: nobody waits for `latest` to be told.
        (view(T + 10 * MINUTE, State.READY), [(Cause.SILENT, "")]),
        (view(T + 65 * MINUTE, State.READY, examined_at=T + 60 * MINUTE), []),  # approved just now
        (view(T + 211 * MINUTE, State.READY), [(Cause.LATE, "")]),
        (view(T + 211 * MINUTE, State.MISSING), [(Cause.LATE, "")]),
        (view(T, goes=False), []),
        (view(T + 300 * MINUTE, State.SKIPPED, goes=False), []),
        (view(T + 300 * MINUTE, State.SKIPPED), []),  # a person's decision
        (view(T + 300 * MINUTE, State.SKIPPED, examined_at=T + 290 * MINUTE), [(Cause.LATE, "")]),
        (view(T + 9 * MINUTE, State.SENDING, frozen_at=T, books=books(waiting=10)), []),
        (view(T + 10 * MINUTE, State.SENDING, frozen_at=T, books=books(waiting=10)), [(Cause.SILENT, "")]),
        (sending(waiting=3, accepted=7), [(Cause.SLOW, "")]),
        (sending(waiting=2, accepted=8), []),
        (
            sending(waiting=3, accepted=7, is_limited=True),
            [],
        ),
        (view(T + 35 * MINUTE, State.FINISHED, finished_at=T + 6 * MINUTE, books=books(in_doubt=1)), []),
        (
            view(T + 36 * MINUTE, State.FINISHED, finished_at=T + 6 * MINUTE, books=books(in_doubt=1)),
            [(Cause.DOUBT, "")],
        ),
    ],
)
def test_what_people_are_told(seen: View, told: list[tuple[Cause, str]]) -> None:
    assert [(alert.cause, alert.again) for alert in alerts(seen)] == told


def test_books_that_do_not_balance_are_an_alarm_at_any_time() -> None:
    wrong = Books(considered=5, excluded={}, owed=5, by_state={**books().by_state, Copy.ACCEPTED: 4})

    told = [alert.cause for alert in alerts(view(T + MINUTE, State.SENDING, frozen_at=T, books=wrong))]

    assert told == [Cause.BOOKS]


def test_a_good_digest_takes_back_what_was_said_of_the_bad_one() -> None:
    ended = over(view(T - 20 * MINUTE, State.READY))

    assert {Cause.MISSING, Cause.HELD, Cause.UNAPPROVED} <= ended


def test_what_is_too_late_stays_so_until_somebody_sends() -> None:
    assert Cause.LATE not in over(view(T + 300 * MINUTE, State.READY))
    assert Cause.LATE in over(view(T + 300 * MINUTE, State.SENDING, books=books(waiting=1)))


@pytest.mark.parametrize(
    ("seen", "good"),
    [
        (view(T + MINUTE, State.FINISHED, books=books(accepted=10)), True),
        (view(T + MINUTE, State.FINISHED, books=books(accepted=8, refused=2)), True),
        (view(T + MINUTE, State.FINISHED, books=books(accepted=7, refused=3)), False),
        (view(T + MINUTE, State.FINISHED, books=books(accepted=9, in_doubt=1)), False),
        (view(T + MINUTE, State.FINISHED, books=books()), False),  # nobody had it
        (view(T + MINUTE, State.SENDING, books=books(accepted=9, waiting=1)), False),
        (view(T + MINUTE, State.SKIPPED, goes=False), True),  # no edition on this day, as planned
        (view(T + MINUTE, State.SKIPPED), False),
        (view(T + MINUTE, State.MISSING), False),
    ],
)
def test_a_good_morning(seen: View, good: bool) -> None:
    assert is_good(seen) is good
