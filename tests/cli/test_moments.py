"""The moments by hand, and what a person decides: the commands, what they print, and their exit codes."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import Run

KEY = "NEWSLETTER_NEWSLETTERS__AI_DAILY__"
# A zone in which it is about noon, so that hours before and after now are of the same day.
ZONE = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
GOOD = """---
title: "{day} 速递"
date: {day}
---

早间要闻，两条。

1. [造车新品牌发布首款轿车](https://news.site.example/{day}/one)

   续航一千公里，明年春天交付，售价还没有公布。

2. [开源模型登上榜首](https://news.site.example/{day}/two)

   参数只有七十亿，在一张显卡上就能运行。
"""


def now() -> datetime:
    return datetime.now(ZoneInfo(ZONE))


@pytest.fixture
def installed(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return the program in a fresh installation with one reader, whose hour is in two hours."""
    monkeypatch.setenv(f"{KEY}SCHEDULE__ZONE", ZONE)
    at(monkeypatch, timedelta(hours=2))
    monkeypatch.setenv(f"{KEY}SCHEDULE__DELIVER_UNTIL", "23:59:59")
    run("init")
    run("subscribers", "add", "ada@example.org", "--origin", "by hand")
    return run


def at(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    monkeypatch.setenv(f"{KEY}SCHEDULE__SEND_AT", f"{now() + ahead:%H:%M:%S}")


def write(tmp_path: Path, text: str = GOOD) -> str:
    day = f"{now():%Y-%m-%d}"
    file = tmp_path / "digests" / f"{day}.md"
    file.write_text(text.format(day=day), encoding="utf-8")
    settled = time.time() - 60
    os.utime(file, (settled, settled))
    return day


def test_schedule_shows_the_next_editions_with_zone_and_reasons(
    installed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = f"{now() + timedelta(days=1):%Y-%m-%d}"
    monkeypatch.setenv(f"{KEY}SCHEDULE__SKIP", json.dumps([tomorrow]))

    shown = installed("schedule", "--next", "10")
    document = json.loads(installed("schedule", "--next", "10", "--json").out)

    assert (shown.code, ZONE in shown.out) == (0, True)
    assert f"{tomorrow} " in shown.out
    assert "listed in schedule.skip" in shown.out
    assert "no worker runs" in shown.out
    assert sum(day["goes"] for day in document["days"]) == 10


def test_prepare_says_whether_it_would_go_out(installed: Run, tmp_path: Path) -> None:
    nothing = installed("prepare")
    write(tmp_path)
    good = installed("prepare")
    write(tmp_path, GOOD + "\n还差一段 {{{{ text }}}}\n")
    bad = installed("prepare")

    assert (nothing.code, "no digest" in nothing.out) == (3, True)
    assert (good.code, "ready" in good.out) == (0, True)
    assert (bad.code, "held" in bad.out, "leftover-template" in bad.out) == (3, True, True)


def test_send_waits_for_the_hour_and_then_goes_out_once(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    early = installed("send")
    at(monkeypatch, -timedelta(minutes=5))
    sent = installed("send", "--json")
    again = installed("send", "--json")

    assert (early.code, "ready" in early.out) == (3, True)
    assert (sent.code, json.loads(sent.out)["sent_now"]) == (0, 1)
    assert (again.code, json.loads(again.out)["sent_now"]) == (0, 0)


def test_after_latest_only_a_person_sends(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    at(monkeypatch, -timedelta(hours=5))
    asked = installed("send")
    sent = installed("send", "--late", "--json")

    assert (asked.code, "ready" in asked.out) == (3, True)
    assert json.loads(sent.out)["sent_now"] == 1


def test_an_edition_of_an_untrusted_source_waits_for_approval(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{KEY}SOURCE__UNATTENDED", "false")
    write(tmp_path)
    at(monkeypatch, -timedelta(minutes=5))
    held = installed("send")
    approved = installed("approve", "--yes")
    sent = installed("send", "--json")

    assert (held.code, "needs-approval" in held.out) == (3, True)
    assert (approved.code, "approved" in approved.out) == (0, True)
    assert json.loads(sent.out)["sent_now"] == 1


def test_a_held_edition_is_approved_with_a_reason_only_and_anew_when_it_changes(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = GOOD + "\n还差一段 {{{{ text }}}}\n"
    write(tmp_path, faulty)
    at(monkeypatch, -timedelta(minutes=5))
    installed("send")

    without = installed("approve", "--yes")
    given = installed("approve", "--yes", "--because", "双括号是原文")
    write(tmp_path, faulty + "又改了一句。\n")
    changed = installed("send")
    write(tmp_path, faulty)
    sent = installed("send", "--json")

    assert (without.code, "say why" in without.err) == (1, True)
    assert given.code == 0
    assert (changed.code, "held" in changed.out) == (3, True)
    assert json.loads(sent.out)["sent_now"] == 1


def test_a_skipped_day_stays_without_an_edition(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    unexplained = installed("skip", "--because", " ")
    skipped = installed("skip", "--because", "编辑部放假")
    at(monkeypatch, -timedelta(minutes=5))
    kept = installed("send")
    shown = installed("status")

    assert unexplained.code == 2
    assert "skipped" in skipped.out
    assert (kept.code, "skipped" in kept.out) == (3, True)
    assert "编辑部放假" in shown.out


def test_a_skip_is_undone(installed: Run, tmp_path: Path) -> None:
    write(tmp_path)
    installed("skip", "--because", "编辑部放假")

    undone = installed("undo")
    again = installed("undo")
    ready = installed("prepare")

    assert (undone.code, "as things stand" in undone.out) == (0, True)
    assert (again.code, "nothing was decided" in again.err) == (1, True)
    assert (ready.code, "ready" in ready.out) == (0, True)


def test_an_edition_is_held_by_hand_and_let_go(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    held = installed("hold", "--because", "等一个电话")
    at(monkeypatch, -timedelta(minutes=5))
    kept = installed("send")
    installed("approve", "--yes")
    sent = installed("send", "--json")

    assert "approve` lets it go out" in held.out
    assert (kept.code, "等一个电话" in kept.out) == (3, True)
    assert json.loads(sent.out)["sent_now"] == 1


def test_an_edition_is_moved_to_another_hour_of_its_day(installed: Run, tmp_path: Path) -> None:
    write(tmp_path)
    later = f"{now() + timedelta(hours=3):%H:%M}"

    moved = installed("reschedule", "--at", later)
    shown = json.loads(installed("schedule", "--json").out)
    past = installed("reschedule", "--at", f"{now() - timedelta(hours=1):%H:%M}")

    assert (moved.code, later in moved.out) == (0, True)
    assert (
        datetime.fromisoformat(shown["days"][0]["send_at"]).astimezone(ZoneInfo(ZONE)).strftime("%H:%M")
        == later
    )
    assert (past.code, "past" in past.err) == (1, True)


def test_watch_tells_of_a_held_edition_once(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_ALARMS__EMAIL", '["boss@example.org"]')
    installed("watch")  # from now on the newsletter has these hours
    write(tmp_path, GOOD + "\n还差一段 {{{{ text }}}}\n")
    installed("prepare")

    again = installed("watch")
    told = list((tmp_path / "var" / "outbox").rglob("*.eml"))

    assert (again.code, "nothing new" in again.out) == (0, True)
    assert len(told) == 1


def test_a_merged_day_goes_out_with_the_next_edition(
    installed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{KEY}SCHEDULE__WHEN_LATE", "merge")
    write(tmp_path)
    at(monkeypatch, -timedelta(hours=5))
    skipped = installed("send")
    tomorrow = now() + timedelta(days=1)
    text = GOOD.format(day=f"{tomorrow:%Y-%m-%d}").replace("造车新品牌发布首款轿车", "明天的头条")
    text = text.replace("开源模型登上榜首", "明天的第二条")
    (tmp_path / "digests" / f"{tomorrow:%Y-%m-%d}.md").write_text(text, encoding="utf-8")
    settled = time.time() - 60
    os.utime(tmp_path / "digests" / f"{tomorrow:%Y-%m-%d}.md", (settled, settled))

    sent = installed("morning", "--day", f"{tomorrow:%Y-%m-%d}", "--json")

    mail = next((tmp_path / "var" / "outbox").rglob(f"*{tomorrow:%Y-%m-%d}*/email.txt")).read_text("utf-8")
    assert (skipped.code, "with the next edition" in skipped.out) == (3, True)
    assert json.loads(sent.out)["sent_now"] == 1
    assert mail.index("明天的头条") < mail.index("补发：") < mail.index("造车新品牌发布首款轿车")


def test_tidy_tidies(installed: Run) -> None:
    assert installed("tidy").out == "tidied\n"
