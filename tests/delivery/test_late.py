"""Somebody who joins late may have today's edition: once, in a batch of its own, and the books balance."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from newsletter.database import Database
from newsletter.delivery import books, holding, late, ledger
from newsletter.delivery.books import Books
from newsletter.delivery.states import BatchState, State
from newsletter.delivery.tables import Batch, Delivery
from newsletter.delivery.worker import drain
from newsletter.editions import edition as editions
from newsletter.editions.edition import Edition
from newsletter.editions.states import Happening, Kind
from newsletter.editions.states import State as EditionState
from newsletter.mailing import Mailing
from newsletter.transports.memory import MemoryTransport
from subscribers import (
    Cadence,
    Event,
    Evidence,
    Reason,
    Status,
    Subscription,
    apply,
    normalise,
    prefer,
    suppress_address,
)
from tests.support import (
    DAY,
    KEYS,
    SEVEN,
    SLUG,
    HandClock,
    Reader,
    a_mailing,
    a_sender,
    add,
    frozen,
    new_edition,
    open_database,
    readers,
)

NOON = SEVEN + timedelta(hours=5)
ADA = "ada@qq.com"
HOUR = timedelta(hours=1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def happen(
    database: Database,
    *events: Event,
    typed: str = ADA,
    at: timedelta = timedelta(0),
    language: str | None = None,
) -> int:
    """Let things happen to somebody, ``at`` after seven; return who it is."""
    ids = [0]
    with database.sessions.begin() as session:
        for event in events:
            listed = apply(
                session,
                KEYS.addresses,
                normalise(typed),
                newsletter=SLUG,
                event=event,
                evidence=Evidence(origin="test", language=language),
                now=SEVEN + at,
            )
            ids.append(listed.subscriber_id)
    return ids[-1]


def edition_for(database: Database, count: int, *, mailings: dict[str, Mailing] | None = None) -> Edition:
    """Freeze an edition for so many readers."""
    for number in range(count):
        happen(database, Event.ENROLLED, typed=f"r{number}@example.com", at=-HOUR)
    return frozen(database, mailings=mailings)


def join(database: Database, id_: int, *, today: date = DAY, after: timedelta = timedelta(hours=5)) -> bool:
    with database.sessions.begin() as session:
        return late.join(session, SLUG, id_, today=today, now=SEVEN + after, deliverable=timedelta(hours=20))


def send(database: Database, edition: Edition) -> MemoryTransport:
    transport = MemoryTransport()
    drain(a_sender(database, transport, HandClock(NOON)), edition.id)
    return transport


def the_books(database: Database, edition: Edition) -> Books:
    with database.readers() as session:
        return books.of_edition(session, session.get_one(Edition, edition.id))


def state(database: Database, edition: Edition) -> EditionState:
    with database.readers() as session:
        return session.get_one(Edition, edition.id).state


@pytest.mark.parametrize("is_finished", [False, True], ids=["sending", "finished"])
def test_whoever_was_pending_at_the_freeze_gets_it_and_the_count_moves(
    database: Database, is_finished: bool
) -> None:
    ada = happen(database, Event.ASKED, at=-HOUR)
    edition = edition_for(database, 3)
    if is_finished:
        send(database, edition)
    before = the_books(database, edition)
    happen(database, Event.CONFIRMED, at=HOUR)

    assert join(database, ada)
    between = the_books(database, edition)
    sent = send(database, edition)

    after = the_books(database, edition)
    assert (before.considered, before.excluded, before.owed) == (4, {"pending": 1}, 3)
    assert (after.considered, after.excluded, after.owed) == (4, {}, 4)
    assert between.balanced
    assert after.balanced
    assert (after[State.ACCEPTED], after.open) == (4, 0)
    assert ADA in [kept.copy.address for kept in sent.kept]
    assert state(database, edition) is EditionState.FINISHED


def test_whoever_joins_while_the_others_wait_for_the_canaries_waits_with_them(database: Database) -> None:
    edition = edition_for(database, 3)
    with database.sessions.begin() as session:
        holding.hold(session, edition.id, until=NOON + HOUR)
    ada = happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)

    assert join(database, ada)
    held = send(database, edition)
    with database.sessions.begin() as session:
        holding.let_go(session, edition.id, now=NOON)

    assert held.kept == []
    assert len(send(database, edition).kept) == 4


def test_whoever_came_after_the_freeze_is_one_more_to_be_considered(database: Database) -> None:
    edition = edition_for(database, 3)
    ada = happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)

    assert join(database, ada)

    after = the_books(database, edition)
    assert (after.considered, after.excluded, after.owed) == (4, {}, 4)
    assert after.balanced


def test_whoever_had_left_before_the_freeze_and_came_back_is_moved_from_the_left(database: Database) -> None:
    ada = happen(database, Event.ASKED, Event.CONFIRMED, Event.LEFT, at=-HOUR)
    happen(database, Event.ASKED, typed="p@example.com", at=-HOUR)
    edition = edition_for(database, 2)
    happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)

    assert join(database, ada)

    after = the_books(database, edition)
    assert (after.considered, after.excluded, after.owed) == (4, {"pending": 1}, 3)
    assert after.balanced


def test_it_is_never_repeated(database: Database) -> None:
    edition = edition_for(database, 1)
    ada = happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)
    join(database, ada)
    send(database, edition)

    assert join(database, ada) is False
    assert send(database, edition).kept == []
    assert the_books(database, edition).owed == 2


def test_it_is_a_batch_of_its_own_in_the_readers_language_and_lane(database: Database) -> None:
    mailings = {"zh-CN": a_mailing(), "en": a_mailing(language="en", body="News")}
    edition = edition_for(database, 2, mailings=mailings)
    ada = happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)
    eve = happen(database, Event.ASKED, Event.CONFIRMED, typed="eve@example.com", at=HOUR, language="en")

    assert join(database, ada)
    assert join(database, eve)

    with database.readers() as session:
        own = session.scalars(
            select(Batch).where(Batch.number >= late.FIRST_NUMBER).order_by(Batch.number)
        ).all()
    assert [(batch.number - late.FIRST_NUMBER, batch.size, batch.lane.value) for batch in own] == [
        (0, 1, "qq"),
        (1, 1, "other"),
    ]
    sent = {kept.copy.address: kept.mailing.language for kept in send(database, edition).kept}
    assert (sent[ADA], sent["eve@example.com"]) == ("zh-CN", "en")


def test_there_is_nothing_for_a_reader_who_is_not_to_get_it(database: Database) -> None:
    edition = edition_for(database, 1)
    pending = happen(database, Event.ASKED, at=HOUR)
    weekly = happen(database, Event.ASKED, Event.CONFIRMED, typed="weekly@example.com", at=HOUR)
    never = happen(database, Event.ASKED, Event.CONFIRMED, typed="never@example.com", at=HOUR)
    with database.sessions.begin() as session:
        prefer(session, SLUG, weekly, cadence=Cadence.WEEKLY)
        digest = KEYS.addresses.digest(normalise("never@example.com"))
        suppress_address(session, digest, reason=Reason.BOUNCED, now=NOON)

    assert [join(database, id_) for id_ in (pending, weekly, never, 4711)] == [False] * 4
    assert the_books(database, edition).owed == 1


def test_only_the_edition_of_today_while_it_is_fresh(database: Database) -> None:
    bob = happen(database, Event.ENROLLED, typed="bob@example.com")
    nothing = join(database, bob)
    edition_for(database, 1)
    ada = happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)

    assert nothing is False
    assert join(database, ada, today=DAY + timedelta(days=1)) is False
    assert join(database, ada, after=timedelta(hours=21)) is False
    with database.readers() as session:
        found = late.edition_of_today(session, SLUG, today=DAY, now=NOON, deliverable=timedelta(hours=20))
        assert found is not None
        assert session.scalars(select(Delivery).where(Delivery.subscriber_id == ada)).all() == []


def test_an_edition_that_is_held_is_nobodys(database: Database) -> None:
    ada = happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)
    with database.sessions.begin() as session:
        edition = Edition(
            newsletter=SLUG,
            day=DAY,
            kind=Kind.DAILY,
            serial=1,
            state=EditionState.HELD,
            created_at=SEVEN,
            findings=[],
            excluded={},
        )
        session.add(edition)

    assert join(database, ada) is False


def test_an_edition_that_was_closed_while_somebody_joined_is_opened_again(database: Database) -> None:
    edition = edition_for(database, 1)
    send(database, edition)
    ada = happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)
    join(database, ada)
    with database.sessions.begin() as session:  # the race: closed although a batch waits
        again = session.get_one(Edition, edition.id)
        again.becomes(Happening.DRAINED)
        again.finished_at = NOON
    with database.sessions.begin() as session:
        found = late.closed_too_soon(session, SLUG, lock=True)
        for one in found:
            late.reopen(one)

    assert [one.id for one in found] == [edition.id]
    assert len(send(database, edition).kept) == 1
    with database.readers() as session:
        assert late.closed_too_soon(session, SLUG) == []
        assert session.scalars(select(Batch.state).distinct()).all() == [BatchState.DONE]


def test_a_late_joiner_who_leaves_before_it_goes_out_does_not_get_it(database: Database) -> None:
    edition = edition_for(database, 1)
    ada = happen(database, Event.ASKED, Event.CONFIRMED, at=HOUR)
    join(database, ada)
    happen(database, Event.LEFT, at=2 * HOUR)

    assert ADA not in [kept.copy.address for kept in send(database, edition).kept]
    after = the_books(database, edition)
    assert (after[State.WITHDRAWN], after.balanced) == (1, True)


def about_to_freeze(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, [*readers(2), Reader(address=ADA, status=Status.PENDING)])
        session.add(new_edition())


def confirm(database: Database, joined: list[bool]) -> None:
    with database.sessions.begin() as session:
        session.get_one(Subscription, (SLUG, 3)).status = Status.ACTIVE
        session.flush()
        joined.append(late.join(session, SLUG, 3, today=DAY, now=SEVEN, deliverable=HOUR))


def test_who_confirms_during_the_freeze_waits_for_it_and_has_the_edition(database: Database) -> None:
    if database.is_sqlite:
        return  # one writer
    about_to_freeze(database)
    joined: list[bool] = []
    joining = threading.Thread(target=confirm, args=(database, joined))

    with database.snapshot() as session:
        edition = editions.find(session, SLUG, DAY, lock=True)
        assert edition
        joining.start()
        joining.join(0.5)
        assert not joined
        ledger.freeze(session, edition, {"zh-CN": a_mailing()}, batch_size=10, now=SEVEN)
    joining.join(30)

    assert joined == [True]


def test_who_confirms_before_the_day_has_a_row_is_waited_for_and_has_the_edition(database: Database) -> None:
    if database.is_sqlite:
        return  # one writer
    about_to_freeze(database)
    with database.sessions.begin() as session:
        session.execute(delete(Edition))

    def begin() -> None:
        with database.sessions.begin() as session:
            late.await_joining(session, SLUG, DAY)
            session.add(new_edition())
        with database.snapshot() as session:
            edition = editions.find(session, SLUG, DAY, lock=True)
            assert edition
            ledger.freeze(session, edition, {"zh-CN": a_mailing()}, batch_size=10, now=SEVEN)

    beginning = threading.Thread(target=begin)
    with database.sessions.begin() as session:
        session.get_one(Subscription, (SLUG, 3)).status = Status.ACTIVE
        session.flush()
        joined = late.join(session, SLUG, 3, today=DAY, now=SEVEN, deliverable=HOUR)
        beginning.start()
        beginning.join(0.3)
        waited = beginning.is_alive()
    beginning.join(30)

    with database.readers() as session:
        theirs = session.scalars(select(Delivery).where(Delivery.subscriber_id == 3)).first()
    assert (joined, waited) == (False, True)
    assert theirs
    assert theirs.state is State.WAITING


def test_a_freeze_that_does_not_know_who_just_confirmed_begins_anew(database: Database) -> None:
    if database.is_sqlite:
        return  # one writer
    about_to_freeze(database)
    with database.snapshot() as session:
        session.execute(select(Subscription)).all()  # its moment is now
        confirm(database, [])
        with pytest.raises(OperationalError, match="could not serialize"):
            editions.find(session, SLUG, DAY, lock=True)
