"""Mending what went out: the rest get the revision, and only those who had the first get the correction."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.config import NewsletterSettings
from newsletter.database import Database
from newsletter.delivery import books, control, received
from newsletter.delivery.control import NothingToDo
from newsletter.delivery.states import State as Copy_
from newsletter.delivery.tables import Delivery
from newsletter.delivery.worker import Courier, courier_of
from newsletter.digests.reader import read
from newsletter.editions import archive
from newsletter.editions import edition as editions
from newsletter.editions.archive import Key
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind, State
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.morning import Correction, CorrectionHeld, Press, Revision, RevisionHeld
from newsletter.rendering.renderer import Renderer
from newsletter.transports.base import Outcome
from newsletter.transports.memory import MemoryTransport
from subscribers import Status, Subscription
from tests.support import DAY, SLUG, URLS, HandClock, Reader, a_sender, add, open_database, readers
from tests.test_morning import GOOD, HALF_PAST_SEVEN

RENDERER = Renderer()
NEWSLETTER = NewsletterSettings.model_validate(
    {"name": "全球AI新闻速递", "sender": {"address": "news@news.example.com"}}
)
WRONG = GOOD.format(day=DAY)
RIGHT = WRONG.replace("一千公里", "七百公里")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


class Stopping(MemoryTransport):
    """A far side that has somebody pause the edition once it has taken so many copies."""

    copies_per_call = 50

    def __init__(self, database: Database, after: int) -> None:
        super().__init__()
        self._database, self._after = database, after

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        yield from super().send(mailing, copies, call_id=call_id, lane=lane)
        if self._after and len(self.kept) >= self._after:
            self._after = 0
            change(self._database, lambda session, edition: control.pause(session, edition, because="错"))


def change(database: Database, what, day=DAY) -> None:
    with database.sessions.begin() as session:
        edition = editions.find(session, SLUG, day, lock=True)
        assert edition
        what(session, edition)


def a_press(database: Database, transport: MemoryTransport, clock: HandClock | None = None) -> Press:
    clock = clock or HandClock(HALF_PAST_SEVEN)
    return Press(
        slug=SLUG,
        newsletter=NEWSLETTER,
        database=database,
        renderer=RENDERER,
        urls=URLS,
        batch_size=100,
        courier=courier_of({SLUG: a_sender(database, transport, clock)}, threads=2),
    )


def a_digest(text: str):
    return read(text.encode(), file=f"{DAY}.md", newsletter_name=NEWSLETTER.name, tz=NEWSLETTER.schedule.tz)


def sent(press: Press, text: str = WRONG) -> Edition:
    """Send a daily edition as far as it goes, with two workers at once where the database lets them."""
    edition = press.new(DAY, Kind.DAILY)
    proof = press.prove(a_digest(text), edition)
    edition = press.freeze(edition, proof, digest_hash="w" * 64, least=timedelta(hours=2))
    drain(press)
    return the(press, edition)


def drain(press: Press) -> None:
    workers = 1 if press.database.is_sqlite else 2
    couriers: list[Courier] = [
        courier_of({SLUG: a_sender(press.database, one.transport, one.clock, owner=f"worker-{n}")}, threads=2)  # type: ignore[arg-type]
        for n in range(workers)
        for one in press.courier.senders.values()
    ]
    threads = [threading.Thread(target=courier.send_due) for courier in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def the(press: Press, edition: Edition) -> Edition:
    with press.database.readers() as session:
        return session.get_one(Edition, edition.id)


def balanced(press: Press, edition: Edition) -> books.Books:
    with press.database.readers() as session:
        kept = books.of_edition(session, session.get_one(Edition, edition.id))
    assert kept.balanced
    return kept


def revise(press: Press, edition: Edition, text: str = RIGHT, because: str = "") -> Edition:
    revision = Revision(press=press)
    proof = revision.prove(edition, a_digest(text), digest_hash="n" * 64)
    return revision.run(edition, proof, digest_hash="n" * 64, by="editor", because=because)


def correct(
    press: Press, edition: Edition, *, because: str = "续航应为七百公里。", revision: int | None = None
):
    story = Correction(press=press)
    return story.run(story.plan(edition, text="", because=because, revision=revision))


def people(database: Database, count: int) -> None:
    with database.sessions.begin() as session:
        add(session, readers(count))


def test_a_thousand_readers_paused_revised_resumed_and_corrected(database: Database) -> None:
    people(database, 1_000)
    transport = Stopping(database, after=300)
    press = a_press(database, transport)
    edition = sent(press)
    assert edition.state is State.PAUSED
    assert 300 <= len(transport.kept) < 600

    with pytest.raises(NothingToDo, match="has already"):
        Revision(press=press).prove(edition, a_digest(WRONG), digest_hash="w" * 64)
    revised = revise(press, edition)
    change(database, control.resume)
    drain(press)
    report = correct(press, revised, revision=1)

    by_subject: dict[str, list[str]] = {}
    for kept in transport.kept:
        body = (
            "correction"
            if "更正：" in kept.mailing.subject
            else ("first" if "一千公里" in kept.filled.text else "second")
        )
        by_subject.setdefault(body, []).append(kept.copy.address)
    assert Counter(by_subject["first"] + by_subject["second"]).most_common(1)[0][1] == 1
    assert len(by_subject["first"]) + len(by_subject["second"]) == 1_000
    assert sorted(by_subject["correction"]) == sorted(by_subject["first"])
    assert balanced(press, edition)[Copy_.ACCEPTED] == 1_000
    assert report.books
    assert report.books.balanced
    assert report.books.considered == report.books.owed == len(by_subject["first"])
    with database.readers() as session:
        assert received.revisions(session, edition.id) == {
            1: len(by_subject["first"]),
            2: len(by_subject["second"]),
        }


def test_the_same_correction_twice_is_one(database: Database) -> None:
    people(database, 3)
    transport = MemoryTransport()
    press = a_press(database, transport)
    edition = sent(press)

    first, second = correct(press, edition), correct(press, edition)
    other = correct(press, edition, because="还有一处错了。")

    assert (first.sent_now, second.sent_now, other.sent_now) == (3, 0, 3)
    with database.readers() as session:
        found = session.scalars(select(Edition.serial).where(Edition.kind == Kind.CORRECTION)).all()
    assert sorted(found) == [1, 2]


def test_who_is_in_doubt_left_or_never_had_it_is_not_written_to(database: Database) -> None:
    people(database, 6)
    transport = MemoryTransport()
    press = a_press(database, transport)
    edition = sent(press)
    became = {1: Copy_.IN_DOUBT, 2: Copy_.REFUSED, 3: Copy_.WITHDRAWN}
    with database.sessions.begin() as session:
        for who, state in became.items():
            session.execute(update(Delivery).where(Delivery.subscriber_id == who).values(state=state))
        session.execute(
            update(Subscription).where(Subscription.subscriber_id == 4).values(status=Status.LEFT)
        )
        add(session, [Reader(address="new@example.org")])
    plan = Correction(press=press).plan(edition, text="", because="错了。")

    report = Correction(press=press).run(plan)

    assert (plan.audience.owed, plan.audience.in_doubt) == (2, 1)
    assert report.books
    assert report.books.balanced
    assert report.books.excluded == {"in_doubt": 1, "left": 1}
    assert sorted(kept.copy.address for kept in transport.kept[6:]) == ["r5@example.com", "r6@example.com"]


def test_the_email_says_what_was_wrong_and_answers_the_one_it_corrects(database: Database) -> None:
    people(database, 1)
    transport = MemoryTransport()
    press = a_press(database, transport)
    edition = sent(press)

    correct(press, edition)

    first, correction = transport.kept
    headers = dict(correction.filled.headers)
    assert correction.mailing.subject == f"更正：{DAY} 速递"
    assert "续航应为七百公里。" in correction.filled.html
    assert f'href="{URLS.edition(DAY)}"' in correction.filled.html
    assert headers["In-Reply-To"] == headers["References"] == f"<{first.copy.values['message_id']}>"
    assert "In-Reply-To" not in dict(first.filled.headers)


def test_an_edition_that_is_still_going_out_cannot_be_corrected(database: Database) -> None:
    people(database, 2)
    press = a_press(database, MemoryTransport())
    edition = sent(press)
    with database.sessions.begin() as session:
        session.execute(update(Edition).values(state=State.SENDING))

    with pytest.raises(NothingToDo, match="newsletter pause"):
        correct(press, edition)


def test_copies_on_their_way_are_waited_for(database: Database) -> None:
    people(database, 2)
    press = a_press(database, MemoryTransport())
    edition = sent(press)
    with database.sessions.begin() as session:
        session.execute(update(Delivery).where(Delivery.subscriber_id == 1).values(state=Copy_.IN_FLIGHT))

    with pytest.raises(NothingToDo, match="on their way"):
        correct(press, edition)


def test_a_revision_that_the_gate_holds_needs_a_reason_which_is_kept(database: Database) -> None:
    people(database, 2)
    press = a_press(database, MemoryTransport())
    edition = sent(press)
    with database.sessions.begin() as session:
        session.execute(update(Edition).values(state=State.PAUSED, finished_at=None))
    edition, held = the(press, edition), RIGHT.replace("https://news.site.example", "javascript:alert")

    with pytest.raises(RevisionHeld):
        revise(press, edition, held)
    revised = revise(press, edition, held, because="链接是内部的")

    assert (revised.revision, revised.state) == (2, State.PAUSED)
    with database.readers() as session:
        old = session.scalars(select(editions.Superseded)).one()
    assert old.because == "editor: 链接是内部的"
    assert old.digest_source == WRONG


def test_a_correction_with_a_bad_link_is_held(database: Database) -> None:
    people(database, 2)
    press = a_press(database, MemoryTransport())
    edition = sent(press)

    with pytest.raises(CorrectionHeld):
        Correction(press=press).plan(edition, text="见[这里](javascript:alert(1))。")


def test_the_archive_shows_the_newest_revision_and_the_corrected_digest(database: Database) -> None:
    people(database, 2)
    clock = HandClock(HALF_PAST_SEVEN)
    press = a_press(database, MemoryTransport(), clock)
    edition = sent(press)
    with database.sessions.begin() as session:
        session.execute(update(Edition).values(state=State.PAUSED, finished_at=None))
        archive.publish(session, edition, a_digest(WRONG), now=HALF_PAST_SEVEN)
    edition = revise(press, the(press, edition))
    with database.readers() as session:
        page = archive.find(session, SLUG, Key(DAY))
        assert page
        assert page.source == RIGHT
    change(database, control.resume)
    drain(press)
    clock.forward(timedelta(hours=1))
    better = RIGHT.replace("明年春天", "明年夏天")

    story = Correction(press=press, corrected=a_digest(better))
    story.run(story.plan(edition, text="", because="交付时间写错了。"))

    with database.readers() as session:
        page = archive.find(session, SLUG, Key(DAY))
        assert page
        assert (page.source, page.published_at, page.updated_at) == (better, HALF_PAST_SEVEN, clock.now)
        assert [each.title for each in archive.corrections(session, page)] == [f"更正：{DAY} 速递"]
        assert session.get_one(Edition, edition.id).digest_source == RIGHT  # what went out
