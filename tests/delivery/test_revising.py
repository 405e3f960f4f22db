"""A revision's promises: the rest get the new words, nobody gets two, and who has which stays known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter.database import Database
from newsletter.delivery import books, calls, control, ledger, received, revising
from newsletter.delivery.control import NothingToDo
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Call
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition, StoredMailing, Superseded
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.transports.base import Outcome
from newsletter.transports.memory import MemoryTransport
from tests.support import SEVEN, HandClock, Reader, a_mailing, a_sender, frozen, open_database, readers

NEW = revising.Text(title="改过的", subject="改过的", digest_hash="n" * 64, digest_source="改过的")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def pause(database: Database) -> None:
    with database.sessions.begin() as session:
        control.pause(session, session.get_one(Edition, 1, with_for_update=True), because="错了")


def revise(database: Database, *, languages: tuple[str, ...] = ("zh-CN",)) -> int:
    mailings: dict[str, Mailing] = {
        language: a_mailing(language=language, body=f"改过的 {language}") for language in languages
    }
    with database.sessions.begin() as session:
        edition = session.get_one(Edition, 1, with_for_update=True)
        return revising.revise(session, edition, mailings, NEW, because="错了", now=SEVEN)


def resume(database: Database) -> None:
    with database.sessions.begin() as session:
        control.resume(session, session.get_one(Edition, 1, with_for_update=True))


class Pausing(MemoryTransport):
    """A far side during whose nth call somebody pauses the edition, and perhaps more."""

    copies_per_call = 10

    def __init__(self, database: Database, *, at_call: int = 1, revises: bool = False) -> None:
        super().__init__()
        self._database, self._at_call, self._revises, self._calls = database, at_call, revises, 0

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        yield from super().send(mailing, copies, call_id=call_id, lane=lane)
        self._calls += 1
        if self._calls == self._at_call:
            pause(self._database)
            if self._revises:
                revise(self._database)
                resume(self._database)


def bodies(transport: MemoryTransport) -> dict[str, str]:
    return {kept.copy.address: kept.filled.text.split("\n")[0] for kept in transport.kept}


@pytest.mark.parametrize("is_quick", [False, True], ids=["resumed later", "resumed before the worker looks"])
def test_the_rest_get_the_revision_and_nobody_gets_two(database: Database, is_quick: bool) -> None:
    frozen(database, readers(30), batch_size=20)
    transport = Pausing(database, revises=is_quick)
    drain(a_sender(database, transport), 1)
    if not is_quick:
        assert len(transport.kept) == 10
        revise(database)
        resume(database)
        drain(a_sender(database, transport, owner="another"), 1)

    with database.readers() as session:
        edition = session.get_one(Edition, 1)
        first = set(session.scalars(received.by(1, revision=1)))
        second = set(session.scalars(received.by(1, revision=2)))
        kept = books.of_edition(session, edition)

    said = bodies(transport)
    assert len(transport.kept) == len(said) == 30
    assert {address for address, body in said.items() if body == "今天的新闻"} == {
        f"r{n}@example.com" for n in first
    }
    assert {address for address, body in said.items() if body == "改过的 zh-CN"} == {
        f"r{n}@example.com" for n in second
    }
    assert (len(first), len(second)) == (10, 20)
    assert kept.balanced
    assert kept[State.ACCEPTED] == 30


def test_every_reader_gets_the_revision_in_their_own_language(database: Database) -> None:
    people = [Reader(address="zh@example.com"), Reader(address="en@example.com", language="en")]
    frozen(database, people, mailings={"zh-CN": a_mailing(), "en": a_mailing(language="en", body="News")})
    transport = MemoryTransport()
    pause(database)

    revise(database, languages=("zh-CN", "en"))
    resume(database)
    drain(a_sender(database, transport), 1)

    assert bodies(transport) == {"zh@example.com": "改过的 zh-CN", "en@example.com": "改过的 en"}


def test_only_a_paused_edition_can_be_revised(database: Database) -> None:
    frozen(database, readers(2))

    with pytest.raises(NothingToDo, match="newsletter pause"):
        revise(database)


def test_what_went_out_is_kept(database: Database) -> None:
    frozen(database, readers(2))
    pause(database)

    assert revise(database) == 2

    with database.readers() as session:
        old = session.scalars(select(Superseded)).one()
        mailings = session.scalars(select(StoredMailing).order_by(StoredMailing.id)).all()
        assert (old.revision, old.because) == (1, "错了")
        assert [mailing.revision for mailing in mailings] == [1, 2]
        assert session.get_one(Edition, 1).title == "改过的"


def test_a_copy_in_doubt_that_is_sent_again_is_the_revision(database: Database) -> None:
    frozen(database, readers(1))
    with database.sessions.begin() as session:
        batch = ledger.claim(session, owner="dies", now=SEVEN, lease=timedelta(minutes=3))
        assert batch
        call = calls.open_call(batch, transport="memory", now=SEVEN)
        calls.take(
            session,
            batch,
            call,
            newsletter="ai_daily",
            day=session.get_one(Edition, 1).day,
            after_id=0,
            limit=9,
            now=SEVEN,
            lease=timedelta(minutes=3),
        )
    pause(database)
    later = SEVEN + timedelta(minutes=4)
    with database.sessions.begin() as session:
        ledger.reconcile(session, now=later)
    revise(database)
    with database.readers() as session:
        assert received.counts(session, 1, revision=1)[State.IN_DOUBT] == 1
    with database.sessions.begin() as session:
        edition = session.get_one(Edition, 1, with_for_update=True)
        control.resend(session, edition, control.Chosen(), now=later)
    resume(database)
    transport = MemoryTransport()

    drain(a_sender(database, transport, HandClock(later)), 1)

    assert bodies(transport) == {"r1@example.com": "改过的 zh-CN"}
    with database.readers() as session:
        assert received.revisions(session, 1) == {2: 1}


def test_calls_of_the_release_before_count_as_what_their_batch_was(database: Database) -> None:
    frozen(database, readers(4), batch_size=2)
    transport = Pausing(database)
    transport.copies_per_call = 2
    drain(a_sender(database, transport), 1)
    with database.sessions.begin() as session:
        session.execute(update(Call).values(mailing_id=None))

    revise(database)

    with database.readers() as session:
        assert received.revisions(session, 1) == {1: 2}
        assert set(session.scalars(select(Batch.mailing_id))) == {2}
