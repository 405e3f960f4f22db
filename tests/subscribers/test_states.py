"""The life of a subscription, read off its table."""

from __future__ import annotations

from itertools import product

import pytest

from subscribers import Event, Status, TransitionNotAllowed, next_status


def paths_to_active() -> set[tuple[Status | None, Event]]:
    found = set()
    for status, event in product([None, *Status], Event):
        try:
            if next_status(status, event) is Status.ACTIVE:
                found.add((status, event))
        except TransitionNotAllowed:
            continue
    return found


def test_whoever_left_becomes_active_again_only_by_undoing_it() -> None:
    assert {event for status, event in paths_to_active() if status is Status.LEFT} == {Event.UNDONE}


def test_asking_makes_nobody_active() -> None:
    assert (None, Event.ASKED) not in paths_to_active()
    assert next_status(None, Event.ASKED) is Status.PENDING
    assert next_status(Status.LEFT, Event.ASKED) is Status.PENDING


def test_an_admin_cannot_bring_back_whoever_left() -> None:
    with pytest.raises(TransitionNotAllowed):
        next_status(Status.LEFT, Event.ENROLLED)


@pytest.mark.parametrize("status", list(Status))
def test_leaving_always_works_and_twice_is_no_error(status: Status) -> None:
    assert next_status(next_status(status, Event.LEFT), Event.LEFT) is Status.LEFT


def test_nobody_leaves_or_confirms_a_list_they_were_never_on() -> None:
    for event in (Event.LEFT, Event.CONFIRMED, Event.UNDONE):
        with pytest.raises(TransitionNotAllowed):
            next_status(None, event)
