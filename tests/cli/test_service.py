"""The programs that run on: they answer, send, beat and end cleanly; and a test mail for a look."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from newsletter import limits
from newsletter.app import App
from newsletter.config import load
from newsletter.delivery import heartbeat, ledger
from newsletter.delivery.states import State
from newsletter.delivery.tables import Delivery, Notice
from newsletter.desk.trial import PER_DAY
from newsletter.editions.edition import Edition
from newsletter.limits import Limit
from newsletter.signup import requests
from newsletter.signup.requests import Wish
from newsletter.testing.smtp_sink import SmtpSink
from subscribers import (
    Event,
    Evidence,
    Purpose,
    Reason,
    Status,
    Subscription,
    apply,
    normalise,
    suppress_address,
)
from tests.cli.conftest import Run
from tests.support import SEVEN, a_mailing, new_edition
from tests.tools import ROOT

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
DIGEST = """---
title: 今日速递
---

1. [开源模型登上榜首](https://news.site.example/one)

   参数只有七十亿。
"""
PATIENCE_SECONDS = 30


def until(is_so: Callable[[], object], *, what: str) -> None:
    """Wait until ``is_so()`` is true, and fail when it never is."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < ends_at, what
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.fixture
def house(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Return an installation on SQLite that writes its mails to a folder."""
    monkeypatch.setenv("NEWSLETTER_WEB__PORT", str(free_port()))
    assert run("init").code == 0
    app = App(load((tmp_path / "config.toml").resolve()))
    yield app
    app.close()


@contextmanager
def running(*command: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the program in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "-v", *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ask(app: App, typed: str) -> None:
    with app.database.sessions.begin() as session:
        requests.ask(
            session,
            "ai_daily",
            normalise(typed),
            wish=Wish.SUBSCRIBE,
            evidence=Evidence(origin="form"),
            now=app.clock(),
        )


def enrol(app: App, typed: str) -> int:
    with app.database.sessions.begin() as session:
        return apply(
            session,
            app.keys.addresses,
            normalise(typed),
            newsletter="ai_daily",
            event=Event.ENROLLED,
            evidence=Evidence(origin="test"),
            now=app.clock(),
        ).subscriber_id


def outbox(app: App, edition: str) -> list[EmailMessage]:
    """Return the mails that lie in the folder of an edition (or of a purpose)."""
    return [
        message_from_bytes(file.read_bytes(), policy=policy.default)
        for file in sorted((app.settings.transport.file.folder / edition).glob("*.eml"))
    ]


def beats(app: App) -> dict[str, datetime]:
    with app.database.readers() as session:
        return heartbeat.parts(session)


# ---- worker and run ----


def test_a_worker_answers_sends_what_is_due_beats_and_ends_cleanly(house: App, tmp_path: Path) -> None:
    ask(house, "ada@example.com")
    enrol(house, "bob@example.com")
    with house.database.snapshot() as session:
        edition = new_edition(TODAY)
        ledger.freeze(session, edition, {"zh-CN": a_mailing()}, batch_size=10, now=SEVEN)

    with running("worker", folder=tmp_path) as process:
        until(lambda: outbox(house, "ai_daily-confirm"), what="no confirmation was sent")
        until(lambda: outbox(house, "ai_daily-2026-11-23"), what="no edition was sent")
        until(lambda: {"answers", "notices", "alarms", "editions"} <= set(beats(house)), what="no beat")
        with house.database.readers() as session:
            assert heartbeat.is_beating(session, now=house.clock())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0, out + err
    assert beats(house) == {}
    with house.database.readers() as session:
        assert [row.state for row in session.scalars(select(Delivery))] == [State.ACCEPTED]
        assert session.get_one(Edition, edition.id).finished_at is not None


def test_run_serves_the_pages_and_does_the_work_in_one_process(house: App, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{house.settings.web.port}"
    id_ = enrol(house, "ada@example.com")
    token = house.keys.tokens.sign(Purpose.LEAVE, newsletter="ai_daily", subscriber_id=id_)

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    with running("run", folder=tmp_path) as process:
        until(is_ready, what="never ready")
        with urllib.request.urlopen(f"{base}/leave/{token}", timeout=5) as page:
            assert page.status == 200
        with house.database.readers() as session:
            looked = session.get_one(Subscription, ("ai_daily", id_)).status
        one_click = urllib.parse.urlencode({"List-Unsubscribe": "One-Click"}).encode()
        with urllib.request.urlopen(f"{base}/leave/{token}", data=one_click, timeout=5) as answer:
            assert answer.status == 200
        ask(house, "bob@example.com")
        until(lambda: outbox(house, "ai_daily-confirm"), what="no confirmation was sent")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0, out + err
    assert looked is Status.ACTIVE
    with house.database.readers() as session:
        assert session.get_one(Subscription, ("ai_daily", id_)).status is Status.LEFT
    assert token not in out + err  # links are never logged
    assert beats(house) == {}


def test_serve_alone_is_not_ready_without_a_worker(house: App, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{house.settings.web.port}"

    def status(page: str) -> int:
        try:
            with urllib.request.urlopen(f"{base}/{page}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    with running("serve", folder=tmp_path) as process:
        until(lambda: status("healthz") == 200, what="never up")
        assert status("readyz") == 503
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0


def test_a_port_that_is_taken_ends_run_with_one(house: App, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", house.settings.web.port))
        taken.listen()
        with running("run", folder=tmp_path) as process:
            out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1, out + err
    assert "address already in use" in err
    assert "web.port" in err
    assert beats(house) == {}


def test_a_morning_by_hand_works_beside_a_worker(house: App, run: Run, tmp_path: Path) -> None:
    for number in range(30):
        enrol(house, f"r{number}@example.com")
    digest = tmp_path / "digests" / f"{TODAY}.md"
    digest.write_text(DIGEST, encoding="utf-8")
    os.utime(digest, (time.time() - 60, time.time() - 60))

    with running("worker", folder=tmp_path) as process:
        until(lambda: beats(house), what="no worker")
        ended = run("morning")
        until(lambda: len(outbox(house, f"ai_daily-{TODAY}")) == 30, what="not all were sent")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)

    # Either the morning sent them, or the worker was quicker and the morning says that it is at it.
    assert ended.code == 0 or "is sending from this database" in ended.err
    with house.database.readers() as session:
        deliveries = session.scalars(select(Delivery)).all()
    assert {row.state for row in deliveries} == {State.ACCEPTED}
    assert len({mail["To"] for mail in outbox(house, f"ai_daily-{TODAY}")}) == 30


# ---- test-send ----


@pytest.fixture
def digest(tmp_path: Path) -> Path:
    file = tmp_path / "draft.md"
    file.write_text(DIGEST, encoding="utf-8")
    return file


def the_mails(app: App) -> list[EmailMessage]:
    return [
        mail for folder in app.settings.transport.file.folder.iterdir() for mail in outbox(app, folder.name)
    ]


def test_a_test_mail_is_marked_sent_at_once_and_uses_nothing_up(house: App, run: Run, digest: Path) -> None:
    ended = run(
        "test-send", digest, "--to", "ada@example.com", "--to", "BOB@Example.com", "--to", "ada@example.com"
    )

    assert ended.code == 0, ended.err
    assert re.findall(r"accepted +(\S+)", ended.out) == ["ada@example.com", "bob@example.com"]
    mails = the_mails(house)
    assert [str(mail["To"]) for mail in mails] == ["ada@example.com", "bob@example.com"]
    assert {str(mail["Subject"])[:4] for mail in mails} == {"【测试】"}
    with house.database.readers() as session:
        assert session.scalars(select(Edition)).all() == []
        assert {notice.purpose for notice in session.scalars(select(Notice))} == {"test"}


def test_a_worker_that_runs_sends_it(house: App, run: Run, digest: Path, tmp_path: Path) -> None:
    with running("worker", folder=tmp_path) as process:
        until(lambda: beats(house), what="no worker")
        ended = run("test-send", digest, "--to", "ada@example.com")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)

    assert ended.code == 0
    with house.database.readers() as session:
        (notice,) = session.scalars(select(Notice)).all()
    assert (notice.owner or "").split("-")[-2] == str(process.pid)


def test_its_links_lead_to_pages_that_explain_and_change_nothing(house: App, run: Run, digest: Path) -> None:
    run("test-send", digest, "--to", "ada@example.com")

    (mail,) = the_mails(house)
    base = house.settings.base_url
    assert mail["List-Unsubscribe"] == f"<{base}/leave/test>"
    body = mail.get_body(("plain",))
    assert body
    text = body.get_content()
    assert f"{base}/leave/test" in text
    assert f"{base}/manage/test" in text
    assert "ada@example.com" in text


def test_as_is_leaves_the_subject_as_it_will_be(house: App, run: Run, digest: Path) -> None:
    run("test-send", digest, "--to", "ada@example.com", "--as-is")

    (mail,) = the_mails(house)
    assert "测试" not in mail["Subject"]


def test_a_digest_that_would_be_held_may_be_looked_at(house: App, run: Run, digest: Path) -> None:
    digest.write_text("---\ntitle: 空\n---\n\n今天没有新闻。\n", encoding="utf-8")

    ended = run("test-send", digest, "--to", "ada@example.com")

    assert ended.code == 0
    assert "hold" in ended.out
    assert len(the_mails(house)) == 1


def test_what_is_no_address_or_is_never_mailed_sends_nothing_at_all(
    house: App, run: Run, digest: Path
) -> None:
    never = house.keys.addresses.digest(normalise("never@example.com"))
    with house.database.sessions.begin() as session:
        suppress_address(session, never, reason=Reason.COMPLAINED, now=house.clock())

    typo = run("test-send", digest, "--to", "ada@example.com", "--to", "ada@")
    refused = run("test-send", digest, "--to", "ada@example.com", "--to", "never@example.com")

    assert (typo.code, refused.code) == (2, 1)
    assert "never@example.com" not in refused.err
    with house.database.readers() as session:
        assert session.scalars(select(Notice)).all() == []


def test_there_are_no_more_than_fifty_test_mails_a_day(house: App, run: Run, digest: Path) -> None:
    limit = Limit(name="mail.test.day", times=PER_DAY, window=timedelta(days=1))
    with house.database.sessions.begin() as session:
        for _ in range(PER_DAY - 1):
            limits.allow(session, limit, "installation", now=house.clock())

    over = run("test-send", digest, "--to", "ada@example.com", "--to", "bob@example.com")
    last = run("test-send", digest, "--to", "ada@example.com")
    none = run("test-send", digest, "--to", "ada@example.com")

    assert (over.code, last.code, none.code) == (1, 0, 1)
    assert "50" in over.err
    assert len(the_mails(house)) == 1


def test_a_server_that_says_no_ends_it_with_one_and_its_words(
    house: App, run: Run, digest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtpSink() as sink:
        monkeypatch.setenv("NEWSLETTER_TRANSPORT__KIND", "smtp")
        monkeypatch.setenv("NEWSLETTER_TRANSPORT__SMTP__HOST", "127.0.0.1")
        monkeypatch.setenv("NEWSLETTER_TRANSPORT__SMTP__PORT", str(sink.port))
        monkeypatch.setenv("NEWSLETTER_TRANSPORT__SMTP__SECURITY", "none")
        sent = run("test-send", digest, "--to", "ada@example.com")

    gone = run("test-send", digest, "--to", "bob@example.com")

    assert sent.code == 0, sent.err
    assert gone.code == 1
    assert "waiting" in gone.out
