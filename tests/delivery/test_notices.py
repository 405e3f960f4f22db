"""Notices: once an occasion, urgent ones first, and doubt is not resent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import notices
from newsletter.delivery.notice_sender import NoticeSender
from newsletter.delivery.notices import Posted
from newsletter.delivery.states import State
from newsletter.delivery.tables import Notice
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing, Sender, Template
from newsletter.replies import Meaning
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict
from newsletter.transports.memory import MemoryTransport
from subscribers import Reason, Subscriber, suppress_address
from tests.support import KEYS, SEVEN, HandClock, add, open_database, readers

MAILING = Mailing(
    edition="confirmation",
    language="zh-CN",
    sender=Sender("全球AI新闻速递", "news@news.example.com"),
    subject="请确认订阅",
    headers=(),
    text=Template(("请确认订阅",)),
    html=Template(("<p>请确认订阅</p>",)),
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def post(database: Database, key: str, *, priority: int = 0, **to: object) -> bool:
    person = to or {"address": f"{key}@example.com"}
    with database.sessions.begin() as session:
        return notices.post(
            session,
            Posted(purpose="test", dedupe_key=key, mailing=MAILING, priority=priority, **person),  # pyright: ignore[reportArgumentType]
            now=SEVEN,
        )


def wanted(session: Session, notice: Notice) -> str | None:
    return None


def sender(
    database: Database,
    transport: MemoryTransport,
    clock: HandClock | None = None,
    unwanted: Callable[[Session, Notice], str | None] = wanted,
) -> NoticeSender:
    return NoticeSender(
        database=database,
        transport=transport,
        keys=KEYS,
        clock=clock or HandClock(),
        lease=timedelta(minutes=3),
        owner="worker",
        unwanted=unwanted,
    )


def states(database: Database) -> dict[str, State]:
    with database.readers() as session:
        return {row.dedupe_key: row.state for row in session.scalars(select(Notice))}


def test_one_occasion_is_one_notice(database: Database) -> None:
    assert post(database, "confirm-1") is True
    assert post(database, "confirm-1") is False
    transport = MemoryTransport()

    sender(database, transport).send_due()
    sender(database, transport).send_due()

    assert [kept.copy.address for kept in transport.kept] == ["confirm-1@example.com"]
    assert states(database) == {"confirm-1": State.ACCEPTED}


def test_the_urgent_go_first(database: Database) -> None:
    post(database, "slow")
    post(database, "urgent", priority=5)
    post(database, "also-slow")
    transport = MemoryTransport()

    sender(database, transport).send_due()

    assert [kept.copy.address.partition("@")[0] for kept in transport.kept] == ["urgent", "slow", "also-slow"]


def test_a_notice_to_a_subscriber_follows_their_address(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, readers(1))
    post(database, "hello", subscriber_id=1)
    with database.sessions.begin() as session:
        session.get_one(Subscriber, 1).address = "moved@example.com"
    transport = MemoryTransport()

    sender(database, transport).send_due()

    assert [kept.copy.address for kept in transport.kept] == ["moved@example.com"]


def test_the_suppressed_and_the_erased_get_no_notice_and_it_is_said_why(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, readers(2))
        suppress_address(
            session, session.get_one(Subscriber, 1).address_hash, reason=Reason.COMPLAINED, now=SEVEN
        )
        session.get_one(Subscriber, 2).address = None
    post(database, "one", subscriber_id=1)
    post(database, "two", subscriber_id=2)
    transport = MemoryTransport()

    sender(database, transport).send_due()

    assert transport.kept == []
    assert states(database) == {"one": State.WITHDRAWN, "two": State.WITHDRAWN}


def test_a_notice_that_is_no_longer_wanted_is_withdrawn_with_the_reason(database: Database) -> None:
    post(database, "late")
    transport = MemoryTransport()

    sender(database, transport, unwanted=lambda _session, _notice: "too late").send_due()

    assert transport.kept == []
    assert states(database) == {"late": State.WITHDRAWN}


def test_an_outage_or_a_deferral_is_tried_again_later(database: Database) -> None:
    post(database, "a")
    post(database, "b")
    transport = MemoryTransport({"n1": [Unavailable("closed")], "n2": [Verdict.DEFERRED]})
    clock = HandClock()

    sender(database, transport, clock).send_due()
    sender(database, transport, clock).send_due()
    early = states(database)
    clock.forward(timedelta(minutes=2))
    sender(database, transport, clock).send_due()

    assert early == {"a": State.WAITING, "b": State.DEFERRED}
    assert set(states(database).values()) == {State.ACCEPTED}
    assert len(transport.kept) == 2


def test_a_wrong_key_keeps_every_notice_waiting(database: Database) -> None:
    for key in "abc":
        post(database, key)
    transport = MemoryTransport({"n2": [Misconfigured("wrong key")]})

    with pytest.raises(Misconfigured):
        sender(database, transport).send_due()

    assert states(database) == {"a": State.ACCEPTED, "b": State.WAITING, "c": State.WAITING}


def test_what_a_dead_worker_had_taken_is_in_doubt_and_not_resent(database: Database) -> None:
    post(database, "a")
    with database.sessions.begin() as session:
        notices.take(session, owner="dead", now=SEVEN, lease=timedelta(minutes=3), limit=5)
    transport = MemoryTransport()

    sender(database, transport, HandClock(SEVEN + timedelta(minutes=3))).send_due()

    assert states(database) == {"a": State.IN_DOUBT}
    assert transport.kept == []


def test_two_workers_never_take_the_same_notice(database: Database) -> None:
    for key in "abc":
        post(database, key)

    with database.sessions.begin() as session:
        first = notices.take(session, owner="a", now=SEVEN, lease=timedelta(minutes=3), limit=2)
    with database.sessions.begin() as session:
        second = notices.take(session, owner="b", now=SEVEN, lease=timedelta(minutes=3), limit=2)

    assert len(first) == 2
    assert not {notice.id for notice in first} & {notice.id for notice in second}


def test_a_notice_goes_to_exactly_one_person() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Posted(purpose="test", dedupe_key="k", mailing=MAILING)
    with pytest.raises(ValueError, match="exactly one"):
        Posted(purpose="test", dedupe_key="k", mailing=MAILING, subscriber_id=1, address="a@example.com")


class Breaks:
    """A transport that ends in a way no transport may."""

    name = "breaks"
    copies_per_call = 10
    streams = False

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        raise RuntimeError("a bug")

    def close(self) -> None:
        pass


def test_a_bug_puts_one_notice_in_doubt_and_leaves_the_others_waiting(database: Database) -> None:
    for key in "abc":
        post(database, key)

    with pytest.raises(RuntimeError, match="a bug"):
        sender(database, Breaks()).send_due()  # pyright: ignore[reportArgumentType]

    assert states(database) == {"a": State.IN_DOUBT, "b": State.WAITING, "c": State.WAITING}


def test_an_outage_does_not_use_up_the_tries_of_a_deferred_notice(database: Database) -> None:
    post(database, "a")
    transport = MemoryTransport({"n1": [Unavailable("closed")] * 6 + [Verdict.DEFERRED]})
    clock = HandClock()

    for _ in range(8):
        sender(database, transport, clock).send_due()
        clock.forward(timedelta(hours=2))

    assert states(database) == {"a": State.ACCEPTED}


class TooFast(MemoryTransport):
    """A far side that says for a while that we come too fast."""

    times = 8

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        self.times -= 1
        if self.times < 0:
            yield from super().send(mailing, copies, call_id=call_id, lane=lane)
            return
        for copy in copies:
            assert copy
            yield Outcome(
                ref=copy.ref, verdict=Verdict.DEFERRED, reply="421 slow down", meaning=Meaning.THROTTLED
            )


def test_coming_too_fast_never_uses_up_the_tries_of_a_notice(database: Database) -> None:
    post(database, "a")
    clock = HandClock()
    transport = TooFast()

    for _ in range(TooFast.times):
        sender(database, transport, clock).send_due()
        assert sender(database, transport, clock).send_due() == 0  # it is left alone for a while
        with database.readers() as session:
            assert session.get_one(Notice, 1).deferrals == 0
        clock.forward(timedelta(hours=1))
    sender(database, transport, clock).send_due()

    assert states(database) == {"a": State.ACCEPTED}
