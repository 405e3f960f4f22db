"""``newsletter users``, ``tokens`` and ``audit``: who works here, from the command line."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.people.passwords import Passwords
from tests.cli.conftest import Run


@pytest.fixture
def ready(run: Run) -> Run:
    """Return an installation on which Zhang San is an editor of everything."""
    run("init")
    added = run("users", "add", "zhang@example.com", "--name", "张三", "--role", "editor")
    assert added.code == 0
    assert "http://127.0.0.1:8080/staff/welcome/" in added.out
    return run


def test_people_are_listed_with_their_roles(ready: Run) -> None:
    ready("users", "role", "zhang@example.com", "sender", "--newsletter", "ai_daily")

    told = ready("users", "list").out
    document = json.loads(ready("users", "list", "--json").out)

    assert "张三  editor on all, sender on ai_daily  (no password yet)" in told
    assert document[0]["roles"] == [
        {"newsletter": None, "role": "editor"},
        {"newsletter": "ai_daily", "role": "sender"},
    ]


def test_a_role_is_taken_away_and_twice_is_no_error(ready: Run) -> None:
    first = ready("users", "role", "zhang@example.com", "editor", "--remove")
    again = ready("users", "role", "zhang@example.com", "editor", "--remove")

    assert "no longer editor on all newsletters" in first.out
    assert (again.code, "as before" in again.out) == (0, True)


def test_a_password_comes_from_a_pipe_and_is_not_printed(ready: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = Passwords.hash
    monkeypatch.setattr(
        Passwords, "hash", lambda self, word: hashed(Passwords(memory_kib=64, rounds=1), word)
    )
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))

    ended = ready("users", "password", "zhang@example.com")

    assert ended.code == 0
    assert "correct" not in ended.out + ended.err
    assert "no password" not in ready("users", "list").out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["users", "add", "zhang@example.com", "--name", "x", "--role", "king"], 2, "viewer, editor"),
        (["users", "add", "zhang@example.com", "--name", "x", "--role", "admin"], 1, "already"),
        (["users", "add", "zhang", "--name", "x", "--role", "admin"], 2, "address"),
        (["users", "add", "a@example.com", "--name", "a@example.com", "--role", "admin"], 1, "no address"),
        (["users", "disable", "li@example.com"], 1, "users list"),
        (["users", "role", "zhang@example.com", "viewer", "-n", "nothing"], 2, "ai_daily"),
        (["tokens", "add", "zhang@example.com", "--name", "x", "--scope", "all"], 2, "view, edit"),
        (["tokens", "revoke", "9"], 1, "tokens list"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    ready: Run, arguments: list[str], code: int, words: str
) -> None:
    ended = ready(*arguments)

    assert ended.code == code
    assert words in ended.err
    assert "Traceback" not in ended.err


def test_a_token_is_printed_alone_and_its_secret_is_nowhere_else(ready: Run) -> None:
    made = ready(
        "tokens", "add", "zhang@example.com", "--name", "script", "--scope", "view", "--scope", "edit"
    )
    listed, document = ready("tokens", "list"), json.loads(ready("tokens", "list", "--json").out)
    revoked = ready("tokens", "revoke", "1")

    assert made.out.startswith("nl_")
    assert made.out.count("\n") == 1
    assert "script  张三: edit, view" in listed.out
    assert made.out.strip() not in listed.out
    assert document[0]["state"] == "good"
    assert revoked.code == 0
    assert json.loads(ready("tokens", "list", "--json").out)[0]["state"] == "revoked"


def test_the_log_tells_who_did_what_from_the_command_line(ready: Run) -> None:
    ready("users", "disable", "zhang@example.com")

    entries = json.loads(ready("audit", "--json").out)

    assert [entry["what"] for entry in entries] == ["person.disabled", "person.role-granted", "person.added"]
    assert {entry["via"] for entry in entries} == {"command line"}
    assert "zhang@" not in ready("audit").out
    assert datetime.fromisoformat(entries[0]["at"]).tzinfo == UTC


def test_webhooks_are_shown_tried_and_given_a_secret(ready: Run, tmp_path: Path) -> None:
    secret = ready("webhooks", "secret").out
    file = tmp_path / "config.toml"
    (tmp_path / "secret").write_text(secret)
    more = '\n[[webhooks]]\nname = "crm"\nurl = "http://127.0.0.1:9/"\nsecret_file = "secret"\n'
    file.write_text(file.read_text() + more)

    listed, document = ready("webhooks", "list"), json.loads(ready("webhooks", "list", "--json").out)
    tried, unknown = ready("webhooks", "test", "crm"), ready("webhooks", "test", "other")

    assert secret.startswith("whsec_")
    assert "crm: subscriber.joined" in listed.out
    assert document[0]["waiting"] == 0
    assert tried.code == 1  # private networks are not reached
    assert "edition.sent: " in tried.out
    assert (unknown.code, "crm" in unknown.err) == (2, True)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('url = "https://x.example"', "secret"),
        ('url = "ftp://x.example"\nsecret = "whsec_' + "A" * 44 + '"', "https"),
        ('url = "https://x.example"\nsecret = "whsec_AAAA"', "whsec_"),
        ('url = "https://x.example"\nsecret_file = "nothing"', "cannot read"),
        ('url = "https://x.example"\nsecret = "whsec_' + "A" * 44 + '"\nevents = ["x"]', "subscriber.joined"),
        ('url = "https://x.example"\nsecret = "whsec_' + "A" * 44 + '"\nnewsletters = ["x"]', "'x'"),
    ],
)
def test_a_webhook_that_cannot_work_is_a_setting_to_mend(
    ready: Run, tmp_path: Path, lines: str, words: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(file.read_text() + f'\n[[webhooks]]\nname = "crm"\n{lines}\n')

    ended = ready("webhooks", "list")

    assert ended.code == 2
    assert words in ended.err
