"""``revise`` and ``correct`` as a person types them: what they ask, print, and end with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.database import Database, connect
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from newsletter.transports.memory import MemoryTransport
from tests.cli.conftest import Run
from tests.cli.test_control import answer
from tests.support import DAY, SLUG, a_sender, frozen, readers
from tests.test_morning import GOOD


@pytest.fixture
def database(run: Run, tmp_path: Path) -> Iterator[Database]:
    """Return the database of an installation whose edition of the day went out to three readers."""
    run("init")
    database = connect(f"sqlite:///{tmp_path / 'var/newsletter.db'}")
    edition = frozen(database, readers(3))
    drain(a_sender(database, MemoryTransport()), edition.id)
    yield database
    database.close()


def corrections(database: Database) -> list[Edition]:
    with database.readers() as session:
        return list(session.scalars(select(Edition).where(Edition.kind == Kind.CORRECTION)))


def test_a_correction_asks_for_the_number_of_copies(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "2")
    ended = run("correct", "--of", str(DAY), "--because", "应为 0.8 元。")

    assert ended.code == 1
    assert "3 copies" in ended.out
    assert "nothing was sent" in ended.out
    assert corrections(database) == []

    answer(monkeypatch, "3")
    ended = run("correct", "--of", str(DAY), "--because", "应为 0.8 元。")

    assert ended.code == 0, ended.err
    assert "the books balance" in ended.out
    assert len(corrections(database)) == 1


def test_what_a_correction_would_do_can_be_asked_first(run: Run, database: Database) -> None:
    ended = run("correct", "--of", str(DAY), "--because", "错了。", "--dry-run", "--json")

    plan = json.loads(ended.out)
    assert (plan["owed"], plan["considered"], plan["excluded"]) == (3, 3, {})
    assert corrections(database) == []


def test_only_a_paused_edition_is_revised_and_the_command_to_pause_is_told(
    run: Run, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "mended.md"
    file.write_text(GOOD.format(day=DAY), encoding="utf-8")

    ended = run("revise", file, "--day", str(DAY))

    assert ended.code == 1
    assert f"`newsletter pause --newsletter {SLUG} --day {DAY}`" in ended.err

    with database.sessions.begin() as session:
        session.execute(update(Edition).values(state=State.PAUSED))
    ended = run("revise", file, "--day", str(DAY), "--because", "错字")

    assert ended.code == 0, ended.err
    assert "revision 2" in ended.out
    assert "newsletter resume" in ended.out


def test_commands_find_an_edition_by_its_kind(run: Run, database: Database) -> None:
    run("correct", "--of", str(DAY), "--because", "错了。", "--yes")

    assert "correction-1: no copy is in doubt" in run("settle", "--kind", "correction").out
    assert run("settle", "--kind", "monthly").code == 2
    assert f"{SLUG} {DAY}: no copy" in run("settle", "--day", str(DAY)).out


def test_status_shows_corrections_beside_the_edition_and_by_themselves(run: Run, database: Database) -> None:
    run("correct", "--of", str(DAY), "--because", "错了。", "--yes")

    seen = json.loads(run("status", "--day", str(DAY), "--json").out)
    correction = json.loads(run("status", "--kind", "correction", "--json").out)

    assert (seen["kind"], [one["state"] for one in seen["beside"]]) == ("daily", ["finished"])
    assert (correction["kind"], correction["serial"]) == ("correction", 1)
    assert correction["books"]["balanced"]


def test_a_week_with_nothing_in_it_ends_as_a_day_without_a_digest_does(run: Run, database: Database) -> None:
    ended = run("weekly", "--json")

    assert ended.code == 3
    assert json.loads(ended.out)["state"] == "skipped"
