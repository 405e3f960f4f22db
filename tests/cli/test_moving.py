"""``subscribers import``, ``export``, ``erase`` and ``data``, as an admin runs them."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ORIGIN = ("--origin", "the old system, 2026-11")
LIST = """email,status
ada@example.com,active
bob@example.com,left
not an address,active
Ada@Example.com,active
"""


@pytest.fixture
def file(run: Run, tmp_path: Path) -> Path:
    run("init")
    path = tmp_path / "people.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def statuses(run: Run) -> dict[str, str]:
    return {row["address"]: row["status"] for row in json.loads(run("subscribers", "list", "--json").out)}


def test_a_dry_run_says_what_would_happen_and_changes_nothing(run: Run, file: Path) -> None:
    ended = run("subscribers", "import", file, *ORIGIN, "--dry-run")

    assert ended.code == 0
    assert "1 active, 1 left, 0 bounced, 0 revived" in ended.out
    assert "this was a dry run: nothing was changed" in ended.out
    assert statuses(run) == {}


def test_a_list_is_taken_in_once_and_a_second_time_changes_nothing(run: Run, file: Path) -> None:
    first = run("subscribers", "import", file, *ORIGIN)
    again = run("subscribers", "import", file, *ORIGIN, "--json")

    assert first.code == 0
    assert json.loads(again.out)["new"] == 0
    assert statuses(run) == {"ada@example.com": "active", "bob@example.com": "left"}


def test_whoever_left_here_stays_away_whatever_a_file_says(run: Run, file: Path) -> None:
    run("subscribers", "import", file, *ORIGIN)
    run("subscribers", "leave", "ada@example.com")

    ended = run("subscribers", "import", file, *ORIGIN, "--json")

    assert (json.loads(ended.out)["revived"], json.loads(ended.out)["kept_out"]) == (0, {"left": 1})
    assert statuses(run)["ada@example.com"] == "left"


def test_rows_that_were_not_taken_in_are_written_with_their_lines_for_us_alone(
    run: Run, file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "errors.csv"
    report.write_text("an older one, which everybody may read")
    report.chmod(0o644)

    run("subscribers", "import", file, *ORIGIN, "--errors", report)

    rows = list(csv.DictReader(report.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["line"], row["row"]) for row in rows] == [
        ("4", "not an address,active"),
        ("5", "Ada@Example.com,active"),
    ]
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_nobody_is_taken_in_without_an_origin(run: Run, file: Path) -> None:
    assert run("subscribers", "import", file).code == 2
    assert run("subscribers", "import", file, "--origin", " ").code == 2
    assert statuses(run) == {}


def test_everybody_in_a_file_can_be_taken_in_as_left(run: Run, file: Path) -> None:
    run("subscribers", "import", file, *ORIGIN, "--as", "left")

    assert set(statuses(run).values()) == {"left"}


def test_what_is_exported_is_private_and_brings_everybody_back_as_they_were(
    run: Run, file: Path, tmp_path: Path
) -> None:
    run("subscribers", "import", file, *ORIGIN)
    out = tmp_path / "out.csv"

    ended = run("subscribers", "export", "--output", out)

    assert ended.err == "2 people\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    dry = json.loads(run("subscribers", "import", out, *ORIGIN, "--dry-run", "--json").out)
    assert (dry["new"], dry["people"]) == (0, {"active": 1, "left": 1})


def test_a_person_gets_all_we_hold_and_is_forgotten(run: Run, file: Path) -> None:
    run("subscribers", "import", file, *ORIGIN)

    held = json.loads(run("subscribers", "data", "ada@example.com").out)
    consent = json.loads(run("subscribers", "data", "ada@example.com", "--consent").out)
    forgotten = run("subscribers", "erase", "ada@example.com")

    assert held["address"] == "ada@example.com"
    assert [act["origin"] for act in consent["consent"]] == [ORIGIN[1]]
    assert forgotten.out == "forgotten\n"
    assert "ada@example.com" not in run("subscribers", "export").out
    again = run("subscribers", "import", file, *ORIGIN, "--json")
    assert json.loads(again.out)["revived"] == 0
    assert "ada@example.com" not in run("subscribers", "export").out


def test_an_export_of_a_segment_holds_those_it_means(run: Run, file: Path) -> None:
    run("subscribers", "import", file, *ORIGIN)

    ended = run("subscribers", "export", "--segment", "status = left or address starts zz")
    wrong = run("subscribers", "export", "--segment", "status = lost")

    assert [row["email"] for row in csv.DictReader(ended.out.splitlines())] == ["bob@example.com"]
    assert wrong.code != 0
    assert "--segment: column 10: 'lost' is not known (possible: pending, active, left)" in wrong.err
