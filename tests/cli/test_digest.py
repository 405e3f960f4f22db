"""``render``, ``check``, ``morning`` and ``status`` as a person types them."""

from __future__ import annotations

import email
import io
import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from email import policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import Run
from tests.fetching.server import Server, answer

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
GOOD = """---
title: 今日速递
---

两条要闻。

1. [开源模型登上榜首](https://news.site.example/one)

   参数只有七十亿。

2. [新电池明年量产](https://news.site.example/two)

   续航**一千公里（实测）**。
"""


@pytest.fixture
def good(run: Run, tmp_path: Path) -> Path:
    run("init")
    return write(tmp_path / "digests" / f"{TODAY}.md", GOOD)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    settled = time.time() - 60
    os.utime(path, (settled, settled))
    return path


def test_the_coming_digest_is_checked_when_no_file_is_named(run: Run, tmp_path: Path) -> None:
    run("init")
    day = TODAY + timedelta(days=1)
    nothing = run("check", "--day", str(day))
    write(tmp_path / "digests" / f"{day}.md", GOOD)

    found = run("check", "--day", str(day), "--json")
    any_day = run("check")

    assert (nothing.code, "there is no digest" in nothing.out) == (3, True)
    assert (found.code, json.loads(found.out)["day"]) == (0, str(day))
    assert json.loads(found.out)["file"].endswith(f"{day}.md")
    assert any_day.code in (0, 3)  # what is coming depends on the hour


def test_a_digest_is_checked_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))

    checked = run("check", "-", "--day", "2026-11-23", "--json")

    assert (checked.code, json.loads(checked.out)["file"]) == (0, "-")


def test_render_writes_the_email_as_it_would_arrive(run: Run, good: Path, tmp_path: Path) -> None:
    ended = run("render", good, "--out", "preview")

    assert ended.code == 0
    out = tmp_path / "preview"
    assert {path.name for path in out.iterdir()} == {"subject.txt", "email.html", "email.txt", "message.eml"}
    message = email.message_from_bytes((out / "message.eml").read_bytes(), policy=policy.default)
    assert message["Subject"] == (out / "subject.txt").read_text(encoding="utf-8").strip()
    html = message.get_body(("html",))
    assert html
    assert html.get_content().splitlines() == (out / "email.html").read_text(encoding="utf-8").splitlines()
    assert "**" not in (out / "email.html").read_text(encoding="utf-8")


def test_render_shows_a_bad_digest_all_the_same_and_names_its_faults(run: Run, good: Path) -> None:
    write(good, GOOD.replace("https://news.site.example/two", ""))

    ended = run("render", good, "--out", "preview")

    assert ended.code == 0
    assert f"{good}:11" in ended.out


def test_check_ends_with_three_on_a_hold_and_names_the_line(run: Run, good: Path) -> None:
    fine = run("check", good)
    write(good, GOOD.replace("https://news.site.example/two", "(空)"))
    bad = run("check", good)
    report = json.loads(run("check", good, "--json").out)

    assert (fine.code, bad.code) == (0, 3)
    assert f"{good}:11" in bad.out
    assert report["held"]
    assert report["findings"][0]["message"]["zh-CN"]


def test_check_opens_links_when_it_is_told_to(run: Run, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answer(b"", "404 Not Found")) as server:
        monkeypatch.setenv("NEWSLETTER_FETCHING__ALLOW", '["127.0.0.1/32"]')
        monkeypatch.setenv("NEWSLETTER_FETCHING__PORTS", f"[{server.port}]")
        url = f"http://127.0.0.1:{server.port}/one"
        write(good, GOOD.replace("https://news.site.example/one", url))

        quiet = run("check", good)
        asked_before = server.connections
        probed = run("check", good, "--probe", "--json")

    assert (asked_before, "nobody opened the links" in quiet.out) == (0, True)
    report = json.loads(probed.out)
    assert report["probes"][url]["reach"] == "dead"
    assert "dead-link" in {finding["check"] for finding in report["findings"]}


def test_check_speaks_the_language_of_the_terminal(
    run: Run, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(good, GOOD.replace("https://news.site.example/two", ""))
    english = run("check", good).out
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")

    assert english != run("check", good).out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\ntitle: a: b\n---\n正文\n", ":2:"),
        ("---\ntitle: 没有关上\n\n正文\n", ":1"),
        ("", "empty"),
    ],
)
def test_an_unreadable_digest_ends_with_two_and_its_place(run: Run, good: Path, text: str, said: str) -> None:
    write(good, text)

    for ended in (run("check", good), run("render", good, "--out", "preview"), run("morning")):
        assert ended.code == 2
        assert said in ended.err + ended.out
        assert "Traceback" not in ended.err


def test_a_morning_sends_and_status_shows_the_same_books(run: Run, good: Path, tmp_path: Path) -> None:
    run("subscribers", "add", "ada@example.com", "--origin", "form")

    sent = run("morning")
    again = json.loads(run("morning", "--json").out)
    status = json.loads(run("status", "--json").out)

    assert (sent.code, again["sent_now"]) == (0, 0)
    assert status["books"] == again["books"]
    assert status["books"]["accepted"] == 1
    assert len(list((tmp_path / "var/outbox").rglob("*.eml"))) == 1


def test_a_morning_without_a_digest_ends_with_three(run: Run, good: Path) -> None:
    good.unlink()

    assert run("morning").code == 3
    assert run("status").code == 0


@pytest.mark.parametrize("url", ["", "http://news.example.com"])
@pytest.mark.parametrize("kind", ["smtp", "sendgrid"])
def test_real_transports_refuse_editions_that_nobody_could_leave(
    run: Run, good: Path, monkeypatch: pytest.MonkeyPatch, kind: str, url: str
) -> None:
    monkeypatch.setenv("NEWSLETTER_TRANSPORT__KIND", kind)
    monkeypatch.setenv("NEWSLETTER_TRANSPORT__SENDGRID__API_KEY", "SG.x.y")
    monkeypatch.setenv("NEWSLETTER_PUBLIC_URL", url)

    ended = run("morning")

    assert ended.code == 2
    assert "退订" in ended.err
    assert "public_url" in ended.err


@pytest.mark.parametrize("url", ["https://news.example.com", "http://127.0.0.1:8080"])
@pytest.mark.parametrize("kind", ["smtp", "sendgrid"])
def test_real_transports_send_editions_with_a_link_to_leave(
    run: Run, good: Path, monkeypatch: pytest.MonkeyPatch, kind: str, url: str
) -> None:
    monkeypatch.setenv("NEWSLETTER_NEWSLETTERS__AI_DAILY__GATE__PROBE_LINKS", "false")  # no network here
    monkeypatch.setenv("NEWSLETTER_TRANSPORT__KIND", kind)
    monkeypatch.setenv("NEWSLETTER_TRANSPORT__SENDGRID__API_KEY", "SG.x.y")
    monkeypatch.setenv("NEWSLETTER_PUBLIC_URL", url)

    assert run("morning").code == 0  # to nobody: the list is empty


def test_help_imports_nothing_heavy() -> None:
    modules = subprocess.run(
        [sys.executable, "-c", "import newsletter.cli.main, sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert not {"sqlalchemy", "pydantic", "mjml", "sendgrid", "alembic"} & set(modules)
