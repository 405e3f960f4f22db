"""A provider that says "too fast" is left alone, by itself; nobody pays for it but the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from newsletter.database import Database
from newsletter.delivery import books, ledger
from newsletter.delivery.pacer import Pacer
from newsletter.delivery.pacing import Limits
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Delivery, LanePace
from newsletter.delivery.worker import Courier, courier_of
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.replies import read
from newsletter.transports.base import Outcome, Verdict
from subscribers import Suppression
from tests.support import (
    DAY,
    SEVEN,
    HandClock,
    Reader,
    a_mailing,
    a_sender,
    add,
    new_edition,
    open_database,
    readers,
)

FREQUENCY = "550 Mail frequency limited. https://service.mail.qq.com/detail/122/171"
TEN_MINUTES = timedelta(minutes=10)
UNTIL = SEVEN + timedelta(hours=15)  # 22:00 in Shanghai
TO_QQ, TO_OTHERS = 150, 60
A_DAY = 100  # of a warm-up
WARMING = 2_000  # QQ readers; in the real world 1,000 a day for 40,000


class ShyProvider:
    """A transport whose far side takes only so many QQ copies a minute, until ``generous_from``.

    It streams as SMTP does. What it says beyond that is QQ's own 550, which a sender who reads the code
    alone takes for the end of a mailbox.
    """

    name = "smtp"
    copies_per_call = 1000
    streams = True

    def __init__(self, clock: HandClock, *, generous_from: datetime) -> None:
        self.got: Counter[str] = Counter()
        self.got_at: dict[str, datetime] = {}
        self.refusals = 0
        self._clock = clock
        self._generous_from = generous_from

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome | None]:
        for copy in copies:
            if copy is None:
                yield None
            elif lane is Lane.QQ and self._clock() < self._generous_from:
                self.refusals += 1
                meaning = read(FREQUENCY, lane=lane)
                yield Outcome(ref=copy.ref, verdict=Verdict.DEFERRED, reply=FREQUENCY, meaning=meaning)
            else:
                self.got[copy.address] += 1
                self.got_at[copy.address] = self._clock()
                yield Outcome(ref=copy.ref, verdict=Verdict.ACCEPTED)

    def close(self) -> None:
        pass


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def frozen_until_ten(database: Database, people: list[Reader], *, clock: HandClock, days: int = 0) -> Edition:
    with database.sessions.begin() as session:
        if people:
            add(session, people)
        edition = new_edition(DAY + timedelta(days=days))
        ledger.freeze(
            session,
            edition,
            {"zh-CN": a_mailing()},
            batch_size=50,
            now=clock(),
            deliver_until=UNTIL + timedelta(days=days),
        )
    return edition


def a_courier(database: Database, transport: ShyProvider, clock: HandClock, **limits: Limits) -> Courier:
    pacer = Pacer({Lane(lane): limit for lane, limit in limits.items()})
    sender = a_sender(database, transport, clock)
    sender.pacer = pacer
    return courier_of({"ai_daily": sender})


def let_time_pass(courier: Courier, clock: HandClock, *, until: datetime, step: timedelta) -> None:
    while clock() < until:
        courier.send_due()
        clock.forward(step)
    courier.send_due()


def test_a_throttle_of_ten_minutes_costs_nobody_anything_and_others_do_not_wait(database: Database) -> None:
    clock = HandClock()
    qq, others = readers(TO_QQ, domain="qq.com"), readers(TO_OTHERS, domain="gmail.com")
    edition = frozen_until_ten(database, [*qq, *others], clock=clock)
    provider = ShyProvider(clock, generous_from=SEVEN + TEN_MINUTES)
    courier = a_courier(database, provider, clock)

    let_time_pass(courier, clock, until=SEVEN + timedelta(minutes=30), step=timedelta(minutes=1))

    assert provider.refusals > 0
    assert provider.got == Counter({reader.address: 1 for reader in [*qq, *others]})
    assert {provider.got_at[reader.address] for reader in others} == {SEVEN}
    # The second pause ends after 17 minutes, and a pause that has ended is used at once.
    assert max(provider.got_at.values()) <= SEVEN + timedelta(minutes=18)
    with database.readers() as session:
        kept = books.of_edition(session, session.get_one(Edition, edition.id))
        assert kept.balanced
        assert kept[State.ACCEPTED] == TO_QQ + TO_OTHERS
        assert session.get_one(Edition, edition.id).state is EditionState.FINISHED
        assert not session.scalar(select(func.count()).select_from(Suppression))


def test_a_throttle_pauses_the_lane_and_counts_against_no_copy(database: Database) -> None:
    clock = HandClock()
    edition = frozen_until_ten(database, readers(TO_QQ, domain="qq.com"), clock=clock)
    provider = ShyProvider(clock, generous_from=SEVEN + timedelta(hours=12))
    courier = a_courier(database, provider, clock)

    # Ten hours of nothing but throttles: many more than the tries a deferred copy has.
    let_time_pass(courier, clock, until=SEVEN + timedelta(hours=10), step=timedelta(minutes=10))

    with database.readers() as session:
        kept = books.of_edition(session, session.get_one(Edition, edition.id))
        assert kept.open == TO_QQ
        assert kept[State.REFUSED] == 0
        assert not any(session.scalars(select(Batch.deferrals)))
        assert session.get_one(LanePace, Lane.QQ).throttles >= 10
        replies = set(session.scalars(select(Delivery.reply).where(Delivery.reply.is_not(None))))
    assert replies == {FREQUENCY}
    # One copy asks when a pause ends: a far side that is asked again and again closes for longer.
    assert provider.refusals <= 12


def test_a_warm_up_closes_honestly_and_those_who_expired_come_first_the_next_day(database: Database) -> None:
    clock = HandClock()
    people = readers(WARMING, domain="qq.com")
    provider = ShyProvider(clock, generous_from=SEVEN)
    warm_up = Limits(warm_up=(A_DAY, 2 * A_DAY), warm_up_from=DAY)
    courier = a_courier(database, provider, clock, qq=warm_up)
    first = frozen_until_ten(database, people, clock=clock)

    let_time_pass(courier, clock, until=UNTIL, step=timedelta(hours=1))

    with database.readers() as session:
        closed = session.get_one(Edition, first.id)
        kept = books.of_edition(session, closed)
        reasons = set(session.scalars(select(Delivery.reply).where(Delivery.state == State.EXPIRED)))
    assert closed.state is EditionState.FINISHED
    assert kept.balanced
    assert (kept[State.ACCEPTED], kept[State.EXPIRED]) == (A_DAY, WARMING - A_DAY)
    assert reasons == {"not handed over before the edition's end"}
    served = set(provider.got)
    assert len(served) == A_DAY

    clock.now = SEVEN + timedelta(days=1)
    provider.got.clear()
    second = frozen_until_ten(database, [], clock=clock, days=1)
    let_time_pass(courier, clock, until=UNTIL + timedelta(days=1), step=timedelta(hours=1))

    assert len(provider.got) == 2 * A_DAY
    assert not served & set(provider.got)
    with database.readers() as session:
        assert books.of_edition(session, session.get_one(Edition, second.id)).balanced
