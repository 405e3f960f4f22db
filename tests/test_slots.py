"""When a newsletter is due: calculated, never fired."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter import slots

SHANGHAI = slots.daily(time(7, 30), ZoneInfo("Asia/Shanghai"))
HALF_PAST_SEVEN = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
SIX_HOURS = timedelta(hours=6)


def test_a_slot_is_due_at_its_second_and_not_before() -> None:
    early = HALF_PAST_SEVEN - timedelta(seconds=1)

    assert slots.latest_due(SHANGHAI, early, lookback=SIX_HOURS) is None
    assert slots.latest_due(SHANGHAI, HALF_PAST_SEVEN, lookback=SIX_HOURS) == HALF_PAST_SEVEN


def test_a_slot_stays_due_for_as_long_as_one_looks_back() -> None:
    noon = HALF_PAST_SEVEN + timedelta(hours=4, minutes=30)

    assert slots.latest_due(SHANGHAI, noon, lookback=SIX_HOURS) == HALF_PAST_SEVEN
    assert slots.latest_due(SHANGHAI, noon, lookback=timedelta(hours=4)) is None


def test_after_days_away_only_the_newest_slot_is_due() -> None:
    later = HALF_PAST_SEVEN + timedelta(days=3, minutes=5)

    latest = slots.latest_due(SHANGHAI, later, lookback=timedelta(days=5))

    assert latest == HALF_PAST_SEVEN + timedelta(days=3)


def test_where_clocks_change_the_gap_moves_and_the_fold_comes_twice_in_order() -> None:
    gap = slots.daily(time(2, 30), ZoneInfo("America/New_York"))
    fold = slots.daily(time(1, 30), ZoneInfo("America/New_York"))

    in_gap = slots.upcoming(gap, datetime(2026, 3, 8, 5, 0, tzinfo=UTC), 1)
    in_fold = slots.upcoming(fold, datetime(2026, 11, 1, 4, 0, tzinfo=UTC), 2)

    assert in_gap == [datetime(2026, 3, 8, 7, 30, tzinfo=UTC)]  # 03:30 there
    assert in_fold == sorted(in_fold)
    assert {slot.astimezone(ZoneInfo("America/New_York")).date().isoformat() for slot in in_fold} == {
        "2026-11-01"
    }


def test_the_next_slots_follow_each_other_a_day_apart() -> None:
    coming = slots.upcoming(SHANGHAI, HALF_PAST_SEVEN, 3)

    assert coming == [HALF_PAST_SEVEN + timedelta(days=n) for n in (1, 2, 3)]
