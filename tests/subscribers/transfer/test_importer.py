"""An import as a whole: what it counts, what it leaves alone, and that it can be interrupted anywhere."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter.database import Database
from subscribers import (
    Consent,
    Event,
    Evidence,
    Fact,
    Importer,
    ImportOptions,
    Lasting,
    Reason,
    Standing,
    Status,
    Subscriber,
    Subscription,
    apply,
    normalise,
    noted,
    suppress_address,
)
from subscribers.transfer import importer, reading
from tests.subscribers.transfer.support import HASHER, ORIGIN, TERMS, held, take_in, written
from tests.support import SEVEN, SLUG
from tests.tools import ROOT

PEOPLE = """email,status,tags
ada@example.com,active,ai
bob@example.com,left,
cid@example.com,bounced,
dan@example.com,active,
"""


def happen(database: Database, address: str, event: Event, *, newsletter: str = SLUG) -> None:
    with database.sessions.begin() as session:
        apply(
            session,
            HASHER,
            normalise(address),
            newsletter=newsletter,
            event=event,
            evidence=Evidence(origin="form"),
            now=SEVEN - timedelta(days=9),
        )


def count(database: Database, table: type[Subscriber | Subscription | Consent]) -> int:
    with database.readers() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_counts_say_where_everybody_stands(database: Database, tmp_path: Path) -> None:
    taken = take_in(database, written(tmp_path, "list.csv", PEOPLE))

    assert taken.tally.people == {Standing.ACTIVE: 2, Standing.LEFT: 1, Standing.BOUNCED: 1}
    assert (taken.tally.rows, taken.tally.new, taken.tally.suppressed) == (4, 4, 1)
    assert taken.tally.revived == 0


def test_a_dry_run_counts_the_same_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    happen(database, "ada@example.com", Event.ENROLLED)
    happen(database, "ada@example.com", Event.LEFT)
    path = written(tmp_path, "list.csv", PEOPLE)

    foreseen = take_in(database, path, dry_run=True)
    subscribers = count(database, Subscriber)
    done = take_in(database, path)

    assert subscribers == 1
    assert foreseen.tally == done.tally


def test_whoever_is_active_stays_as_they_are(database: Database, tmp_path: Path) -> None:
    happen(database, "ada@example.com", Event.ENROLLED)
    before = held(database, "ada@example.com")

    take_in(database, written(tmp_path, "list.csv", PEOPLE))
    after = held(database, "ada@example.com")

    assert before.listed
    assert after.listed
    assert (after.listed.tags, after.listed.confirmed_at) == ([], before.listed.confirmed_at)
    assert len(after.acts) == len(before.acts)


def test_whoever_a_file_says_left_leaves_with_evidence(database: Database, tmp_path: Path) -> None:
    happen(database, "bob@example.com", Event.ENROLLED)

    taken = take_in(database, written(tmp_path, "list.csv", PEOPLE))
    bob = held(database, "bob@example.com")

    assert (bob.status, taken.tally.left) == (Status.LEFT, 1)
    assert (bob.acts[-1].event, bob.acts[-1].origin) == (Event.LEFT, ORIGIN)


def test_whoever_left_and_only_asked_since_is_not_confirmed_by_a_file(
    database: Database, tmp_path: Path
) -> None:
    for event in (Event.ENROLLED, Event.LEFT, Event.ASKED):
        happen(database, "ada@example.com", event)

    taken = take_in(database, written(tmp_path, "list.csv", PEOPLE))

    assert held(database, "ada@example.com").status is Status.PENDING
    assert taken.tally.kept_out == {Standing.PENDING: 1}


def test_being_known_on_another_newsletter_is_no_obstacle(database: Database, tmp_path: Path) -> None:
    happen(database, "ada@example.com", Event.ENROLLED, newsletter="cars")
    happen(database, "ada@example.com", Event.LEFT, newsletter="cars")

    take_in(database, written(tmp_path, "list.csv", PEOPLE))

    assert held(database, "ada@example.com").status is Status.ACTIVE
    assert held(database, "ada@example.com", newsletter="cars").status is Status.LEFT


def test_a_complaint_replaces_a_bounce_and_nothing_replaces_a_complaint(
    database: Database, tmp_path: Path
) -> None:
    for who, reason in (("ada", Reason.BOUNCED), ("bob", Reason.COMPLAINED)):
        with database.sessions.begin() as session:
            digest = HASHER.digest(normalise(f"{who}@example.com"))
            suppress_address(session, digest, reason=reason, now=SEVEN, note="first")
    path = written(tmp_path, "list.csv", "email,status\nada@example.com,spam\nbob@example.com,bounced\n")

    taken = take_in(database, path)

    assert [held(database, f"{who}@example.com").reason for who in ("ada", "bob")] == ["complained"] * 2
    assert taken.tally.suppressed == 1


@pytest.mark.parametrize("chunk_rows", [2, 100])
def test_an_address_that_comes_again_is_reported_and_the_worse_word_counts(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_rows: int
) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", chunk_rows)
    path = written(
        tmp_path,
        "list.csv",
        "email,status\nada@example.com,active\nbob@example.com,left\n"
        "ADA@Example.com,left\nbob@example.com,active\nada@example.com,active\n",
    )

    taken = take_in(database, path)

    assert +taken.tally.people == {Standing.LEFT: 2}
    assert held(database, "ada@example.com").status is Status.LEFT
    assert [problem.line for problem in taken.repeats] == [4, 5, 6]
    assert "the same address as on line 2" in taken.repeats[0].why


def test_an_import_leaves_the_collector_of_the_process_as_it_was(database: Database, tmp_path: Path) -> None:
    before = gc.get_threshold()

    take_in(database, written(tmp_path, "people.csv", "email\nada@example.com\n"))

    assert gc.get_threshold() == before


def test_times_that_cannot_be_are_taken_as_now(database: Database, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "list.csv",
        "email,created_at\nada@example.com,2999-01-01\nbob@example.com,yesterday\ncid@example.com,9999-12-31T23:59:59-23:59\n",
    )

    take_in(database, path, ImportOptions(format="plain"))

    for who in ("ada", "bob", "cid"):
        person = held(database, f"{who}@example.com").person
        assert person
        assert person.created_at == SEVEN


def test_a_language_that_the_newsletter_does_not_have_is_not_kept(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "email,language\nada@example.com,zh_cn\nbob@example.com,fr\n")

    take_in(database, path)

    languages = [held(database, f"{who}@example.com").person for who in ("ada", "bob")]
    assert [person.language if person else "" for person in languages] == ["zh-CN", None]


def test_another_installation_s_keys_are_noticed(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "list.csv", "email\nada@example.com\n")
    take_in(database, path)
    with database.sessions.begin() as session:
        session.get_one(Subscriber, 1).address_hash = b"x" * 32

    with pytest.raises(Exception, match=r"keys\.file"):
        take_in(database, path)


# --- interrupted and together ------------------------------------------------

CHILD = """
import sys, time
from pathlib import Path
from subscribers import Importer, ImportOptions, ImportTerms
from subscribers.transfer import importer as importing, reading
from newsletter.database import connect
from tests.support import KEYS, SEVEN, SLUG
reading.CHUNK_ROWS, importing.GROUP = 100, 2
database = connect(sys.argv[1])
terms = ImportTerms(newsletter=SLUG, origin="x", now=SEVEN, languages=frozenset())
with Importer(Path(sys.argv[2]), ImportOptions(), terms, KEYS.addresses) as importer:
    for number, chunks in enumerate(importer.groups()):
        with database.sessions.begin() as session:
            for chunk in chunks:
                importer.settle(session, chunk)
                if number == int(sys.argv[3]):
                    print("in the middle", flush=True)
                    time.sleep(60)
"""


@pytest.mark.parametrize("killed_in_group", [0, 3])
def test_killed_in_the_middle_and_run_again_nobody_is_added_twice(
    database: Database, database_url: str, tmp_path: Path, killed_in_group: int
) -> None:
    rows = "".join(f"r{n}@example.com,{'left' if n % 10 == 0 else 'active'}\n" for n in range(1_000))
    path = written(tmp_path, "list.csv", f"email,status\n{rows}")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, database_url, str(path), str(killed_in_group)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    assert child.stdout.readline() == "in the middle\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()

    there = count(database, Subscription)
    again = take_in(database, path)

    assert there == killed_in_group * 200
    assert (again.tally.new, again.tally.people[Standing.ACTIVE]) == (1_000 - there, 900)
    assert [count(database, table) for table in (Subscriber, Subscription, Consent)] == [1_000] * 3


def test_two_imports_at_once_add_everybody_once(database: Database, tmp_path: Path) -> None:
    rows = [f"r{n}@example.com\n" for n in range(2_000)]
    paths = [
        written(tmp_path, "one.csv", "email\n" + "".join(rows)),
        written(tmp_path, "two.csv", "email\n" + "".join(reversed(rows))),
    ]
    errors: list[BaseException] = []

    def run(path: Path) -> None:
        try:
            take_in(database, path, terms=TERMS)
        except BaseException as error:  # noqa: BLE001 - reported below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))

    assert errors == []
    assert [count(database, table) for table in (Subscriber, Subscription)] == [2_000] * 2


def test_whoever_waits_to_write_gets_their_turn_between_two_groups(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK_ROWS", 100)
    path = written(tmp_path, "list.csv", "email\n" + "".join(f"r{n}@example.com\n" for n in range(500)))
    waiting, done = threading.Event(), threading.Event()

    def write() -> None:
        waiting.set()
        happen(database, "ada@example.com", Event.ENROLLED)
        done.set()

    other = threading.Thread(target=write)
    turns: list[bool] = []
    monkeypatch.setattr(importer, "GROUP", 1)
    with Importer(path, ImportOptions(), TERMS, HASHER) as importing:
        for chunks in importing.groups():
            turns.append(done.is_set())
            with database.sessions.begin() as session:
                for chunk in chunks:
                    importing.settle(session, chunk)
                    if not waiting.is_set():
                        other.start()
                        waiting.wait(60)
    other.join(60)

    assert turns[-1]


def test_a_leave_of_long_ago_is_remembered_from_when_we_heard_of_it(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "left.csv"
    path.write_text("email,status,left_at\nbob@example.com,left,2024-03-01\n", encoding="utf-8")
    happen(database, "bob@example.com", Event.ENROLLED)
    told: list[Fact] = []

    with Importer(path, ImportOptions(), TERMS, HASHER) as reading_it:
        for chunks in reading_it.groups():
            with database.sessions() as session:
                for chunk in chunks:
                    reading_it.settle(session, chunk)
                told += noted(session)

    # A replay asks what was said since: an enrolment after 2024 must not undo this word.
    assert [(fact.what, fact.at) for fact in told] == [(Lasting.LEFT, TERMS.now)]
