"""``doubt`` and ``canaries``: what a person sees and decides, with documented exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsletter.database import connect
from newsletter.transports.base import Verdict
from tests.cli.conftest import Run
from tests.cli.test_control import sent


@pytest.fixture(autouse=True)
def _installed(run: Run) -> None:
    run("init")


def test_nothing_in_doubt_is_said_so(run: Run) -> None:
    told = run("doubt")

    assert (told.code, told.out) == (0, "nothing is in doubt\n")
    assert json.loads(run("doubt", "--json").out) == {"calls": [], "notices": []}


def test_a_call_in_doubt_is_shown_and_settled_by_its_name(run: Run, tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path / 'var/newsletter.db'}")
    sent(database, {"e1-s2": Verdict.IN_DOUBT})
    database.close()

    listed, plain = run("doubt"), json.loads(run("doubt", "--json").out)
    without_reason = run("doubt", "--accepted", "c1")
    unknown = run("doubt", "--resend", "c7", "--yes")
    settled = run("doubt", "--accepted", "c1", "--because", "their log has it")

    assert listed.code == 1
    assert "c1  ai_daily 2026-11-23" in listed.out
    assert "1 of 4 copies in doubt" in listed.out
    assert (plain["calls"][0]["name"], plain["calls"][0]["in_doubt"]) == ("c1", 1)
    assert (without_reason.code, unknown.code) == (2, 1)
    assert "1 copy settled as accepted" in settled.out
    assert run("doubt").out == "nothing is in doubt\n"


def test_without_canaries_the_setting_is_named(run: Run) -> None:
    told = run("canaries")

    assert told.code == 2
    assert "[[canaries.mailboxes]]" in told.err


def test_a_canary_that_is_not_reached_is_named_and_ends_with_1(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    box = (
        '[[canaries.mailboxes]]\nname = "qq"\naddress = "our-canary@qq.com"\nhost = "127.0.0.1"\nport = 9\n\n'
    )
    file.write_text(file.read_text().replace("# [[canaries.mailboxes]]", box, 1))

    told = run("canaries")
    plain = json.loads(run("canaries", "--json").out)

    assert told.code == 1
    assert "NOT reached" in told.out
    assert "no edition has gone to them yet" in told.out
    assert "127.0.0.1:9" in plain["mailboxes"][0]["why_not_reached"]
    assert run("canaries", "--no-look").code == 0
