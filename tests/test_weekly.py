"""A weekly edition: the week's stories, once, for those who want one email a week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.delivery.worker import courier_of
from newsletter.editions import archive
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from newsletter.morning import Press, Weekly
from newsletter.rendering.renderer import Renderer
from newsletter.transports.memory import MemoryTransport
from subscribers import Cadence
from tests.support import SLUG, URLS, HandClock, Reader, a_sender, add, new_edition, open_database

SUNDAY = date(2026, 11, 29)
NINE = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)  # in Shanghai
RENDERER = Renderer()
STORIES = 4  # in each of a week's digests


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def weekly(
    database: Database,
    transport: MemoryTransport | None = None,
    *,
    now: datetime = NINE,
    clicks: dict[str, int] | None = None,
    **settings: object,
) -> Weekly:
    newsletter = NewsletterSettings.model_validate(
        {"name": "早读", "sender": {"address": "news@news.example.com"}, "weekly": settings}
    )
    sender = a_sender(database, transport or MemoryTransport(), HandClock(now))
    press = Press(
        slug=SLUG,
        newsletter=newsletter,
        database=database,
        renderer=RENDERER,
        urls=URLS,
        batch_size=100,
        courier=courier_of({SLUG: sender}),
    )
    return Weekly(press=press, clicks=(lambda _session, _editions: clicks) if clicks else None)


def text(day: date, *, more: str = "") -> str:
    items = "".join(
        f"{n}. [{day:%m-%d} 的第 {n} 条](https://www.zaodu.cn/{day}/{n})\n\n   第 {n} 条的**正文**。\n\n"
        for n in range(1, STORIES + 1)
    )
    return f"---\ntitle: 早读 {day}\ndate: {day}\n---\n\n{items}{more}\n"


def a_week(database: Database, *, until: date = SUNDAY, days: int = 7, more: str = "") -> None:
    with database.sessions.begin() as session:
        for back in range(days):
            day = until - timedelta(days=back)
            edition = new_edition(day)
            edition.state, edition.digest_source = State.FINISHED, text(day, more=more)
            edition.frozen_at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(minutes=30)
            session.add(edition)


def people(database: Database) -> None:
    with database.sessions.begin() as session:
        add(
            session,
            [
                Reader(address="daily@example.com"),
                Reader(address="weekly@example.com", cadence=Cadence.WEEKLY),
                Reader(address="en@example.com", cadence=Cadence.WEEKLY, language="en"),
            ],
        )


def test_the_week_s_stories_go_to_weekly_readers_once(database: Database) -> None:
    people(database)
    a_week(database)
    transport = MemoryTransport()

    report = weekly(database, transport).run(SUNDAY)
    again = weekly(database, transport).run(SUNDAY)

    assert (report.state, report.sent_now, again.sent_now) == (State.FINISHED, 2, 0)
    assert report.books
    assert report.books.balanced
    assert report.books.excluded == {"cadence": 1}
    chinese, english = sorted(transport.kept, key=lambda kept: kept.mailing.language, reverse=True)
    assert chinese.copy.address == "weekly@example.com"
    assert chinese.mailing.subject == "一周回顾：11-29 的第 1 条"
    assert english.mailing.subject.startswith("The week: ")
    assert "本周 7 期、28 条里的 12 条" in chinese.filled.text
    told = [line for line in chinese.filled.text.split("\n") if "的第" in line and ". " in line]
    assert len(told) == 12
    assert all(f"{SUNDAY - timedelta(days=back):%m-%d} 的第 1 条" in "".join(told) for back in range(7))
    assert "<strong" in chinese.filled.html


def test_what_readers_opened_most_is_told_where_it_is_known(database: Database) -> None:
    people(database)
    a_week(database)
    transport = MemoryTransport()
    opened = {f"https://www.zaodu.cn/{SUNDAY - timedelta(days=n)}/4": 90 - n for n in range(3)}

    weekly(database, transport, clicks=opened, stories=3).run(SUNDAY)

    said = transport.kept[0].filled.text
    assert "读者点开最多的 3 条" in said
    assert [f"{SUNDAY - timedelta(days=n):%m-%d} 的第 4 条" in said for n in range(3)] == [True] * 3


def test_a_link_is_told_once_and_not_again_the_week_after(database: Database) -> None:
    people(database)
    shared = "5. [同一条](https://www.zaodu.cn/same?utm_source=a)\n\n   又说了一次。\n"
    a_week(database, days=7, more=shared)
    transport = MemoryTransport()
    weekly(database, transport, stories=50).run(SUNDAY)
    next_sunday = SUNDAY + timedelta(days=7)
    a_week(database, until=next_sunday, days=6, more=shared)

    weekly(database, transport, now=NINE + timedelta(days=7), stories=50).run(next_sunday)

    texts = [kept.filled.text for kept in transport.kept if kept.mailing.language == "zh-CN"]
    assert [said.count("同一条") for said in texts] == [1, 0]
    assert [said.count("的正文") for said in texts] == [28, 24]


def test_an_edition_that_was_late_for_the_last_weekly_is_in_the_next(database: Database) -> None:
    people(database)
    a_week(database)
    late = NINE + timedelta(hours=1)
    with database.sessions.begin() as session:
        session.execute(update(Edition).where(Edition.day == SUNDAY).values(frozen_at=late))
    with database.sessions.begin() as session:  # the weekly edition begins before it
        session.execute(update(Edition).where(Edition.day == SUNDAY).values(state=State.HELD))
    transport = MemoryTransport()
    weekly(database, transport, stories=50).run(SUNDAY)
    with database.sessions.begin() as session:
        session.execute(
            update(Edition)
            .where(Edition.day == SUNDAY, Edition.kind == Kind.DAILY)
            .values(state=State.FINISHED)
        )

    weekly(database, transport, now=NINE + timedelta(days=7)).run(SUNDAY + timedelta(days=7))

    assert "11-29 的第 4 条" in transport.kept[-1].filled.text


def test_a_corrected_digest_is_told_as_it_was_corrected(database: Database) -> None:
    people(database)
    a_week(database, days=1)
    transport = MemoryTransport()
    story = weekly(database, transport)
    with database.sessions.begin() as session:
        edition = session.get_one(Edition, 1)
        right = story.press.read(text(SUNDAY).replace("第 1 条的", "改正了的"), day=SUNDAY)
        archive.replace(session, edition, right, now=NINE)

    story.run(SUNDAY)

    assert "改正了的" in transport.kept[0].filled.text


@pytest.mark.parametrize(("has_people", "because"), [(True, "no edition"), (False, "nobody asked")])
def test_a_week_without_a_weekly_edition_has_a_row_that_says_why(
    database: Database, *, has_people: bool, because: str
) -> None:
    if has_people:
        people(database)
    else:
        a_week(database)

    report = weekly(database).run(SUNDAY)

    assert report.state is State.SKIPPED
    assert because in (report.stopped_because or "")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (NINE - timedelta(seconds=1), None),
        (NINE, SUNDAY),
        (NINE + timedelta(hours=11), SUNDAY),
        (NINE + timedelta(hours=12), None),
        (NINE + timedelta(days=2), None),
    ],
)
def test_it_is_due_on_its_day_from_its_hour_on(database: Database, now: datetime, due: date | None) -> None:
    assert weekly(database, now=now).due_day() == due


def test_the_schedule_begins_it_once(database: Database) -> None:
    people(database)
    a_week(database)
    story = weekly(database)

    first, second = story.begin_due(), story.begin_due()

    assert first
    assert first.state is State.SENDING
    assert second is None
