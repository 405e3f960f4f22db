"""Setting up: a newcomer's first commands."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.cli.conftest import Run


def test_init_makes_all_that_is_needed_privately_and_says_to_save_the_keys(run: Run, tmp_path: Path) -> None:
    ended = run("init")

    assert ended.code == 0
    assert "SAVE A COPY" in ended.out
    for name in ("config.toml", "var/keys.toml", "var/newsletter.db"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_init_twice_leaves_alone_what_is_there(run: Run, tmp_path: Path) -> None:
    run("init")
    before = (tmp_path / "var/keys.toml").read_bytes()

    again = run("init")

    assert again.code == 0
    assert "already there" in again.out
    assert (tmp_path / "var/keys.toml").read_bytes() == before


def test_without_a_configuration_every_command_says_how_to_make_one(run: Run) -> None:
    for command in (["morning"], ["status"], ["subscribers", "list"], ["migrate"]):
        ended = run(*command)

        assert ended.code == 2
        assert "newsletter init" in ended.err
        assert "Traceback" not in ended.err


def test_migrate_says_where_the_database_stands(run: Run) -> None:
    run("init")

    assert "the database is at" in run("migrate").out


def test_a_command_that_does_not_exist_is_bad_usage(run: Run) -> None:
    assert run("mornin").code == 2


def test_the_demo_sends_once_and_never_twice_and_touches_nothing_else(run: Run, tmp_path: Path) -> None:
    first = run("demo")
    second = run("demo")

    emails = list((tmp_path / "var/demo/outbox").rglob("*.eml"))
    assert (first.code, second.code) == (0, 0)
    assert "the books balance" in first.out
    assert "nobody gets it twice" in second.out
    assert len(emails) == 7
    assert [path.name for path in tmp_path.iterdir()] == ["var"]
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["demo"]
