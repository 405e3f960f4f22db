"""What to expect of an edition: when it ends, what will not go in time, and the best that limits allow."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.forecast import Forecast, LaneWork, forecast, in_words
from newsletter.delivery.pacing import LaneState, Limits, grant
from newsletter.lanes import Lane
from newsletter.language import catalog

ZONE = ZoneInfo("Asia/Shanghai")
SEVEN = datetime(2026, 11, 23, 7, 30, tzinfo=ZONE).astimezone(UTC)
UNTIL = datetime(2026, 11, 23, 22, 0, tzinfo=ZONE).astimezone(UTC)
TODAY = date(2026, 11, 23)


def foretell(per_second: float | None = 1000, **lanes: LaneWork) -> Forecast:
    work = {Lane(name): each for name, each in lanes.items()}
    return forecast(work, per_second=per_second, now=SEVEN, until=UNTIL, zone=ZONE)


def at(hours: int, minutes: int, seconds: int = 0) -> datetime:
    return datetime(2026, 11, 23, hours, minutes, seconds, tzinfo=ZONE).astimezone(UTC)


def warm_up(*steps: int) -> Limits:
    return Limits(warm_up=steps, warm_up_from=TODAY)


# --- when it ends ----------------------------------------------------------------------------------


def test_without_limits_the_machines_speed_decides() -> None:
    told = foretell(1000, other=LaneWork(waiting=600_000))

    assert told.overall.finishes_at == at(7, 40)
    assert told.overall_floor.finishes_at == SEVEN


def test_a_lane_with_a_rate_ends_when_its_rate_allows() -> None:
    told = foretell(
        1000, other=LaneWork(waiting=57_000), qq=LaneWork(waiting=6000, limits=Limits(per_minute=600))
    )

    assert told.expected[Lane.QQ].finishes_at == at(7, 40)
    assert told.overall_floor.finishes_at == at(7, 40)


def test_what_a_slow_lane_leaves_over_the_others_get() -> None:
    told = foretell(
        100, other=LaneWork(waiting=5400), qq=LaneWork(waiting=6000, limits=Limits(per_minute=600))
    )

    assert told.expected[Lane.OTHER].finishes_at == at(7, 31)  # 90 a second, not 50


def test_lanes_share_the_machine_as_they_did_lately() -> None:
    told = foretell(
        100,
        other=LaneWork(waiting=4500, per_second=75),
        qq=LaneWork(waiting=4500, per_second=25),
    )

    assert told.expected[Lane.OTHER].finishes_at == at(7, 31)
    assert told.expected[Lane.QQ].finishes_at == at(7, 31, 30)  # with the whole machine since 7:31


def test_a_paused_lane_begins_after_its_pause() -> None:
    paused = LaneState(paused_until=at(8, 0), throttles=2)

    told = foretell(10, qq=LaneWork(waiting=600, state=paused))

    assert told.overall.finishes_at == at(8, 1)
    assert told.overall_floor.finishes_at == at(8, 0)


def test_before_anything_was_seen_the_floor_is_all_there_is_to_say() -> None:
    told = foretell(None, qq=LaneWork(waiting=6000, limits=Limits(per_minute=600)))

    assert not told.has_speed
    assert told.expected == told.floor
    assert told.overall.finishes_at == at(7, 40)


# --- what does not go ------------------------------------------------------------------------------


def test_what_a_warm_up_does_not_allow_today_expires() -> None:
    told = foretell(1000, qq=LaneWork(waiting=40_000, limits=warm_up(1000, 2000)))

    assert told.expected[Lane.QQ].expires == 39_000
    assert told.overall.finishes_at is None
    assert told.overall_floor.expires == 39_000


def test_what_has_gone_today_counts_for_the_warm_up() -> None:
    gone = LaneState(day=TODAY, taken_today=900)

    told = foretell(1000, qq=LaneWork(waiting=500, limits=warm_up(1000), state=gone))

    assert told.overall.expires == 400


def test_a_window_over_midnight_has_the_next_days_share_too() -> None:
    work = {Lane.QQ: LaneWork(waiting=3500, limits=warm_up(1000, 2000))}

    told = forecast(work, per_second=1000, now=SEVEN, until=UNTIL + timedelta(hours=6), zone=ZONE)

    assert told.overall.expires == 500


def test_after_the_end_everything_that_waits_expires() -> None:
    told = forecast({Lane.QQ: LaneWork(waiting=7)}, per_second=10, now=UNTIL, until=UNTIL, zone=ZONE)

    assert (told.overall.finishes_at, told.overall.expires) == (None, 7)


def test_a_machine_too_slow_leaves_the_rest() -> None:
    told = foretell(1, other=LaneWork(waiting=100_000))

    assert told.overall.expires == 100_000 - 14 * 3600 - 1800


works = st.builds(
    LaneWork,
    waiting=st.integers(0, 10**7),
    limits=st.builds(
        Limits,
        per_minute=st.none() | st.floats(0.01, 10**6),
        warm_up=st.lists(st.integers(1, 10**5), max_size=3).map(tuple),
        warm_up_from=st.just(TODAY),
    ),
    state=st.builds(
        LaneState,
        paused_until=st.none() | st.integers(-60, 3600).map(lambda s: SEVEN + timedelta(seconds=s)),
        throttles=st.integers(0, 4),
        day=st.just(TODAY),
        taken_today=st.integers(0, 10**5),
    ),
    per_second=st.none() | st.floats(0, 10**5),
)


@given(
    work=st.dictionaries(st.sampled_from(Lane), works),
    per_second=st.none() | st.floats(0, 10**6),
    hours=st.floats(-1, 60),
)
def test_nothing_ends_before_the_floor_and_every_copy_is_told_of(
    work: dict[Lane, LaneWork], per_second: float | None, hours: float
) -> None:
    until = SEVEN + timedelta(hours=hours)

    told = forecast(work, per_second=per_second, now=SEVEN, until=until, zone=ZONE)

    for lane, course in told.expected.items():
        floor = told.floor[lane]
        assert floor.expires <= course.expires <= told.waiting[lane]
        assert (course.finishes_at is None) == (course.expires > 0)
        if course.finishes_at is not None:
            assert floor.finishes_at is not None
            assert floor.finishes_at <= course.finishes_at <= max(until, SEVEN)
    json.dumps(told.as_json())
    for tag in ("en", "zh-CN"):
        assert in_words(told, catalog(tag).say, ZONE)


def test_the_floor_is_what_asking_for_leave_again_and_again_comes_to() -> None:
    limits, copies = Limits(per_minute=6000), 30_000
    state, now, taken = LaneState(), SEVEN, 0
    while taken < copies:
        granted = grant(limits, state, wanted=copies - taken, now=now, day=TODAY, next_day=UNTIL)
        state, taken, now = granted.state, taken + granted.copies, granted.next_at or now

    floor = foretell(None, qq=LaneWork(waiting=copies, limits=limits)).overall_floor.finishes_at

    assert floor is not None
    assert abs(floor - now) <= timedelta(seconds=2)


# --- in words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "words"),
    [("en", "finishes 07:40, QQ 09:10"), ("zh-CN", "预计 07:40 完成，QQ 09:10")],
)
def test_a_lane_that_ends_well_after_the_rest_is_named(tag: str, words: str) -> None:
    told = foretell(
        1000,
        other=LaneWork(waiting=594_000),
        qq=LaneWork(waiting=60_000, limits=Limits(per_minute=600)),
    )
    assert told.expected[Lane.QQ].finishes_at == at(9, 10)

    assert in_words(told, catalog(tag).say, ZONE) == words


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("en", "finishes 07:31; 39,000 copies will expire at 22:00 (QQ 39,000)"),
        ("zh-CN", "预计 07:31 完成；到 22:00 还有 39,000 封发不出，将过期（QQ 39,000）"),
    ],
)
def test_what_will_expire_is_said_with_its_lane(tag: str, words: str) -> None:
    told = foretell(1000, other=LaneWork(waiting=60_000), qq=LaneWork(waiting=40_000, limits=warm_up(1000)))

    assert in_words(told, catalog(tag).say, ZONE) == words


def test_without_a_speed_it_says_at_the_earliest() -> None:
    told = foretell(None, qq=LaneWork(waiting=6000, limits=Limits(per_minute=600)))

    assert in_words(told, catalog("en").say, ZONE) == "finishes 07:40 at the earliest"


def test_one_copy_is_one_copy() -> None:
    told = foretell(1000, qq=LaneWork(waiting=1001, limits=warm_up(1000)))

    assert in_words(told, catalog("en").say, ZONE) == "1 copy will expire at 22:00 (QQ 1)"


def test_with_nothing_to_do_it_says_so() -> None:
    assert in_words(foretell(1000), catalog("en").say, ZONE) == "nothing left to send"
    assert foretell(1000).overall.finishes_at == SEVEN


def test_an_end_on_another_day_says_which() -> None:
    work = {Lane.QQ: LaneWork(waiting=1500, limits=warm_up(1000, 2000))}

    told = forecast(work, per_second=1000, now=SEVEN, until=UNTIL + timedelta(hours=6), zone=ZONE)

    assert in_words(told, catalog("en").say, ZONE) == "finishes 11-24 00:00"
