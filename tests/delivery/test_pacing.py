"""How fast a lane may go: whatever is asked, by however many hosts, the limits hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.pacing import (
    PAUSES,
    Grant,
    LaneState,
    Limits,
    Why,
    grant,
    may_begin,
    throttled,
    went,
)

SEVEN = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
TODAY = SEVEN.date()
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def ask(limits: Limits, state: LaneState, wanted: int, now: datetime) -> Grant:
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return grant(limits, state, wanted=wanted, now=now, day=now.date(), next_day=tomorrow)


# Several hosts ask in any order. All they share is the row, which one of them holds at a time: so they
# ask one after the other, each with the state that the last one wrote down.
hosts_asking = st.lists(
    st.tuples(
        st.integers(0, 5_000_000),  # microseconds since the last one
        st.integers(1, 400),  # wanted
    ),
    min_size=1,
    max_size=80,
)


# --- the rate ------------------------------------------------------------------------------------


@given(asked=hosts_asking, per_minute=st.floats(0.5, 30_000))
def test_no_minute_holds_more_than_the_rate_and_one_burst(
    asked: list[tuple[int, int]], per_minute: float
) -> None:
    limits = Limits(per_minute=per_minute)
    state, now, given_at = LaneState(), SEVEN, []

    for gap, wanted in asked:
        now += timedelta(microseconds=gap)
        granted = ask(limits, state, wanted, now)
        state = granted.state
        given_at.append((now, granted.copies))

    for begin, _ in given_at:
        in_minute = sum(copies for at, copies in given_at if begin <= at < begin + MINUTE)
        assert in_minute <= per_minute + limits.burst


@given(asked=hosts_asking, per_minute=st.floats(0.5, 30_000))
def test_no_grant_is_more_than_was_wanted_or_than_a_seconds_worth(
    asked: list[tuple[int, int]], per_minute: float
) -> None:
    limits = Limits(per_minute=per_minute)
    state, now = LaneState(), SEVEN

    for gap, wanted in asked:
        now += timedelta(microseconds=gap)
        granted = ask(limits, state, wanted, now)
        state = granted.state
        assert 0 <= granted.copies <= min(wanted, max(1, per_minute / 60))


@given(per_minute=st.floats(1, 60_000), wanted=st.integers(1, 2000))
def test_who_asks_again_when_told_to_gets_at_least_one_copy(per_minute: float, wanted: int) -> None:
    limits = Limits(per_minute=per_minute)
    state, now = LaneState(), SEVEN

    for _ in range(30):
        granted = ask(limits, state, wanted, now)
        assert granted.copies > 0
        state = granted.state
        now = granted.next_at or state.free_at or now


@pytest.mark.parametrize("per_minute", [30, 60, 600, 6000, 100_000])
def test_whoever_always_wants_more_gets_the_whole_rate(per_minute: int) -> None:
    limits = Limits(per_minute=per_minute)
    state, now, taken = LaneState(), SEVEN, 0

    while now < SEVEN + 10 * MINUTE:
        granted = ask(limits, state, 10_000, now)
        state, taken = granted.state, taken + granted.copies
        assert granted.next_at is not None
        now = granted.next_at

    assert taken == pytest.approx(10 * per_minute, rel=0.01, abs=2)


@given(per_minute=st.floats(0.5, 1_000_000))
def test_a_lane_is_asked_for_at_most_about_ten_times_a_second(per_minute: float) -> None:
    limits = Limits(per_minute=per_minute)
    state, now, asked = LaneState(), SEVEN, 0

    while now < SEVEN + SECOND:
        granted = ask(limits, state, 10**6, now)
        state, now, asked = granted.state, granted.next_at or now, asked + 1

    assert asked <= 12


def test_who_comes_late_catches_up_with_one_burst_at_most() -> None:
    limits = Limits(per_minute=600)
    first = ask(limits, LaneState(), 1000, SEVEN)

    after_an_hour = ask(limits, first.state, 1000, SEVEN + timedelta(hours=1))

    assert (first.copies, after_an_hour.copies) == (10, 10)


def test_hosts_that_poll_a_little_late_lose_next_to_nothing() -> None:
    limits = Limits(per_minute=6000)
    state, now, taken = LaneState(), SEVEN, 0

    for _ in range(600):
        granted = ask(limits, state, 1000, now)
        state, taken, now = granted.state, taken + granted.copies, now + timedelta(milliseconds=100)

    assert taken >= 6000 * 0.99


def test_a_lane_without_a_rate_gives_all_that_is_wanted() -> None:
    granted = ask(Limits(), LaneState(), 1000, SEVEN)

    assert granted == Grant(copies=1000, state=LaneState(day=TODAY, taken_today=1000))


def test_a_state_from_a_clock_gone_wrong_does_not_close_the_lane() -> None:
    next_year = SEVEN + timedelta(days=365)
    wrong = LaneState(free_at=next_year, paused_until=next_year, throttles=1)

    assert ask(Limits(per_minute=600), wrong, 5, SEVEN).copies == 5


# --- the warm-up ---------------------------------------------------------------------------------


@given(asked=hosts_asking, steps=st.lists(st.integers(1, 3000), min_size=1, max_size=4))
def test_no_day_holds_more_than_its_warm_up_allows(asked: list[tuple[int, int]], steps: list[int]) -> None:
    limits = Limits(per_minute=6000, warm_up=tuple(steps), warm_up_from=TODAY)
    state, now = LaneState(), SEVEN
    taken: dict[date, int] = {}

    for gap, wanted in asked:
        now += timedelta(microseconds=gap) * 40_000  # over some days
        granted = ask(limits, state, wanted, now)
        state = granted.state
        taken[now.date()] = taken.get(now.date(), 0) + granted.copies

    for day, copies in taken.items():
        allowed = limits.allowed_today(day)
        assert allowed is None or copies <= allowed


@given(offs=st.lists(st.sampled_from([-5, -1, 0, 1, 5]), min_size=5, max_size=60))
def test_clocks_that_differ_at_midnight_do_not_count_a_day_anew(offs: list[int]) -> None:
    limits = Limits(warm_up=(100, 100), warm_up_from=TODAY)
    midnight = datetime.combine(TODAY + timedelta(days=1), time(), UTC)
    state, taken = LaneState(), 0

    for number, off in enumerate(offs):
        clock = midnight + timedelta(seconds=number / 10 - 3 + off)
        granted = ask(limits, state, 50, clock)
        state, taken = granted.state, taken + granted.copies

    assert taken <= 200


def test_a_used_up_day_goes_on_when_the_next_one_begins() -> None:
    limits = Limits(warm_up=(30, 60), warm_up_from=TODAY)

    granted = ask(limits, LaneState(), 100, SEVEN)
    again = ask(limits, granted.state, 100, SEVEN + timedelta(hours=1))

    midnight = datetime.combine(TODAY + timedelta(days=1), time(), UTC)
    assert (granted.copies, granted.next_at, granted.reason) == (30, midnight, Why.WARM_UP)
    assert (again.copies, again.next_at, again.reason) == (0, midnight, Why.WARM_UP)
    assert ask(limits, again.state, 100, midnight).copies == 60


def test_a_warm_up_ends_and_does_not_begin_early() -> None:
    limits = Limits(warm_up=(1000, 2000), warm_up_from=TODAY)

    shares = [limits.allowed_today(TODAY + timedelta(days=number)) for number in range(-1, 4)]

    assert shares == [None, 1000, 2000, None, None]


# --- throttles -----------------------------------------------------------------------------------


def test_every_throttle_after_a_pause_makes_the_next_pause_longer_up_to_an_hour() -> None:
    state, now, pauses = LaneState(), SEVEN, []

    for _ in range(5):
        state = throttled(state, now)
        assert state.paused_until is not None
        pauses.append(state.paused_until - now)
        now = state.paused_until

    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]


def test_throttles_within_one_pause_count_once() -> None:
    once = throttled(LaneState(), SEVEN)

    again = throttled(throttled(once, SEVEN + SECOND), SEVEN + 119 * SECOND)

    assert again == once


def test_a_paused_lane_gives_nothing_and_says_when_to_come_back() -> None:
    state = throttled(LaneState(), SEVEN)

    granted = ask(Limits(), state, 100, SEVEN + SECOND)

    assert granted == Grant(copies=0, state=state, next_at=SEVEN + PAUSES[0], reason=Why.PAUSED)
    assert ask(Limits(), state, 100, SEVEN + PAUSES[0]).copies == 100


def test_what_is_accepted_after_a_pause_ends_the_streak() -> None:
    state = throttled(throttled(LaneState(), SEVEN), SEVEN + PAUSES[0])
    after_pause = SEVEN + PAUSES[0] + PAUSES[1]

    assert state.throttles == 2
    assert went(state, after_pause).throttles == 0
    assert throttled(went(state, after_pause), after_pause).paused_until == after_pause + PAUSES[0]


def test_what_is_accepted_within_a_pause_was_under_way_and_ends_nothing() -> None:
    state = throttled(LaneState(), SEVEN)

    assert went(state, SEVEN + SECOND) == state


def test_asking_within_a_pause_takes_nothing_of_the_days_share() -> None:
    limits = Limits(warm_up=(50,), warm_up_from=TODAY)

    granted = ask(limits, throttled(LaneState(), SEVEN), 50, SEVEN + MINUTE)

    assert granted.state.taken_today == 0


# --- concurrency, and what is refused ---------------------------------------------------------------


@pytest.mark.parametrize(("at_work", "allowed"), [(0, True), (1, True), (2, False), (3, False)])
def test_no_more_batches_are_at_work_than_allowed(at_work: int, allowed: bool) -> None:
    assert may_begin(Limits(concurrency=2), at_work) is allowed
    assert may_begin(Limits(), at_work) is True


@pytest.mark.parametrize(
    "wrong",
    [{"per_minute": 0}, {"per_minute": float("nan")}, {"concurrency": 0}, {"warm_up": (100,)}],
)
def test_limits_that_mean_nothing_are_refused_with_the_settings_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"pacing\.<lane>\."):
        Limits(**wrong)  # pyright: ignore[reportArgumentType]
