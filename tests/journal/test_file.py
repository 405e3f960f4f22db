"""The journal's file: nothing is lost that was answered, and nothing is changed without its being seen."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from newsletter.journal.entry import JournalBroken
from newsletter.journal.file import JournalFile
from subscribers import Fact, Lasting
from tests.journal.support import a_journal
from tests.support import SEVEN

ROUNDS = 25


def left(number: int) -> Fact:
    return Fact(
        what=Lasting.LEFT, at=SEVEN, about={"newsletter": "ai_daily", "id": number, "hash": "ab" * 32}
    )


def numbers(journal: JournalFile) -> list[object]:
    return [entry.fact.about["id"] for entry in journal.entries()]


@pytest.fixture
def journal(tmp_path: Path) -> JournalFile:
    journal = a_journal(tmp_path / "elsewhere" / "journal")
    journal.append([left(1), left(2)])
    journal.append([left(3)])
    return journal


def test_what_was_appended_is_read_back_in_order(journal: JournalFile) -> None:
    found = list(a_journal(journal.path).entries())

    assert [entry.fact for entry in found] == [left(1), left(2), left(3)]
    assert [entry.number for entry in found] == [1, 2, 3]
    assert journal.opened_at() == SEVEN


def test_the_file_is_private(journal: JournalFile) -> None:
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("cut", [1, 20, 150])
def test_a_line_that_a_crash_left_unfinished_is_passed_over_and_mended(
    journal: JournalFile, cut: int
) -> None:
    whole = journal.path.read_bytes()
    journal.append([left(4)])
    torn = journal.path.read_bytes()[: len(whole) + cut]
    journal.path.write_bytes(torn)

    again = a_journal(journal.path)
    assert numbers(again) == [1, 2, 3]
    again.append([left(5)])

    assert numbers(again) == [1, 2, 3, 5]


def test_a_first_line_that_was_left_unfinished_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"0123 {")
    journal = a_journal(tmp_path / "journal")

    journal.append([left(1)])

    assert numbers(journal) == [1]


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_line_that_was_taken_out_is_seen(journal: JournalFile, line: int) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))

    with pytest.raises(JournalBroken):
        numbers(journal)


def test_a_line_that_was_changed_is_seen(journal: JournalFile) -> None:
    content = journal.path.read_bytes()
    journal.path.write_bytes(content.replace(b'"id":2', b'"id":9'))

    with pytest.raises(JournalBroken, match="line 3 "):
        numbers(journal)


def test_no_address_and_no_key_is_in_it(journal: JournalFile) -> None:
    assert "@" not in journal.path.read_text()


def test_a_file_that_was_replaced_meanwhile_is_continued_from_its_own_end(journal: JournalFile) -> None:
    old = journal.path.read_bytes()
    journal.append([left(4)])
    journal.path.unlink()
    journal.path.write_bytes(old)

    journal.append([left(5)])

    assert numbers(journal) == [1, 2, 3, 5]


def _write(path: Path, start: int) -> None:
    journal = a_journal(path)
    for number in range(start, start + ROUNDS):
        journal.append([left(number)])


def test_processes_that_append_at_once_make_one_chain(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    path = tmp_path / "journal"

    processes = [spawn.Process(target=_write, args=(path, start)) for start in (1000, 2000, 3000)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    wanted = [start + number for start in (1000, 2000, 3000) for number in range(ROUNDS)]
    assert sorted(map(int, map(str, numbers(a_journal(path))))) == wanted
