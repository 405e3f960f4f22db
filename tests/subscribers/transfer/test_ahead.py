"""Working ahead: the same values in the same order, never too many, and an end whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from newsletter.database import Database
from subscribers import UnreadableList
from subscribers.transfer import reading
from subscribers.transfer.ahead import ROOM, Ahead
from tests.subscribers.transfer.support import take_in, written


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_everything_comes_in_order_and_little_is_ever_made_before_it_is_wanted() -> None:
    made = 0

    def numbers() -> Generator[int]:
        nonlocal made
        while made < 1_000:
            made += 1
            yield made

    taken = 0
    with Ahead(numbers()) as ahead:
        for number in ahead:
            taken += 1
            assert number == taken
            assert made - taken <= ROOM + 1

    assert (taken, made, workers()) == (1_000, 1_000, [])


def test_an_error_comes_where_the_next_value_would_have_been() -> None:
    def numbers() -> Generator[int]:
        yield 1
        raise UnreadableList("line 2: here")

    taken: list[int] = []
    with pytest.raises(UnreadableList, match="line 2: here"), Ahead(numbers()) as ahead:
        taken.extend(ahead)

    assert (taken, workers()) == ([1], [])


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_whoever_stops_early_leaves_no_thread_and_no_open_file(taken: int) -> None:
    closed = False

    def numbers() -> Generator[int]:
        nonlocal closed
        try:
            yield from range(1_000)
        finally:
            closed = True

    def stop_early() -> None:
        with Ahead(numbers()) as ahead:
            for number in ahead:
                if number == taken:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_early()

    assert (closed, workers()) == (True, [])


def test_nothing_is_begun_before_the_first_value_is_asked_for() -> None:
    def numbers() -> Generator[int]:
        raise AssertionError
        yield 1

    with Ahead(numbers()):
        pass


def test_a_file_that_ends_in_the_middle_keeps_whom_it_named_before(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    people = "".join(f"r{number}@example.com,x\n" for number in range(4))
    path = written(tmp_path, "list.csv", f'email,name\n{people}eve@example.com,"Eve\n{people}')

    with pytest.raises(UnreadableList, match="line 6: a quote opens here"):
        take_in(database, path)

    assert workers() == []
