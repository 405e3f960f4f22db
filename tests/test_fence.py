"""The fence: a database that was copied or restored sends nothing until a person has said which it is."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from newsletter.database import Database
from newsletter.fence import Fence, Installation
from tests.support import SEVEN, frozen, open_database, readers


def fence_of(database: Database, instance: str = "") -> Fence:
    return Fence(file=database.file, instance=instance)


def why_closed(fence: Fence, database: Database) -> str:
    with database.readers() as session:
        closed = fence.why_closed(session)
        fence.keep(session)
    return closed


def establish(database: Database) -> Fence:
    fence = fence_of(database)
    with database.sessions.begin() as session:
        fence.establish(session, now=SEVEN)
    return fence


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a database in a file of its own, in use: one edition was begun."""
    path = tmp_path / "news.db"
    database = open_database(f"sqlite:///{path}")
    fence = establish(database)
    frozen(database, readers(1))
    assert why_closed(fence, database) == ""
    database.close()
    return path


def reopened(path: Path) -> tuple[Fence, Database]:
    database = open_database(f"sqlite:///{path}")
    return fence_of(database), database


def beat(fence: Fence, database: Database, *, minutes: int) -> None:
    with database.sessions.begin() as session:
        assert fence.beat(session, now=SEVEN + timedelta(minutes=minutes))
    with database.readers() as session:
        fence.tell(session)


def test_the_database_that_was_used_before_is_open(database: Database) -> None:
    fence = establish(database)
    frozen(database, readers(2))

    assert why_closed(fence, database) == ""
    assert why_closed(fence_of(database), database) == ""  # a new process, a new container


def test_of_two_that_establish_at_once_one_does(database: Database) -> None:
    establish(database)
    with database.readers() as session:
        before = session.get_one(Installation, 1).instance

    establish(database)

    with database.readers() as session:
        assert session.get_one(Installation, 1).instance == before


def test_a_copied_file_is_closed(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "news.db"
    copy.parent.mkdir()
    shutil.copy(file, copy)

    fence, database = reopened(copy)

    assert "missing beside" in why_closed(fence, database)
    database.close()


def test_a_copy_of_the_whole_folder_is_closed(file: Path, tmp_path: Path) -> None:
    shutil.copytree(file.parent, tmp_path.parent / f"{tmp_path.name}-clone")

    fence, database = reopened(tmp_path.parent / f"{tmp_path.name}-clone" / file.name)

    assert "not the one that was written to" in why_closed(fence, database)
    database.close()


def test_a_backup_copied_over_the_file_is_closed(file: Path, tmp_path: Path) -> None:
    shutil.copyfile(file, tmp_path / "backup")
    fence, database = reopened(file)
    with database.sessions.begin() as session:
        session.get_one(Installation, 1).begun += 1
    assert why_closed(fence, database) == ""  # and the mark has heard of it
    database.close()

    shutil.copyfile(tmp_path / "backup", file)  # over the same inode
    fence, database = reopened(file)

    assert "restored from a backup" in why_closed(fence, database)
    database.close()


def test_a_file_that_was_set_back_to_the_same_inode_is_closed_though_nothing_began(
    file: Path, tmp_path: Path
) -> None:
    fence, database = reopened(file)
    beat(fence, database, minutes=0)
    database.close()
    shutil.copyfile(file, tmp_path / "backup")
    fence, database = reopened(file)
    beat(fence, database, minutes=1)
    assert why_closed(fence, database) == ""
    database.close()

    shutil.copyfile(tmp_path / "backup", file)
    fence, database = reopened(file)

    assert "set back" in why_closed(fence, database)
    database.close()


def test_a_snapshot_that_sets_the_mark_back_too_does_not_deceive_the_journals_disk(
    database: Database, tmp_path: Path
) -> None:
    establish(database)
    fence = replace(fence_of(database), witness=tmp_path / "elsewhere" / "journal.minute")
    beat(fence, database, minutes=1)
    assert why_closed(fence, database) == ""

    with database.sessions.begin() as session:  # as it was a minute before, on either database
        row = session.get_one(Installation, 1)
        row.pulse -= 1
        session.flush()
        replace(fence, witness=None).tell(session)

    assert "the journal's disk has seen" in why_closed(fence, database)
    with database.sessions.begin() as session:
        fence.confirm(session, by="me", now=SEVEN)
    assert why_closed(fence, database) == ""


@pytest.mark.parametrize("content", [None, "", "[]", '{"pulse": "x"}'])
def test_a_witness_that_says_nothing_closes_nothing(
    database: Database, tmp_path: Path, content: str | None
) -> None:
    establish(database)
    fence = replace(fence_of(database), witness=tmp_path / "journal.minute")
    if content is not None:
        (tmp_path / "journal.minute").write_text(content, encoding="utf-8")

    assert why_closed(fence, database) == ""


def test_a_minute_is_noted_once_and_a_clock_set_back_notes_none(database: Database) -> None:
    fence = establish(database)
    with database.sessions.begin() as session:
        noted = [fence.beat(session, now=SEVEN + timedelta(minutes=minutes)) for minutes in (0, 0, 1, -5)]

    assert [minute is not None for minute in noted] == [True, False, True, False]


def test_a_crash_between_the_edition_and_its_mark_closes_nothing(file: Path) -> None:
    fence, database = reopened(file)
    with database.sessions.begin() as session:
        session.execute(update(Installation).values(begun=Installation.begun + 1))

    assert why_closed(fence, database) == ""
    database.close()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"begun": "1"}'])
def test_an_unreadable_mark_closes_the_fence_and_a_person_can_open_it(file: Path, content: str) -> None:
    file.with_name("news.db.instance").write_text(content, encoding="utf-8")
    fence, database = reopened(file)
    assert "cannot be read" in why_closed(fence, database)

    with database.sessions.begin() as session:
        fence.confirm(session, by="ada", now=SEVEN)

    assert why_closed(fence, database) == ""
    database.close()


def test_threads_that_bring_the_mark_up_to_date_at_once_do_not_disturb_each_other(file: Path) -> None:
    fence, database = reopened(file)
    for _ in range(20):
        with database.sessions.begin() as session:
            session.get_one(Installation, 1).begun += 1
        with ThreadPoolExecutor(4) as pool:
            assert [*pool.map(lambda _: why_closed(fence, database), range(4))] == [""] * 4
    database.close()


def test_another_id_in_the_settings_is_closed(database: Database) -> None:
    fence = establish(database)

    assert "another installation's" in why_closed(replace(fence, instance="staging"), database)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_restored_dump_is_closed(database: Database) -> None:
    fence = establish(database)
    with database.engine.begin() as connection:  # what pg_restore --clean does to every table
        connection.execute(text("CREATE TABLE restored (LIKE installation INCLUDING ALL)"))
        connection.execute(text("INSERT INTO restored SELECT * FROM installation"))
        connection.execute(text("DROP TABLE installation"))
        connection.execute(text("ALTER TABLE restored RENAME TO installation"))

    assert "was restored" in why_closed(fence, database)


def test_a_person_opens_it_and_it_stays_open(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "moved.db"
    shutil.copy(file, copy)
    fence, database = reopened(copy)
    assert why_closed(fence, database)

    with database.sessions.begin() as session:
        fence.confirm(session, by="ada", now=SEVEN)

    assert why_closed(fence, database) == ""
    with database.readers() as session:
        assert (session.get_one(Installation, 1).confirmed_by or "").startswith("ada")
    database.close()


def test_commands_of_a_copied_installation_refuse_to_send(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "newsletter"]
    home, copy = tmp_path / "home", tmp_path / "copy"
    subprocess.run([*program, "init", home], check=True, capture_output=True)
    shutil.copytree(home, copy)

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*program, "--config", copy / "config.toml", *words], capture_output=True, text=True, check=False
        )

    refused, told, opened = run("morning"), run("fence"), run("fence", "--confirm", "--yes")

    assert (refused.returncode, "newsletter fence" in refused.stderr) == (2, True)
    assert (told.returncode, "closed" in told.stdout) == (3, True)
    assert opened.returncode == 0
    assert run("morning").returncode == 3  # no digest: it looks for one again
