"""The home page answers at a glance, and as fast for a million as for one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from newsletter.database import Database
from newsletter.delivery import books, heartbeat
from newsletter.delivery.states import State as Copy
from newsletter.desk.going import going_of
from newsletter.desk.home import Fault, Home, home_of
from newsletter.editions.states import State
from newsletter.feedback.reading import hash_of
from newsletter.feedback.tables import FeedbackCount, ReadCount
from newsletter.transports.base import Verdict
from newsletter.transports.memory import MemoryTransport
from tests.desk.support import SIX, TEXT, a_desk, in_the_folder
from tests.support import DAY, SLUG, HandClock, Reader, readers
from tests.test_morning import HALF_PAST_SEVEN, morning, people


def home(database: Database, folder: Path, *, now=SIX) -> Home:
    with database.readers() as session:
        return home_of(session, SLUG, a_desk(database, folder).newsletter, now=now)


def test_a_new_installation_says_when_and_that_nothing_is_there(database: Database, folder: Path) -> None:
    found = home(database, folder)

    assert (found.next.day, found.next.send_at) == (DAY, HALF_PAST_SEVEN)
    assert (found.next.state, found.next.audience, found.last) == (None, None, None)
    assert found.health.faults == [Fault.WORKER]
    assert len(found.days) == 7


def test_the_next_edition_says_how_it_stands_and_why(database: Database, folder: Path) -> None:
    in_the_folder(folder, TEXT.replace("七十亿", "{{ count }}"))
    desk = a_desk(database, folder)
    desk.morning.beginning.note(DAY, desk.morning.beginning.look(DAY))

    found = home(database, folder)

    assert found.next.state is State.HELD
    assert "leftover-template" in [finding["check"] for finding in found.next.holds]


def test_an_hour_that_has_come_stays_in_hand_until_it_is_too_late(database: Database, folder: Path) -> None:
    desk = a_desk(database, folder, clock=HandClock(HALF_PAST_SEVEN))
    desk.morning.beginning.note(DAY, desk.morning.beginning.look(DAY))

    soon = home(database, folder, now=HALF_PAST_SEVEN + timedelta(hours=1))
    evening = home(database, folder, now=HALF_PAST_SEVEN + timedelta(hours=8))

    assert soon.next.day == DAY
    assert evening.next.day == DAY + timedelta(days=1)


def test_the_last_edition_shows_its_copies_as_the_books_do(both: Database, folder: Path) -> None:
    database = both
    people(database, [*readers(5), Reader(address="r@refused.example")])
    in_the_folder(folder)
    transport = MemoryTransport({"1-6": Verdict.REFUSED})
    morning(database, folder, transport, HandClock(HALF_PAST_SEVEN)).run(DAY)

    found = home(database, folder, now=HALF_PAST_SEVEN + timedelta(minutes=1))

    assert found.last
    going = found.last.going
    with database.readers() as session:
        kept = books.of_edition(session, found.last.edition)
        assert going == going_of(session, found.last.edition, now=SIX)
    assert (going.owed, going.accepted, going.refused) == (6, kept[Copy.ACCEPTED], kept[Copy.REFUSED])
    assert (going.open, going.in_doubt, going.ended, going.percent) == (0, 0, 0, 100)
    assert going.is_balanced
    assert found.next.audience == 6


def test_clicks_are_told_by_story(database: Database, folder: Path) -> None:
    people(database, readers(2))
    in_the_folder(folder)
    desk = a_desk(database, folder, clock=HandClock(HALF_PAST_SEVEN))
    desk.morning.send(DAY)
    row = desk.morning.existing(DAY)
    assert row
    edition_id = row.id
    url = f"https://news.site.example/{DAY}/two"
    with database.sessions.begin() as session:
        session.add_all(
            [
                ReadCount(edition_id=edition_id, url_hash=hash_of(url), url=url, readers=2),
                ReadCount(edition_id=edition_id, url_hash=hash_of(None), url=None, readers=1),
                FeedbackCount(day=SIX.date(), provider="sendgrid", what="bounced", count=3),
            ]
        )
        heartbeat.beat(session, owner="w", part="courier", now=HALF_PAST_SEVEN)

    found = home(database, folder, now=HALF_PAST_SEVEN + timedelta(seconds=30))

    assert found.last
    assert [(one.number, one.title, one.readers) for one in found.last.clicks] == [(2, "开源模型登上榜首", 2)]
    assert found.last.opens == 1
    assert found.reports[SIX.date()] == {"bounced": 3}
    assert found.health.faults == []
