"""What a person does with an edition on its way: the commands, their questions and their exit codes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.clock import utc_now
from newsletter.database import Database, connect
from newsletter.delivery import books
from newsletter.delivery.states import State
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition
from newsletter.transports.base import Verdict
from newsletter.transports.memory import MemoryTransport
from tests.cli.conftest import Run
from tests.support import DAY, SLUG, HandClock, a_sender, frozen, readers

EDITION = f"{SLUG} {DAY}"


@pytest.fixture
def database(run: Run, tmp_path: Path) -> Iterator[Database]:
    """Return the database of an installation that was just made."""
    run("init")
    database = connect(f"sqlite:///{tmp_path / 'var/newsletter.db'}")
    yield database
    database.close()


def sent(database: Database, orders: dict[str, Verdict], *, count: int = 4) -> Edition:
    """Return an edition of which every copy was handed over, some with another outcome than accepted."""
    edition = frozen(database, readers(count))
    drain(a_sender(database, MemoryTransport(dict(orders))), edition.id)
    return edition


def counts(database: Database) -> dict[State, int]:
    with database.readers() as session:
        edition = session.get_one(Edition, 1)
        counted = books.of_edition(session, edition)
    assert counted.balanced
    return {state: count for state, count in counted.by_state.items() if count}


def send_rest(database: Database, edition: Edition) -> None:
    """Send what commands, which go by the machine's clock, have made due."""
    an_hour_on = HandClock(utc_now() + timedelta(hours=1))
    drain(a_sender(database, MemoryTransport(), an_hour_on), edition.id)


def answer(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))


# ---- pause, resume, cancel ----


def test_a_paused_edition_says_why_and_goes_on_when_it_is_resumed(run: Run, database: Database) -> None:
    edition = frozen(database, readers(4))
    transport = MemoryTransport()

    paused = run("pause", "--because", "a wrong link")
    drain(a_sender(database, transport), edition.id)
    meanwhile = len(transport.kept)
    status = json.loads(run("status", "--json").out)
    resumed = run("resume")
    drain(a_sender(database, transport), edition.id)

    assert (paused.code, resumed.code) == (0, 0)
    assert f"{EDITION}: paused with 4 copies left" in paused.out
    assert status["state"] == "paused"
    assert status["stopped_because"].endswith(": a wrong link")
    assert meanwhile == 0
    assert len(transport.kept) == 4


def test_cancel_asks_first_and_withdraws_what_is_left(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen(database, readers(4))

    answer(monkeypatch, "n")
    refused = run("cancel")
    after_no = counts(database)
    cancelled = run("cancel", "--yes", "--because", "not ours")

    assert refused.code == 1
    assert "withdraw 4 copies" in refused.out
    assert "nothing was changed" in refused.out
    assert after_no == {State.WAITING: 4}
    assert cancelled.code == 0
    assert "4 copies withdrawn" in cancelled.out
    assert counts(database) == {State.WITHDRAWN: 4}


def test_what_has_ended_cannot_be_paused_and_the_message_says_so(run: Run, database: Database) -> None:
    sent(database, {})

    ended = run("pause")

    assert ended.code == 1
    assert "an edition that is finished cannot be paused" in ended.err


@pytest.mark.parametrize("command", ["pause", "resume", "cancel", "settle"])
def test_without_an_edition_there_is_nothing_to_do(run: Run, database: Database, command: str) -> None:
    ended = run(command)

    assert ended.code == 1
    assert f"{SLUG}: there is no edition sent yet" in ended.err
    assert "2026-01-02" in run(command, "--day", "2026-01-02").err


# ---- the switch for all ----


def test_stop_holds_everything_back_until_go(run: Run, database: Database) -> None:
    edition = frozen(database, readers(3))
    transport = MemoryTransport()

    stopped = run("stop", "--because", "the provider asked")
    again = run("stop", "--because", "another reason")
    drain(a_sender(database, transport), edition.id)
    while_off = len(transport.kept)
    status = run("status")
    gone = run("go")
    drain(a_sender(database, transport), edition.id)

    assert "off on all hosts" in stopped.out
    assert "off already" in again.out
    assert "the provider asked" in again.out
    assert "the provider asked" in status.out
    assert while_off == 0
    assert gone.out == "sending goes on\n"
    assert len(transport.kept) == 3
    assert run("go").out == "sending was not switched off\n"


def test_stop_wants_a_reason(run: Run, database: Database) -> None:
    assert run("stop").code == 2
    assert run("stop", "--because", " ").code == 2


# ---- refused ----


def test_retry_wants_to_know_which(run: Run, database: Database) -> None:
    sent(database, {"e1-s1": Verdict.REFUSED})

    ended = run("retry")

    assert ended.code == 2
    assert "--meaning" in ended.err
    assert "--dry-run" in ended.err


def test_retry_counts_first_then_tries_those_that_were_chosen(run: Run, database: Database) -> None:
    edition = sent(database, {"e1-s1": Verdict.REFUSED, "e1-s3": Verdict.REFUSED})

    dry = run("retry", "--reply", "as ordered", "--dry-run")
    after_dry = counts(database)
    retried = run("retry", "--subscriber", "1", "--yes")
    waiting = counts(database)
    send_rest(database, edition)

    assert dry.code == 0
    assert "2 of 2 refused copies meant" in dry.out
    assert after_dry == {State.ACCEPTED: 2, State.REFUSED: 2}
    assert "1 copy to be sent again; no worker runs" in retried.out
    assert waiting == {State.ACCEPTED: 2, State.REFUSED: 1, State.WAITING: 1}
    assert counts(database) == {State.ACCEPTED: 3, State.REFUSED: 1}


def test_retry_chooses_by_what_a_refusal_means(run: Run, database: Database) -> None:
    sent(database, {"e1-s1": Verdict.REFUSED})

    assert "1 of 1 refused" in run("retry", "--meaning", "unknown", "--dry-run").out
    hard = run("retry", "--meaning", "hard", "--lane", "qq", "--dry-run")
    assert hard.code == 1
    assert "none of its 1 refused copies is meant" in hard.err


@pytest.mark.parametrize("wrong", [["--meaning", "harsh"], ["--lane", "qqq"], ["--subscriber", "ada"]])
def test_a_typo_names_the_choices(run: Run, database: Database, wrong: list[str]) -> None:
    sent(database, {"e1-s1": Verdict.REFUSED})

    ended = run("retry", *wrong)

    assert ended.code == 2
    assert wrong[0] in ended.err


# ---- in doubt ----


def test_settle_lists_doubt_without_showing_whole_addresses(run: Run, database: Database) -> None:
    sent(database, {"e1-s2": Verdict.IN_DOUBT})

    listed = run("settle")

    assert listed.code == 0
    assert f"{EDITION}: 1 copy in doubt" in listed.out
    assert "r***@example.com" in listed.out
    assert "2026-11-23 07:00:00" in listed.out
    assert "r2@" not in listed.out


def test_doubt_is_settled_by_what_a_person_knows(run: Run, database: Database) -> None:
    sent(database, {"e1-s1": Verdict.IN_DOUBT, "e1-s2": Verdict.IN_DOUBT})

    without_reason = run("settle", "--accepted", "--yes")
    one = run("settle", "--accepted", "--because", "their log has it", "--subscriber", "1", "--yes")

    assert without_reason.code == 2
    assert "--because" in without_reason.err
    assert "1 copy settled as accepted" in one.out
    assert counts(database) == {State.ACCEPTED: 3, State.IN_DOUBT: 1}


def test_resending_doubt_warns_that_somebody_may_get_two(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = sent(database, {"e1-s1": Verdict.IN_DOUBT})

    answer(monkeypatch, "n")
    refused = run("settle", "--resend")
    after_no = counts(database)
    resent = run("settle", "--resend", "--yes")
    send_rest(database, edition)

    assert "whoever has one gets a second" in refused.out
    assert refused.code == 1
    assert after_no == {State.ACCEPTED: 3, State.IN_DOUBT: 1}
    assert "1 copy to be sent again" in resent.out
    assert counts(database) == {State.ACCEPTED: 4}
    assert "no copy is in doubt" in run("settle").out


def test_settling_both_ways_at_once_is_refused(run: Run, database: Database) -> None:
    assert run("settle", "--accepted", "--because", "x", "--resend").code == 2
