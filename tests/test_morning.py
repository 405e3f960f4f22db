"""A morning's promises: the right digest, once, to everyone it is owed to, with balanced books."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.delivery.states import State as Copy
from newsletter.delivery.worker import courier_of
from newsletter.digests.sources import FolderSource, Found
from newsletter.editions import edition as editions
from newsletter.editions.states import State
from newsletter.errors import ConfigError, ExitCode
from newsletter.morning import Morning
from newsletter.morning.beginning import Beginning
from newsletter.morning.probing import Prober
from newsletter.rendering.renderer import Renderer
from newsletter.transports.base import Verdict
from newsletter.transports.memory import MemoryTransport
from tests.fetching.server import Server, answer
from tests.fetching.test_refusals import inside
from tests.support import DAY, SLUG, URLS, HandClock, Reader, a_sender, add, open_database, readers

RENDERER = Renderer()
HALF_PAST_SEVEN = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

GOOD = """---
title: "{day} 速递"
date: {day}
---

早间要闻，两条。

1. [造车新品牌发布首款轿车](https://news.site.example/{day}/one)

   续航**一千公里（实测）**，明年春天交付。

2. [开源模型登上榜首](https://news.site.example/{day}/two)

   参数只有七十亿。

### 点评

今天都是好消息。
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "digests"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, text: str, *, at: datetime = HALF_PAST_SEVEN - timedelta(hours=1)) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def morning(
    database: Database,
    folder: Path,
    transport: MemoryTransport,
    clock: HandClock | None = None,
    *,
    refusal: str = "",
    owner: str = "worker",
) -> Morning:
    newsletter = NewsletterSettings.model_validate(
        {
            "name": "全球AI新闻速递",
            "source": {"folder": folder},
            "sender": {"address": "news@news.example.com"},
        }
    )
    return Morning(
        slug=SLUG,
        newsletter=newsletter,
        database=database,
        source=FolderSource(folder),
        renderer=RENDERER,
        urls=URLS,
        batch_size=1000,
        why_refused=lambda: refusal,
        courier=courier_of(
            {SLUG: a_sender(database, transport, clock or HandClock(HALF_PAST_SEVEN), owner=owner)}
        ),
    )


def people(database: Database, who: list[Reader]) -> None:
    with database.sessions.begin() as session:
        add(session, who)


def addresses(transport: MemoryTransport) -> list[str]:
    return sorted(kept.copy.address for kept in transport.kept)


def test_a_digest_reaches_everyone_it_is_owed_to(database: Database, folder: Path) -> None:
    people(database, readers(3))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    transport = MemoryTransport()

    report = morning(database, folder, transport).run()

    assert (report.state, report.exit_code, report.sent_now) == (State.FINISHED, ExitCode.DONE, 3)
    assert report.books
    assert report.books.balanced
    assert addresses(transport) == ["r1@example.com", "r2@example.com", "r3@example.com"]
    assert "造车新品牌发布首款轿车" in transport.kept[0].filled.html


def test_a_morning_opens_the_links_before_it_sends(database: Database, folder: Path) -> None:
    people(database, readers(1))
    with Server(answer(b"", "404 Not Found")) as server:
        dead = f"http://news.site.example:{server.port}/gone"
        write(folder, f"{DAY}.md", GOOD.format(day=DAY).replace(f"https://news.site.example/{DAY}/two", dead))
        prober = Prober(fetcher=inside(server), database=database, clock=HandClock(HALF_PAST_SEVEN))
        looking = replace(morning(database, folder, MemoryTransport()), prober=prober)

        report = looking.run()

    assert "dead-link" in {finding["check"] for finding in report.findings}
    assert server.connections == 2  # HEAD and GET, once


def test_the_same_command_twice_sends_nothing_twice(database: Database, folder: Path) -> None:
    people(database, readers(3))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    transport = MemoryTransport()
    morning(database, folder, transport).run()

    again = morning(database, folder, transport, owner="another").run()

    assert (again.sent_now, again.exit_code) == (0, ExitCode.DONE)
    assert len(transport.kept) == 3


def test_readers_of_another_language_get_their_own_mailing(database: Database, folder: Path) -> None:
    people(database, [Reader(address="zh@example.com"), Reader(address="en@example.com", language="en")])
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    transport = MemoryTransport()

    morning(database, folder, transport).run()

    languages = {kept.copy.address: kept.mailing.language for kept in transport.kept}
    assert languages == {"zh@example.com": "zh-CN", "en@example.com": "en"}


def test_a_morning_without_a_digest_is_a_row_and_can_still_become_an_edition(
    database: Database, folder: Path
) -> None:
    people(database, readers(1))
    transport = MemoryTransport()

    missing = morning(database, folder, transport).run()
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    found = morning(database, folder, transport).run()

    assert (missing.state, missing.exit_code) == (State.MISSING, ExitCode.HELD)
    assert found.state is State.FINISHED
    assert len(transport.kept) == 1


def test_a_digest_that_fails_the_gate_is_held_with_the_reason_and_goes_out_once_mended(
    database: Database, folder: Path
) -> None:
    people(database, readers(1))
    bad = GOOD.format(day=DAY).replace("https://news.site.example/2026-11-23/two", "")
    write(folder, f"{DAY}.md", bad)
    transport = MemoryTransport()

    held = morning(database, folder, transport).run()
    mended = HALF_PAST_SEVEN - timedelta(minutes=5)
    write(folder, f"{DAY}.md", GOOD.format(day=DAY), at=mended)
    sent = morning(database, folder, transport).run()

    assert (held.state, held.exit_code) == (State.HELD, ExitCode.HELD)
    assert any(finding["severity"] == "hold" and finding["line"] for finding in held.findings)
    assert sent.state is State.FINISHED
    assert not any(finding["severity"] == "hold" for finding in sent.findings)


def test_a_digest_of_yesterday_evening_goes_out_and_only_once(database: Database, folder: Path) -> None:
    people(database, readers(1))
    yesterday = DAY - timedelta(days=1)
    write(folder, f"{yesterday}.md", GOOD.format(day=yesterday), at=HALF_PAST_SEVEN - timedelta(hours=12))
    transport = MemoryTransport()

    first = morning(database, folder, transport).run()
    clock = HandClock(HALF_PAST_SEVEN + timedelta(hours=1))
    tomorrow = morning(database, folder, transport, clock).run(DAY + timedelta(days=1))

    assert first.state is State.FINISHED
    assert tomorrow.state is State.MISSING
    assert len(transport.kept) == 1


def test_a_typo_mended_after_sending_does_not_send_the_digest_again(database: Database, folder: Path) -> None:
    people(database, readers(1))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    transport = MemoryTransport()
    morning(database, folder, transport).run()
    clock = HandClock(HALF_PAST_SEVEN + timedelta(days=1))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY) + "\n改了一个错字。\n", at=clock() - timedelta(hours=11))

    next_day = morning(database, folder, transport, clock).run()

    assert next_day.state is State.MISSING
    assert len(transport.kept) == 1


def test_a_digest_mended_and_renamed_after_sending_is_still_the_same(
    database: Database, folder: Path
) -> None:
    people(database, readers(1))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    transport = MemoryTransport()
    morning(database, folder, transport).run()
    clock = HandClock(HALF_PAST_SEVEN + timedelta(days=1))
    (folder / f"{DAY}.md").unlink()
    write(folder, f"{DAY}-news.md", GOOD.format(day=DAY) + "\n", at=clock() - timedelta(hours=11))

    assert morning(database, folder, transport, clock).run().state is State.MISSING
    assert len(transport.kept) == 1


def test_a_morning_that_another_process_overtakes_goes_on_with_its_edition(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(database, readers(2))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    transport = MemoryTransport()
    slow, quick = (morning(database, folder, transport, owner=name) for name in ("slow", "quick"))
    find = Beginning.find
    overtaken: list[bool] = []

    def overtake(self: Beginning, day: date) -> Found:
        if self is slow.beginning and not overtaken:
            overtaken.append(True)
            quick._begin_by_hand(day)
        return find(self, day)

    monkeypatch.setattr(Beginning, "find", overtake)
    monkeypatch.setattr(Database, "sole_sender", lambda self: nullcontext(False))

    report = slow.run()

    assert overtaken
    assert (report.state, report.sent_now) == (State.FINISHED, 2)


def test_the_same_text_under_another_name_is_the_same_digest(database: Database, folder: Path) -> None:
    people(database, readers(1))
    text = GOOD.format(day=DAY).replace(f"date: {DAY}\n", "")
    write(folder, f"{DAY}.md", text)
    transport = MemoryTransport()
    morning(database, folder, transport).run()
    clock = HandClock(HALF_PAST_SEVEN + timedelta(days=1))
    write(folder, f"{DAY + timedelta(days=1)}.md", text, at=clock() - timedelta(hours=1))

    assert morning(database, folder, transport, clock).run().state is State.MISSING
    assert len(transport.kept) == 1


@pytest.mark.parametrize(
    "line", ["draft: true", "publishDate: 2026-11-23T12:00:00+08:00", "expiryDate: 2026-11-20"]
)
def test_a_digest_that_may_not_go_out_does_not(database: Database, folder: Path, line: str) -> None:
    people(database, readers(1))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY).replace("date:", f"{line}\ndate:"))
    transport = MemoryTransport()

    report = morning(database, folder, transport).run()

    assert report.state is State.MISSING
    assert report.problems
    assert transport.kept == []


def test_a_digest_that_cannot_be_read_is_said_so_and_ends_with_two(database: Database, folder: Path) -> None:
    people(database, readers(1))
    (folder / f"{DAY}.md").write_bytes(GOOD.format(day=DAY).encode("gb18030"))
    settled = HALF_PAST_SEVEN.timestamp() - 60
    os.utime(folder / f"{DAY}.md", (settled, settled))

    report = morning(database, folder, MemoryTransport()).run()

    assert report.exit_code is ExitCode.UNREADABLE
    assert any("UTF-8" in problem for problem in report.problems)


def test_a_digest_that_is_still_being_written_is_left_alone(database: Database, folder: Path) -> None:
    people(database, readers(1))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY), at=HALF_PAST_SEVEN - timedelta(seconds=2))
    transport = MemoryTransport()

    report = morning(database, folder, transport).run()

    assert report.state is State.MISSING
    assert transport.kept == []


def test_what_is_left_over_is_sent_by_a_later_run_and_doubt_stays(database: Database, folder: Path) -> None:
    people(database, readers(3))
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))
    transport = MemoryTransport({"e1-s1": [Verdict.DEFERRED], "e1-s2": [Verdict.IN_DOUBT]})
    clock = HandClock(HALF_PAST_SEVEN)

    first = morning(database, folder, transport, clock).run()
    clock.forward(timedelta(minutes=3))
    second = morning(database, folder, transport, clock).run()

    assert (first.exit_code, second.exit_code) == (ExitCode.FAILED, ExitCode.FAILED)
    assert first.next_due == HALF_PAST_SEVEN + timedelta(minutes=2)
    assert second.books
    assert (second.books[Copy.ACCEPTED], second.books[Copy.IN_DOUBT]) == (2, 1)
    assert second.state is State.FINISHED


def test_a_refusal_comes_before_anything_is_written(database: Database, folder: Path) -> None:
    write(folder, f"{DAY}.md", GOOD.format(day=DAY))

    with pytest.raises(ConfigError, match="no leave page"):
        morning(database, folder, MemoryTransport(), refusal="no leave page").run()

    with database.readers() as session:
        assert editions.latest(session, SLUG) is None


def test_the_day_is_the_local_day(database: Database, folder: Path) -> None:
    at_midnight = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # 00:00 on the 23rd in Shanghai

    assert morning(database, folder, MemoryTransport(), HandClock(at_midnight)).today() == date(2026, 11, 23)
