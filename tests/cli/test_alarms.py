"""``newsletter alarms``: who was told and who has it, taking one, and a drill."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.alarms import Cause
from newsletter.app import App
from newsletter.clock import utc_now
from newsletter.config import load
from newsletter.delivery import control
from newsletter.testing.faults import json_answer
from tests.alarms.robots import SECRET, TOKEN, FarSide, listening
from tests.alarms.support import HOLD
from tests.cli.conftest import Run
from tests.support import DAY, SLUG, frozen, readers

PEOPLE = """
[[alarms.people]]
name = "Zhang San"
email = "zhang@example.com"
[[alarms.people]]
name = "Li Si"
email = "li@example.com"
"""


def configured(run: Run, folder: Path, more: str = PEOPLE) -> Path:
    run("init")
    file = folder / "config.toml"
    file.write_text(file.read_text() + more)
    return file


@pytest.fixture
def app(run: Run, tmp_path: Path) -> Iterator[App]:
    """Return an installation in which an edition is held."""
    app = App(load(configured(run, tmp_path)))
    with app.database.sessions.begin() as session:
        app.alarms.sound(
            session, Cause.HELD, newsletter=SLUG, day=DAY, findings=[HOLD], facts={}, now=utc_now()
        )
    yield app
    app.close()


def test_an_open_alarm_is_listed_with_who_was_told_and_who_is_next(app: App, run: Run) -> None:
    ended = run("alarms")

    assert ended.code == 1
    assert "open" in ended.out
    assert "November 23: edition held, 1 problem" in ended.out
    assert "told Zhang San" in ended.out
    assert re.search(r"Li Si told at \d\d:\d\d unless somebody has it", ended.out)


def test_programs_get_everything_and_no_address(app: App, run: Run) -> None:
    ended = run("alarms", "--json")

    (alarm,) = json.loads(ended.out)["alarms"]
    assert (alarm["state"], alarm["cause"], alarm["findings"]) == ("open", "held", [HOLD])
    assert [each["name"] for each in alarm["told"]] == ["Zhang San"]
    assert "@" not in ended.out


def test_ack_takes_it_and_twice_is_no_error(app: App, run: Run) -> None:
    answers = [run("alarms", "ack", "1", "--by", "Wang Wu") for _ in range(2)]
    shown = run("alarms", "--open")

    assert [answer.code for answer in answers] == [0, 0]
    assert answers[1].out == "alarm 1: Wang Wu has it; nobody else is told\n"
    assert "taken" in shown.out


def test_what_does_not_exist_cannot_be_taken(app: App, run: Run) -> None:
    assert run("alarms", "ack", "99").code == 2


def test_when_all_is_well_it_says_so(run: Run, tmp_path: Path) -> None:
    configured(run, tmp_path)

    ended = run("alarms")

    assert (ended.code, ended.out) == (0, "no alarms in the last two weeks\n")


def test_a_drill_goes_through_every_channel_and_says_what_each_answered(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    side = FarSide("feishu", problems=[json_answer(200, {"code": 19024, "msg": f"bad key {TOKEN}"})])
    with listening(side) as url:
        port = re.findall(r":(\d+)/", url)[0]
        (tmp_path / "hook-url").write_text(url + "\n")
        webhook = (
            '[[alarms.webhooks]]\nname = "desk"\nkind = "feishu"\nurl_file = "hook-url"\n'
            f'secret = "{SECRET}"\n'
        )
        monkeypatch.setenv("NEWSLETTER_FETCHING__ALLOW", '["127.0.0.0/8"]')
        monkeypatch.setenv("NEWSLETTER_FETCHING__PORTS", f"[{port}]")
        configured(run, tmp_path, PEOPLE + webhook)
        first = run("alarms", "test")
        second = run("alarms", "test")

    assert first.code == 1
    assert "failed     webhook desk  (errcode 19024: bad key ***)" in first.out
    assert second.code == 0
    assert "accepted   webhook desk" in second.out
    for address in ("zhang@example.com", "li@example.com"):
        assert f"accepted   {address}" in second.out
    assert run("alarms").code == 0


def test_a_drill_with_nobody_to_tell_is_bad_usage(run: Run) -> None:
    run("init")

    ended = run("alarms", "test")

    assert ended.code == 2
    assert "alarms.email" in ended.err


def test_whoever_resumes_an_edition_ends_its_alarm(app: App, run: Run) -> None:
    edition = frozen(app.database, readers(3))
    with app.database.sessions.begin() as session:
        edition = session.merge(edition)
        control.pause(session, edition, because="too much is refused")
        app.alarms.paused(session, edition)

    run("resume", "--day", str(DAY))
    shown = json.loads(run("alarms", "--json").out)["alarms"]

    assert {each["cause"]: each["state"] for each in shown} == {"held": "open", "paused": "cleared"}
