"""Handing over: nobody twice, nobody lost, and doubt only where it is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from newsletter.database import Database
from newsletter.delivery import books, ledger
from newsletter.delivery.states import BatchState, State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict, whole
from newsletter.transports.memory import MemoryTransport
from subscribers import Event, Evidence, Subscriber, apply, normalise
from tests.support import KEYS, SEVEN, SLUG, HandClock, a_sender, frozen, open_database, readers


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def states(database: Database) -> dict[int, State]:
    with database.readers() as session:
        return {row.subscriber_id: row.state for row in session.scalars(select(Delivery))}


def balanced(database: Database, edition: Edition) -> bool:
    with database.readers() as session:
        return books.of_edition(session, session.get_one(Edition, edition.id)).balanced


def addresses(transport: MemoryTransport) -> Counter[str]:
    return Counter(kept.copy.address for kept in transport.kept)


def test_everyone_gets_one_copy_with_links_of_their_own(database: Database) -> None:
    edition = frozen(database, readers(7), batch_size=3)
    transport = MemoryTransport()

    drain(a_sender(database, transport), edition.id)

    assert addresses(transport) == Counter({f"r{n}@example.com": 1 for n in range(1, 8)})
    assert len({kept.copy.values["leave_url"] for kept in transport.kept}) == 7
    assert len({kept.copy.values["message_id"] for kept in transport.kept}) == 7
    assert set(states(database).values()) == {State.ACCEPTED}
    with database.readers() as session:
        assert session.get_one(Edition, edition.id).state is EditionState.FINISHED


def test_the_same_work_done_again_sends_nothing(database: Database) -> None:
    edition = frozen(database, readers(3))
    transport = MemoryTransport()
    drain(a_sender(database, transport), edition.id)

    drain(a_sender(database, transport, owner="another"), edition.id)

    assert set(addresses(transport).values()) == {1}


def test_a_reader_who_leaves_after_the_freeze_gets_nothing_and_is_counted(database: Database) -> None:
    edition = frozen(database, readers(3))
    with database.sessions.begin() as session:
        apply(
            session,
            KEYS.addresses,
            normalise("r2@example.com"),
            newsletter=SLUG,
            event=Event.LEFT,
            evidence=Evidence(origin="test"),
            now=SEVEN,
        )
    transport = MemoryTransport()

    drain(a_sender(database, transport), edition.id)

    assert "r2@example.com" not in addresses(transport)
    assert states(database) == {1: State.ACCEPTED, 2: State.WITHDRAWN, 3: State.ACCEPTED}
    assert balanced(database, edition)


def test_a_reader_erased_after_the_freeze_gets_nothing_and_their_row_stays(database: Database) -> None:
    edition = frozen(database, readers(2))
    with database.sessions.begin() as session:
        session.get_one(Subscriber, 1).address = None
    transport = MemoryTransport()

    drain(a_sender(database, transport), edition.id)

    assert states(database) == {1: State.WITHDRAWN, 2: State.ACCEPTED}


def test_a_whole_batch_of_leavers_is_done_without_a_call(database: Database) -> None:
    edition = frozen(database, readers(3), batch_size=1)
    with database.sessions.begin() as session:
        for id_ in (1, 2, 3):
            session.get_one(Subscriber, id_).address = None
    transport = MemoryTransport()

    drain(a_sender(database, transport), edition.id)

    assert transport.kept == []
    assert set(states(database).values()) == {State.WITHDRAWN}


def test_each_verdict_ends_in_its_own_state(database: Database) -> None:
    edition = frozen(database, readers(4))
    ref = f"e{edition.id}-s"
    transport = MemoryTransport(
        {f"{ref}2": Verdict.REFUSED, f"{ref}3": Verdict.DEFERRED, f"{ref}4": Verdict.IN_DOUBT}
    )

    drain(a_sender(database, transport), edition.id)

    assert states(database) == {1: State.ACCEPTED, 2: State.REFUSED, 3: State.DEFERRED, 4: State.IN_DOUBT}
    assert balanced(database, edition)


def test_a_deferred_copy_is_tried_again_later_and_alone(database: Database) -> None:
    edition = frozen(database, readers(3))
    transport = MemoryTransport({f"e{edition.id}-s2": [Verdict.DEFERRED]})
    clock = HandClock()
    sender = a_sender(database, transport, clock)

    drain(sender, edition.id)
    drain(sender, edition.id)  # too early
    early = states(database)[2]
    clock.forward(timedelta(minutes=2))
    drain(sender, edition.id)

    assert early is State.DEFERRED
    assert states(database)[2] is State.ACCEPTED
    assert set(addresses(transport).values()) == {1}


def test_a_copy_deferred_five_times_is_refused_with_its_last_reply(database: Database) -> None:
    edition = frozen(database, readers(1))
    transport = MemoryTransport({f"e{edition.id}-s1": [Verdict.DEFERRED] * 9})
    clock = HandClock()

    for _ in range(6):
        drain(a_sender(database, transport, clock), edition.id)
        clock.forward(timedelta(hours=2))

    with database.readers() as session:
        delivery = session.scalars(select(Delivery)).one()
    assert delivery.state is State.REFUSED
    assert (delivery.reply or "").startswith("given up after 5 tries")
    assert balanced(database, edition)


def test_an_outage_puts_the_copies_back_and_is_never_given_up(database: Database) -> None:
    edition = frozen(database, readers(2))
    transport = MemoryTransport({f"e{edition.id}-s1": [Unavailable("closed")] * 8})
    clock = HandClock()

    for _ in range(8):
        drain(a_sender(database, transport, clock), edition.id)
        assert states(database)[1] is State.WAITING
        clock.forward(timedelta(hours=2))
    drain(a_sender(database, transport, clock), edition.id)

    assert states(database) == {1: State.ACCEPTED, 2: State.ACCEPTED}


def test_an_outage_is_left_alone_as_long_as_the_far_side_asks(database: Database) -> None:
    edition = frozen(database, readers(1))
    busy = Unavailable("busy", retry_after=timedelta(minutes=7))
    transport = MemoryTransport({f"e{edition.id}-s1": [busy]})

    drain(a_sender(database, transport), edition.id)

    with database.readers() as session:
        assert books.next_due(session, edition) == SEVEN + timedelta(minutes=7)


def test_a_wrong_key_stops_everything_and_loses_nothing(database: Database) -> None:
    edition = frozen(database, readers(4), batch_size=2)
    transport = MemoryTransport({f"e{edition.id}-s1": [Misconfigured("wrong key")]})

    with pytest.raises(Misconfigured):
        drain(a_sender(database, transport), edition.id)

    assert set(states(database).values()) == {State.WAITING}
    with database.readers() as session:
        assert {batch.state for batch in session.scalars(select(Batch))} == {BatchState.WAITING}


class Breaks:
    """A transport that ends in a way no transport may, after its first copy."""

    name = "breaks"
    copies_per_call = 10
    streams = False

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        given = whole(copies)
        yield Outcome(ref=given[0].ref, verdict=Verdict.ACCEPTED)
        raise RuntimeError("a bug")

    def close(self) -> None:
        pass


def test_a_bug_in_a_transport_leaves_doubt_and_not_a_second_copy(database: Database) -> None:
    edition = frozen(database, readers(3))

    with pytest.raises(RuntimeError, match="a bug"):
        drain(a_sender(database, Breaks()), edition.id)

    assert states(database) == {1: State.ACCEPTED, 2: State.IN_DOUBT, 3: State.IN_DOUBT}
    assert balanced(database, edition)


class Forgets(Breaks):
    """A transport that forgets to say what became of all but the first copy."""

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        given = whole(copies)
        yield Outcome(ref=given[0].ref, verdict=Verdict.ACCEPTED)


def test_a_copy_without_an_outcome_is_in_doubt(database: Database) -> None:
    edition = frozen(database, readers(2))

    drain(a_sender(database, Forgets()), edition.id)

    assert states(database) == {1: State.ACCEPTED, 2: State.IN_DOUBT}


class Slow(HandClock):
    """A clock that jumps once, as for a process that was stopped between intent and hand-over."""

    def __init__(self, *, jump_after: int) -> None:
        super().__init__()
        self.calls = 0
        self.jump_after = jump_after

    def __call__(self) -> datetime:
        self.calls += 1
        if self.calls == self.jump_after:
            self.now += timedelta(minutes=2, seconds=1)
        return self.now


@pytest.mark.parametrize("jump_after", range(2, 9))
def test_a_worker_that_slept_past_its_lease_hands_nothing_over_on_it(
    database: Database, jump_after: int
) -> None:
    edition = frozen(database, readers(1))
    transport = MemoryTransport()
    clock = Slow(jump_after=jump_after)

    drain(a_sender(database, transport, clock), edition.id)
    with database.sessions.begin() as session:
        ledger.reconcile(session, now=SEVEN + timedelta(hours=1))
    drain(a_sender(database, transport, HandClock(SEVEN + timedelta(hours=1))), edition.id)

    assert addresses(transport) == Counter({"r1@example.com": 1})
    assert states(database) == {1: State.ACCEPTED}


def test_outages_do_not_use_up_the_tries_of_a_deferred_copy(database: Database) -> None:
    edition = frozen(database, readers(1))
    orders = [Unavailable("closed")] * 6 + [Verdict.DEFERRED]
    transport = MemoryTransport({f"e{edition.id}-s1": orders})
    clock = HandClock()

    for _ in range(8):
        drain(a_sender(database, transport, clock), edition.id)
        clock.forward(timedelta(hours=2))

    assert states(database) == {1: State.ACCEPTED}


def test_a_far_side_that_is_slow_but_takes_mail_is_not_left_alone(database: Database) -> None:
    edition = frozen(database, readers(4))
    slow = {f"e{edition.id}-s{n}": [Unavailable("slow")] for n in (2, 3, 4)}
    clock = HandClock()

    drain(a_sender(database, MemoryTransport(slow), clock), edition.id)

    assert set(states(database).values()) == {State.ACCEPTED}


def test_the_far_side_s_words_never_cost_an_outcome_and_name_nobody(database: Database) -> None:
    edition = frozen(database, readers(2))

    class Talks(Breaks):
        def send(
            self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
        ) -> Iterator[Outcome]:
            given = whole(copies)
            yield Outcome(ref=given[0].ref, verdict=Verdict.ACCEPTED, provider_id="q" * 400)
            yield Outcome(
                ref=given[1].ref, verdict=Verdict.REFUSED, reply="550 <r2@example.com>\0 unknown" + "!" * 900
            )

    drain(a_sender(database, Talks()), edition.id)

    assert states(database) == {1: State.ACCEPTED, 2: State.REFUSED}
    with database.readers() as session:
        reply = session.get_one(Delivery, (edition.id, 2)).reply or ""
    assert "r2@example.com" not in reply
    assert reply.startswith("550")


def test_a_name_that_only_one_copy_has_is_not_the_call_s(database: Database) -> None:
    edition = frozen(database, readers(2))

    class Half(Breaks):
        def send(
            self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
        ) -> Iterator[Outcome]:
            given = whole(copies)
            yield Outcome(ref=given[0].ref, verdict=Verdict.ACCEPTED, provider_id="queue-1")
            yield Outcome(ref=given[1].ref, verdict=Verdict.IN_DOUBT)

    drain(a_sender(database, Half()), edition.id)

    with database.readers() as session:
        assert session.scalars(select(Call)).one().provider_id is None
        assert session.get_one(Delivery, (edition.id, 1)).provider_id == "queue-1"
