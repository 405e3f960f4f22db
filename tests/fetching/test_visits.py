"""Coming back to an address: only a change is written down, and what is old is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from newsletter.database import Database
from newsletter.fetching.visits import FORGOTTEN_AFTER, KeptPage, Visits
from tests.fetching.server import Server, answer
from tests.fetching.test_refusals import inside
from tests.support import SEVEN, HandClock, open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def kept(database: Database) -> int:
    with database.readers() as session:
        return session.scalar(select(func.count()).select_from(KeptPage)) or 0


def test_a_page_is_as_old_as_its_body_and_goes_when_nobody_looks(database: Database) -> None:
    pages = {"/a": answer(b"one", ETag='"1"')}
    clock = HandClock()
    with Server(lambda path: [pages[path]]) as server:
        visits = Visits(fetcher=inside(server), database=database, clock=clock)
        url = f"http://feed.example.com:{server.port}/a"
        first = visits.get(url, accept="*/*")
        clock.forward(timedelta(minutes=1))
        pages["/a"] = answer(b"one", ETag='"2"')
        same = visits.get(url, accept="*/*")
        pages["/a"] = answer(b"two", ETag='"3"')
        changed = visits.get(url, accept="*/*")
        clock.forward(FORGOTTEN_AFTER + timedelta(minutes=2))
        pages["/b"] = answer(b"other")
        visits.get(url[:-1] + "b", accept="*/*")

    assert (first.changed_at, same.changed_at) == (SEVEN, SEVEN)
    assert changed.changed_at == SEVEN + timedelta(minutes=1)
    assert 'If-None-Match: "2"' in server.requests[2]
    assert kept(database) == 1


def test_an_answer_that_is_none_is_not_remembered(database: Database) -> None:
    with Server(answer(b"oops", "500 Oops")) as server:
        visits = Visits(fetcher=inside(server), database=database, clock=HandClock())

        page = visits.get(f"http://feed.example.com:{server.port}/", accept="*/*")

    assert (page.status, kept(database)) == (500, 0)
