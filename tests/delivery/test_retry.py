"""When a copy that was not taken over is tried again."""

from __future__ import annotations

from datetime import timedelta

from newsletter.delivery.retry import PAUSES, pause_after, pause_for_outage

MINUTE = timedelta(minutes=1)


def test_every_wait_is_at_least_as_long_as_the_one_before() -> None:
    waits = [pause_after(deferrals) for deferrals in range(1, len(PAUSES) + 1)]

    assert waits == [2 * MINUTE, 15 * MINUTE, 60 * MINUTE, 60 * MINUTE]


def test_a_copy_deferred_once_more_is_given_up() -> None:
    assert pause_after(len(PAUSES) + 1) is None
    assert pause_after(1000) is None


def test_a_copy_never_deferred_has_no_wait() -> None:
    assert pause_after(0) is None


def test_a_far_side_that_names_a_time_is_believed() -> None:
    assert pause_for_outage(timedelta(seconds=7), moved=False) == timedelta(seconds=7)
    assert pause_for_outage(timedelta(seconds=7), moved=True) == timedelta(seconds=7)


def test_a_far_side_that_is_down_is_left_alone_and_one_that_is_slow_is_not() -> None:
    assert pause_for_outage(None, moved=False) == 2 * MINUTE
    assert pause_for_outage(None, moved=True) == timedelta(0)
