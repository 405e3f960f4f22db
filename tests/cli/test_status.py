"""``status``: all of an edition at one moment, for people, for logs and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from newsletter.cli import status
from newsletter.clock import utc_now
from newsletter.database import Database, connect
from newsletter.delivery.tables import Delivery, LanePace
from newsletter.delivery.worker import drain
from newsletter.lanes import Lane
from newsletter.transports.base import Verdict
from newsletter.transports.memory import MemoryTransport
from tests.cli.conftest import Run
from tests.support import HandClock, Reader, a_sender, frozen

PEOPLE = [Reader(address=f"r{n}@qq.com") for n in range(3)] + [
    Reader(address=f"s{n}@gmail.com") for n in (1, 2)
]


@pytest.fixture
def database(run: Run, tmp_path: Path) -> Iterator[Database]:
    """Return the database of an installation that was just made."""
    run("init")
    database = connect(f"sqlite:///{tmp_path / 'var/newsletter.db'}")
    yield database
    database.close()


def send(database: Database, edition_id: int, orders: dict[str, Verdict]) -> None:
    """Send at this very moment: the commands go by the machine's clock."""
    drain(a_sender(database, MemoryTransport(dict(orders)), HandClock(utc_now())), edition_id)


def test_each_lane_is_told_and_all_of_them_sum_up_to_the_books(run: Run, database: Database) -> None:
    edition = frozen(database, PEOPLE, now=utc_now())
    send(
        database, edition.id, {"e1-s1": Verdict.DEFERRED, "e1-s4": Verdict.REFUSED, "e1-s5": Verdict.IN_DOUBT}
    )

    document = json.loads(run("status", "--json").out)

    assert {lane: counts["accepted"] for lane, counts in document["lanes"].items()} == {"qq": 2, "gmail": 0}
    for state in ("waiting", "deferred", "refused", "in_doubt", "accepted", "expired", "withdrawn"):
        assert sum(lane[state] for lane in document["lanes"].values()) == document["books"][state]
    assert document["books"]["balanced"] is True
    assert document["per_second"] > 0
    assert document["forecast"]["lanes"]["qq"]["waiting"] == 1
    assert document["switched_off"] is None


def test_a_lane_that_waits_says_until_when(run: Run, database: Database) -> None:
    frozen(database, PEOPLE, now=utc_now())
    until = utc_now() + timedelta(minutes=10)
    with database.sessions.begin() as session:
        session.add(LanePace(lane=Lane.QQ, paused_until=until, throttles=1, taken=0))

    told = run("status")
    document = json.loads(run("status", "--json").out)

    assert "waits until" in told.out
    assert "forecast" in told.out
    assert document["lanes"]["qq"]["paused_until"] == until.isoformat()
    assert document["lanes"]["gmail"]["paused_until"] is None


def test_books_that_do_not_balance_are_a_failure(run: Run, database: Database) -> None:
    frozen(database, PEOPLE)
    with database.sessions.begin() as session:
        session.execute(delete(Delivery).where(Delivery.subscriber_id == 2))

    told = run("status")

    assert told.code == 1
    assert "THE BOOKS DO NOT BALANCE" in told.out
    assert run("status", "--json").code == 1


def test_a_watch_ends_with_the_edition_and_says_a_line_each_time(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = frozen(database, PEOPLE, now=utc_now())
    looks: list[float] = []

    def meanwhile(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            send(database, edition.id, {})

    monkeypatch.setattr(status.time, "sleep", meanwhile)

    watched = run("status", "--watch")

    assert watched.code == 0
    assert watched.out.count("sending: accepted 0 of 5, left 5") == 2
    assert "finished" in watched.out
    assert "\x1b" not in watched.out


def test_a_watch_for_programs_is_a_document_a_line(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = frozen(database, PEOPLE, now=utc_now())
    monkeypatch.setattr(status.time, "sleep", lambda _seconds: send(database, edition.id, {}))

    first, _, last = run("status", "--watch", "--json").out.partition("\n")

    assert json.loads(first)["books"]["waiting"] == 5
    assert json.loads(last)["state"] == "finished"


def test_a_watch_that_is_broken_off_ends_quietly(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen(database, PEOPLE)

    def broken_off(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(status.time, "sleep", broken_off)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    ended = run("status", "--watch")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(status.CLEAR)


def test_without_an_edition_the_state_is_null(run: Run, database: Database) -> None:
    assert json.loads(run("status", "--json").out)["state"] is None
    assert "no edition" in run("status").out
