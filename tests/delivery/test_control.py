"""What a person does with an edition while it is being sent, from another process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import books, control, progress
from newsletter.delivery.control import Chosen, NothingToDo
from newsletter.delivery.doubt import in_doubt
from newsletter.delivery.states import State
from newsletter.delivery.tables import Delivery
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.replies import Meaning
from newsletter.transports.base import Outcome, Verdict
from newsletter.transports.memory import MemoryTransport
from tests.support import SEVEN, HandClock, Reader, a_sender, frozen, open_database, readers

HARD = "550 5.1.1 no such user"
SLOW_DOWN = "421 4.7.0 too many connections, slow down"


class Interrupted(MemoryTransport):
    """A far side during whose first call somebody else does something."""

    copies_per_call = 10

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile: Callable[[], None] | None = meanwhile

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        yield from super().send(mailing, copies, call_id=call_id, lane=lane)
        if self._meanwhile:
            self._meanwhile()
            self._meanwhile = None


class Saying(MemoryTransport):
    """A far side that refuses some copies in words of its own."""

    def __init__(self, words: dict[str, str]) -> None:
        super().__init__()
        self._words = words

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        for outcome in super().send(mailing, copies, call_id=call_id, lane=lane):
            said = self._words.get(outcome.ref)
            yield Outcome(ref=outcome.ref, verdict=Verdict.REFUSED, reply=said) if said else outcome


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def states(database: Database) -> dict[int, State]:
    with database.readers() as session:
        rows = session.execute(select(Delivery.subscriber_id, Delivery.state))
        assert books.of_edition(session, session.get_one(Edition, 1)).balanced
        return {id_: state for id_, state in rows}  # noqa: C416 - rows, not pairs, to a type checker


def counted(database: Database) -> dict[State, int]:
    found = list(states(database).values())
    return {state: found.count(state) for state in set(found)}


def elsewhere(database_url: str, act: Callable[..., object]) -> Callable[[], None]:
    """Return what does ``act`` to the edition over a connection of its own, as another process would."""

    def do() -> None:
        other = open_database(database_url)
        with other.sessions.begin() as session:
            act(session, session.get_one(Edition, 1, with_for_update=True))
        other.close()

    return do


# ---- while it is being sent ----


@pytest.mark.parametrize("how", ["pause", "stop"])
def test_no_call_begins_after_somebody_else_has_said_stop(
    database: Database, database_url: str, how: str
) -> None:
    def stop(session: Session, edition: Edition) -> None:
        if how == "pause":
            control.pause(session, edition, because="a wrong link")
        else:
            control.switch_off(session, because="a wrong link", now=SEVEN)

    transport = Interrupted(elsewhere(database_url, stop))
    edition = frozen(database, readers(50))

    drain(a_sender(database, transport), edition.id)

    assert len(transport.kept) == 10
    assert counted(database) == {State.ACCEPTED: 10, State.WAITING: 40}


def test_what_a_worker_has_on_its_way_ends_and_the_rest_of_a_cancelled_edition_is_withdrawn(
    database: Database, database_url: str
) -> None:
    transport = Interrupted(elsewhere(database_url, lambda s, e: control.cancel(s, e, because="not ours")))
    edition = frozen(database, readers(50), batch_size=25)

    drain(a_sender(database, transport), edition.id)

    assert len(transport.kept) == 10
    assert counted(database) == {State.ACCEPTED: 10, State.WITHDRAWN: 40}
    with database.readers() as session:
        assert session.get_one(Edition, 1).state is EditionState.CANCELLED


def test_a_resumed_edition_sends_the_rest_once(database: Database, database_url: str) -> None:
    transport = Interrupted(elsewhere(database_url, lambda s, e: control.pause(s, e, because="look")))
    edition = frozen(database, readers(50))
    drain(a_sender(database, transport), edition.id)

    elsewhere(database_url, control.resume)()
    drain(a_sender(database, transport), edition.id)

    assert sorted(kept.copy.ref for kept in transport.kept) == sorted(f"e1-s{n}" for n in range(1, 51))


# ---- refused and in doubt ----


@pytest.fixture
def refused(database: Database) -> Edition:
    """Return an edition with refusals of two kinds, in two lanes."""
    people = [Reader(address=f"r{n}@qq.com") for n in (1, 2)] + [
        Reader(address=f"s{n}@gmail.com") for n in (3, 4)
    ]
    edition = frozen(database, people)
    words = {"e1-s1": HARD, "e1-s2": SLOW_DOWN, "e1-s3": HARD}
    drain(a_sender(database, Saying(words)), edition.id)
    return edition


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        (Chosen(meanings=frozenset({Meaning.HARD})), {1, 3}),
        (Chosen(meanings=frozenset({Meaning.THROTTLED, Meaning.CONTENT})), {2}),
        (Chosen(meanings=frozenset({Meaning.HARD}), lane=Lane.QQ), {1}),
        (Chosen(words="no such user"), {1, 3}),
        (Chosen(lane=Lane.GMAIL), {3}),
        (Chosen(subscriber_id=2), {2}),
        (Chosen(subscriber_id=4), set()),
    ],
)
def test_only_the_refused_copies_that_are_meant_are_counted_and_tried_again(
    database: Database, refused: Edition, chosen: Chosen, ids: set[int]
) -> None:
    with database.sessions.begin() as session:
        edition = session.get_one(Edition, refused.id)
        before = control.count(session, edition, chosen, State.REFUSED)
        again = control.retry(session, edition, chosen, now=SEVEN)

    assert before == again == len(ids)
    assert {id_ for id_, state in states(database).items() if state is State.WAITING} == ids


def test_what_is_tried_again_has_time_left_and_goes_out(database: Database, refused: Edition) -> None:
    late = SEVEN + timedelta(hours=30)
    with database.sessions.begin() as session:
        edition = session.get_one(Edition, refused.id)
        edition.deliver_until = SEVEN + timedelta(hours=1)
        control.retry(session, edition, Chosen(lane=Lane.QQ), now=late)

    drain(a_sender(database, MemoryTransport(), HandClock(late)), refused.id)

    assert counted(database) == {State.ACCEPTED: 3, State.REFUSED: 1}


def test_nothing_of_a_cancelled_edition_is_tried_again(database: Database, refused: Edition) -> None:
    with database.sessions.begin() as session:
        edition = session.get_one(Edition, refused.id)
        edition.state = EditionState.CANCELLED

        with pytest.raises(NothingToDo, match="cancelled"):
            control.retry(session, edition, Chosen(lane=Lane.QQ), now=SEVEN)


def test_doubt_is_listed_by_reader_with_lane_and_time_and_a_masked_address(database: Database) -> None:
    people = [Reader(address="lin@qq.com"), Reader(address="sun@gmail.com"), Reader(address="wu@qq.com")]
    edition = frozen(database, people)
    orders = {f"e1-s{n}": Verdict.IN_DOUBT for n in (1, 2, 3)}
    drain(a_sender(database, MemoryTransport(orders)), edition.id)

    with database.readers() as session:
        everyone = in_doubt(session, edition, Chosen(), limit=2)
        qq = in_doubt(session, edition, Chosen(lane=Lane.QQ), limit=50)

    assert [(each.subscriber_id, each.address, each.lane, each.since) for each in everyone] == [
        (1, "l***@qq.com", Lane.QQ, SEVEN),
        (2, "s***@gmail.com", Lane.GMAIL, SEVEN),
    ]
    assert [each.subscriber_id for each in qq] == [1, 3]


# ---- how it goes ----


def test_the_speed_is_that_of_the_last_minute_and_counts_parts_of_longer_calls(database: Database) -> None:
    clock = HandClock()
    edition = frozen(database, readers(120))
    transport = Interrupted(lambda: clock.forward(timedelta(minutes=2)))
    transport.copies_per_call = 120
    drain(a_sender(database, transport, clock), edition.id)

    with database.readers() as session:
        counts = books.of_edition(session, edition)
        zone = HandClock().now.tzinfo
        assert zone
        at_end = progress.of_edition(session, edition, counts, limits={}, now=clock(), zone=zone)
        clock.forward(timedelta(minutes=2))
        later = progress.of_edition(session, edition, counts, limits={}, now=clock(), zone=zone)

    assert at_end.per_second == pytest.approx(1.0)
    assert later.per_second == 0
    assert not at_end.forecast.waiting
