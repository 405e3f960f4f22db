"""What the pages of those who work here cost at a million subscribers and 365 editions, and a bulk verb.

The pages are asked for one after the other through the whole site: login, rights, stories, templates. The
95th percentile is over all of them, each asked for several times; the first time of each is not counted, as
nobody would compare an empty cache.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from fastapi.testclient import TestClient

from newsletter.chores import Chores
from newsletter.reports import jobs
from newsletter.reports.states import JobKind, JobState
from subscribers import highest
from tests.bench import measured
from tests.bench.million import EDITIONS, PEOPLE, fill
from tests.bench.transfer import a_postgres
from tests.support import SLUG
from tests.web.people.support import admin
from tests.web.support import House, a_house

ROUNDS = 5
BULK = 100_000
HERE = f"/staff/{SLUG}"
PAGES = [
    "/staff/lists",
    HERE,
    f"{HERE}/editions",
    f"{HERE}/readers",
    f"{HERE}/readers?after=500000",
    f"{HERE}/readers?status=pending",
    f"{HERE}/readers?q=reader.77",
    f"{HERE}/readers?q=r&status=pending",
    f"{HERE}/readers?q=%40qq.com",
    f"{HERE}/readers?q=%40company17.example.com",
    f"{HERE}/readers?q=%23777000",
    f"{HERE}/readers?q=zz&anywhere=yes",
    f"{HERE}/readers?tag=vip",
    f"{HERE}/readers?tag=nobody",
    f"{HERE}/readers?suppressed=yes",
    f"{HERE}/readers?paused=yes",
    f"{HERE}/readers?status=active&cadence=weekly&language=en",
    f"{HERE}/readers?segment=joined+%3E+2026-01-01+and+not+tag+%3D+vip",
    f"{HERE}/readers/777000",
    f"{HERE}/segments",
    f"{HERE}/jobs",
    f"{HERE}/import",
    f"{HERE}/suppressions",
    f"{HERE}/suppressions?address=reader.7@qq.com",
    f"{HERE}/deliveries",
    f"{HERE}/deliveries/{EDITIONS}",
    f"{HERE}/deliveries/{EDITIONS}?state=refused",
    f"{HERE}/deliveries/{EDITIONS}?meaning=hard",
    f"{HERE}/deliveries/{EDITIONS}?state=in_doubt",
]


@measured("≤ 150")
def pages_1m_sqlite_p95_ms() -> float:
    """The 95th percentile of a page on SQLite."""
    return _sqlite()[0]


@measured("≤ 150")
def pages_1m_postgres_p95_ms() -> float:
    """The 95th percentile of a page on PostgreSQL, on the same machine."""
    with tempfile.TemporaryDirectory() as folder, a_postgres() as url, _house(Path(folder), url) as house:
        return _pages(house)[0]


@measured("≤ 50")
def page_max_kb() -> float:
    """The largest of these pages, as it is sent, without style and script, which a browser keeps."""
    return _sqlite()[1]


@measured("≤ 60")
def bulk_leave_100k_s() -> float:
    """A hundred thousand people of a million leave by one job, on SQLite, in a hundred slices."""
    with tempfile.TemporaryDirectory() as folder, _house(Path(folder), None) as house:
        with house.writing() as session:
            job_id = jobs.write_down(
                session,
                SLUG,
                JobKind.LEAVE,
                asked={"segment": f"id <= {BULK}"},
                because="bench",
                by_whom="bench",
                upto=highest(session, SLUG),
                now=house.clock(),
            ).id
        worker = Chores(app=house.app, owner="bench")
        while worker.step():
            pass
        with house.writing() as session:
            job = session.get_one(jobs.Job, job_id)
            jobs.approve(job, number=BULK, now=house.clock())
        seen: set[int] = set()
        started = time.perf_counter()
        while worker.step():
            with house.app.database.readers() as session:
                seen.add(session.get_one(jobs.Job, job_id).done)
        took = time.perf_counter() - started
        with house.app.database.readers() as session:
            job = session.get_one(jobs.Job, job_id)
            if job.state is not JobState.DONE or job.done != BULK or len(seen) < 3:
                raise AssertionError(f"the job is {job.state} at {job.done}, seen {sorted(seen)}")
    return took


@cache
def _sqlite() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder, _house(Path(folder), None) as house:
        return _pages(house)


@contextmanager
def _house(folder: Path, url: str | None) -> Iterator[House]:
    house = a_house(folder, url=url, spool=folder / "spool")
    fill(house.app.database, people=PEOPLE, editions=EDITIONS)
    Chores(app=house.app, owner="bench").count()
    try:
        yield house
    finally:
        house.app.close()


def _pages(house: House) -> tuple[float, float]:
    """Return the 95th percentile in milliseconds and the largest page in kilobytes."""
    client = admin(house)
    taken: list[float] = []
    largest = max(len(_get(client, path)[0]) for path in PAGES)
    for _ in range(ROUNDS):
        taken += [_get(client, path)[1] for path in PAGES]
    taken.sort()
    return taken[int(len(taken) * 0.95)] * 1000, largest / 1000


def _get(client: TestClient, path: str) -> tuple[bytes, float]:
    started = time.perf_counter()
    answer = client.get(path)
    took = time.perf_counter() - started
    if answer.status_code != 200:
        raise AssertionError(f"{path} was answered with {answer.status_code}")
    return answer.content, took
