"""How long a far side is left alone: longer each time, never in step, and as it asks itself."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from newsletter.transports.patience import FIRST, LONGEST, Patience, pause
from tests.transports.support import NOW

SECOND = timedelta(seconds=1)


def test_each_pause_is_twice_as_long_up_to_the_longest() -> None:
    pauses = [pause(number, key="c1") for number in range(1, 40)]

    assert all(later >= earlier for earlier, later in pairwise(pauses))
    assert FIRST / 2 <= pauses[0] <= FIRST
    assert abs(pauses[3] - pauses[0] * 8) < timedelta(milliseconds=1)
    assert LONGEST / 2 <= pauses[-1] <= LONGEST


def test_no_two_come_back_at_once() -> None:
    assert len({pause(3, key=f"c{number}") for number in range(100)}) == 100


def test_one_may_try_until_there_was_trouble_and_after_the_wait() -> None:
    patience = Patience()
    assert patience.left(NOW) is None

    wait = patience.trouble("no room", now=NOW, key="c1")

    assert patience.left(NOW) == (wait, "no room")
    assert patience.left(NOW + wait) is None


def test_what_the_far_side_asks_for_is_heeded() -> None:
    asked = timedelta(minutes=20)

    assert Patience().trouble("no room", now=NOW, key="c1", asked=asked) == asked


def test_calls_that_were_on_their_way_together_are_one_trouble() -> None:
    patience = Patience()

    waits = [patience.trouble("no room", now=NOW + SECOND / 10 * n, key=f"c{n}") for n in range(8)]

    assert max(waits) <= FIRST


def test_a_wait_is_not_cut_short_by_a_later_and_smaller_trouble_or_an_answer_still_on_its_way() -> None:
    patience = Patience()
    patience.trouble("no room", now=NOW, key="c1", asked=timedelta(minutes=5))

    patience.trouble("hung up", now=NOW + SECOND, key="c2")
    patience.worked(now=NOW + SECOND)

    left = patience.left(NOW + SECOND)
    assert left
    assert left[0] == timedelta(minutes=5) - SECOND


def test_after_a_success_it_begins_anew() -> None:
    patience, now = Patience(), NOW
    for number in range(6):
        now += patience.trouble("no room", now=now, key=f"c{number}")

    patience.worked(now=now)

    assert patience.trouble("no room", now=now, key="c1") <= FIRST
