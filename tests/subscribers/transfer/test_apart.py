"""Reading in a process of its own: it gives the same, and is gone when we are done, however that comes."""

from __future__ import annotations

import csv
import os
import signal
from pathlib import Path

import pytest

from newsletter.database import Database
from subscribers import ExportFilter, ImportOptions, Standing, UnreadableList, export_people
from subscribers.transfer import importer, reading
from subscribers.transfer.apart import Apart
from subscribers.transfer.portions import Portion, Portions
from tests.subscribers.transfer.support import HASHER, TERMS, held, sample, take_in, written
from tests.support import SLUG

AWKWARD = (
    "email,status,name,tags\n"
    'ada@example.com,active,"Ada\nof London",ai\n'
    "bob@example.com,spam,鲍勃 ☀️,\n"
    "nobody,active,x,\n"
    "ADA@example.com,left,Ada,\n"
    "cid@example.com,bounced,Cid\\,\n"
)


def here(path: Path) -> list[Portion]:
    with Portions(path, ImportOptions(), TERMS, HASHER) as portions:
        return list(portions.portions())


def there(path: Path) -> list[Portion]:
    with Apart(path, ImportOptions(), TERMS, HASHER) as apart:
        return list(apart.portions())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", AWKWARD),
        ("cleaned.csv", sample("mailchimp-cleaned.csv")),
        ("people.csv", "email\n" + "".join(f"r{number}@example.com\n" for number in range(2_500))),
    ],
)
def test_another_process_reads_the_same(tmp_path: Path, name: str, text: str) -> None:
    path = written(tmp_path, name, text)

    assert there(path) == here(path)


def test_so_it_does_with_all_that_we_export_ourselves(database: Database, tmp_path: Path) -> None:
    take_in(database, written(tmp_path, "list.csv", AWKWARD))
    path = tmp_path / "ours.csv"
    with database.readers() as session, path.open("w", newline="") as file:
        csv.writer(file).writerows(export_people(session, SLUG, ExportFilter()))

    portions = here(path)

    assert there(path) == portions
    assert sum(len(entry.history) for portion in portions for entry in portion.entries) == 3


def test_what_we_ask_for_and_what_it_found_go_over(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "联系方式,name\nada@example.com,Renée\n", encoding="gb18030")
    options = ImportOptions(columns={"联系方式": "email"}, at_least=Standing.COMPLAINED, encoding="gb18030")

    with Apart(path, options, TERMS, HASHER) as apart:
        (portion,) = apart.portions()

    assert [(source.file, source.encoding) for source in apart.sources] == [("list.csv", "gb18030")]
    assert [(entry.said, entry.subscription[1]) for entry in portion.entries] == [("complained", "left")]


def test_a_file_that_is_no_list_is_refused_in_the_same_words(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "name,phone\nAda,1\n")

    with pytest.raises(UnreadableList) as ours:
        here(path)
    with pytest.raises(UnreadableList) as theirs:
        there(path)

    assert str(ours.value) == str(theirs.value)


def test_a_file_that_cannot_be_read_on_says_where(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "APART_BYTES", 1)
    people = "".join(f"r{number}@example.com,x\n" for number in range(1_500))
    path = written(tmp_path, "list.csv", f'email,name\n{people}eve@example.com,"Eve\n{people}')

    with pytest.raises(UnreadableList, match="line 1502: a quote opens here"):
        take_in(database, path)


def test_a_large_file_is_taken_in_as_a_small_one_is(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "list.csv", AWKWARD)
    foreseen = take_in(database, path, dry_run=True)
    monkeypatch.setattr(importer, "APART_BYTES", 1)

    taken = take_in(database, path)

    assert +taken.tally.people == {Standing.LEFT: 1, Standing.COMPLAINED: 1, Standing.BOUNCED: 1}
    assert (taken.tally, taken.problems, taken.repeats) == (
        foreseen.tally,
        foreseen.problems,
        foreseen.repeats,
    )
    ada = held(database, "ada@example.com")
    assert ada.person
    assert ada.person.attributes == {"name": "Ada"}


def test_whom_a_later_portion_knows_worse_of_counts_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 1)
    rows = "ada@example.com,active\nada@example.com,left\nbob@example.com,active\nada@example.com,spam\n"
    path = written(tmp_path, "list.csv", f"email,status\n{rows}")

    foreseen = take_in(database, path, dry_run=True)
    taken = take_in(database, path)

    assert foreseen.tally == taken.tally
    assert +taken.tally.people == {Standing.ACTIVE: 1, Standing.COMPLAINED: 1}
    assert (taken.tally.new, taken.tally.left, taken.tally.suppressed) == (2, 1, 1)


@pytest.mark.parametrize("portions", [0, 1])
def test_whoever_stops_early_leaves_no_process(tmp_path: Path, portions: int) -> None:
    path = written(tmp_path, "list.csv", "email\n" + "".join(f"r{n}@example.com\n" for n in range(20_000)))

    with Apart(path, ImportOptions(), TERMS, HASHER) as apart:
        process = apart.process
        for _ in zip(range(portions), apart.portions(), strict=False):
            pass

    assert process.returncode is not None


def test_its_command_line_tells_nobody_the_key(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", AWKWARD)

    with Apart(path, ImportOptions(), TERMS, HASHER) as apart:
        line = str(apart.process.args)

    assert HASHER.key.hex() not in line
    assert repr(HASHER.key) not in line
    assert "example" not in line


def test_a_reader_that_is_killed_is_no_end_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "email\n" + "".join(f"r{n}@example.com\n" for n in range(20_000)))

    with Apart(path, ImportOptions(), TERMS, HASHER) as apart:
        os.kill(apart.process.pid, signal.SIGKILL)
        with pytest.raises(UnreadableList, match="was killed"):
            list(apart.portions())
