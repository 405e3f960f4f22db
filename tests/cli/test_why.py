"""``why``: what became of somebody's copy, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.clock import utc_now
from newsletter.database import connect
from subscribers import Reason, Subscriber, suppress_address
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def _installed(run: Run) -> None:
    run("init")
    run("subscribers", "add", "ada@example.com", "--origin", "paper form")


def test_a_day_without_an_edition_is_said_so(run: Run) -> None:
    told = run("why", "Ada@Example.com", "--day", "2026-11-23")
    as_json = json.loads(run("why", "ada@example.com", "--day", "2026-11-23", "--json").out)

    assert told.out == "ai_daily 2026-11-23\n  There was no edition on this day.\n"
    assert [(one["fate"], one["owed"]) for one in as_json] == [("none", False)]


def test_an_unknown_person_is_an_error_that_does_not_repeat_the_address(run: Run) -> None:
    ended = run("why", "nobody@example.com")

    assert ended.code == 1
    assert "nobody@" not in ended.err


def test_what_is_no_address_is_bad_usage(run: Run) -> None:
    assert run("why", "ada").code == 2


def test_whoever_is_never_mailed_is_told_so_on_any_day(run: Run, tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path / 'var/newsletter.db'}")
    with database.sessions.begin() as session:
        digest = session.scalars(select(Subscriber.address_hash)).one()
        suppress_address(session, digest, reason=Reason.COMPLAINED, now=utc_now())
    database.close()

    told = run("why", "ada@example.com", "--day", "2026-11-23")

    assert "reported as spam" in told.out
