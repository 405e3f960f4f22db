"""From a stub SendGrid that fails at random, over its events, to a settled ledger; and every sample."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.database import Database
from newsletter.delivery import books, control, ledger
from newsletter.delivery.states import State
from newsletter.editions.edition import Edition
from newsletter.feedback import inbox, sendgrid
from newsletter.feedback.applier import Applier
from newsletter.feedback.doubt import Patience
from newsletter.feedback.troubles import Sort, Trouble
from newsletter.testing import faults
from newsletter.testing.event_webhook import batches, wire
from newsletter.testing.sendgrid_events import events
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.testing.suppressions import Suppressions
from newsletter.transports.sendgrid import SendGridTransport
from subscribers import Address, Reason, Status, Subscription, Suppression
from tests.feedback.support import NOW, call_of, sent, standing, states
from tests.feedback.test_applier import an_applier
from tests.feedback.test_sendgrid import OURS
from tests.support import KEYS, SEVEN, SLUG, HandClock, Reader, a_sender, frozen, readers
from tests.tools import SHARED, needs_shared

MINUTE = timedelta(minutes=1)


class Stage:
    """A database, a stub, a clock, and whatever the stub tells of."""

    def __init__(
        self, database: Database, stub: StubSendGrid, *, people: int, batch_size: int, **patience: Any
    ):
        self.database, self.stub, self.clock = database, stub, HandClock()
        self.told: list[Trouble] = []
        self.transport = SendGridTransport(
            stub.key, host=stub.url, timeout=timedelta(seconds=1), clock=self.clock
        )
        self.applier: Applier = an_applier(
            database, self.told, clock=self.clock, silence=Patience(resends=True, **patience)
        )
        self.edition = frozen(database, readers(people), batch_size=batch_size)
        self.step = 3 * MINUTE
        self._seen = 0
        self._suppressions = Suppressions()

    def send(self) -> None:
        """Hand over what is due now."""
        sender = a_sender(self.database, self.transport, self.clock)
        while True:
            with self.database.sessions.begin() as session:
                ledger.reconcile(session, now=self.clock())
                batch = ledger.claim(
                    session,
                    owner="worker",
                    now=self.clock(),
                    lease=timedelta(minutes=3),
                    edition_id=self.edition.id,
                )
            if batch is None:
                return
            sender.send_batch(batch)

    def happen(self) -> list[dict[str, Any]]:
        """Return what the stub has to tell of the copies it took since it was last asked."""
        new = self.stub.messages[self._seen :]
        self._seen += len(new)
        return list(events(new, self._suppressions))

    def tell(self, found: list[dict[str, Any]], *, seed: int = 1, duplicates: int = 0) -> None:
        """Post these, out of order and in pieces, and let them take effect."""
        for batch in batches(found, seed=seed, duplicates=duplicates, largest=20_000):
            with self.database.sessions.begin() as session:
                inbox.put(session, sendgrid.NAME, inbox.pack(wire(batch)), now=self.clock())
        while self.applier.step():
            pass

    def pass_time(self, until: datetime) -> None:
        """Let time pass, step by step, with everything that happens in it."""
        while self.clock() < until:
            self.clock.forward(min(self.step, until - self.clock()))
            self.send()
            self.applier.step()

    # ---- what can be seen ----

    def received(self) -> Counter[str]:
        return Counter(message.address for message in self.stub.messages)

    def counted(self) -> Counter[State]:
        with self.database.readers() as session:
            kept = books.of_edition(session, session.get_one(Edition, self.edition.id))
        assert kept.balanced
        return Counter(states(self.database).values())


@pytest.fixture
def stub() -> Iterator[StubSendGrid]:
    with StubSendGrid() as opened:
        yield opened


@pytest.fixture
def a_stage(database: Database, stub: StubSendGrid) -> Iterator[Callable[..., Stage]]:
    opened: list[Stage] = []

    def make(**how: Any) -> Stage:
        opened.append(Stage(database, stub, **how))
        return opened[-1]

    yield make
    for stage in opened:
        stage.transport.close()


AStage = Callable[..., Stage]
FAULTS = (
    faults.BROKEN,
    faults.BROKEN.kept(),
    faults.BAD_GATEWAY,
    faults.RESET_AFTER_ACCEPT,
    faults.CLOSE_AFTER_ACCEPT,
    faults.WITHOUT_ID,
    faults.HALF_STATUS,
    faults.UNAVAILABLE,
    faults.rate_limited(),
    faults.RESET_BEFORE_BODY,
)


# ---- random faults ----


@pytest.mark.parametrize("round_", range(4))
def test_whatever_goes_wrong_nobody_has_two_and_events_settle_what_arrived(
    a_stage: AStage, stub: StubSendGrid, round_: int
) -> None:
    seed = random.randrange(2**32)
    print("seed", seed, "round", round_)
    chance = random.Random(seed)
    stage = a_stage(people=60, batch_size=chance.choice([7, 20, 60]))
    stub.refused = {f"r{n}@example.com" for n in chance.sample(range(1, 61), 3)}
    stub.go_wrong(0.4, FAULTS, seed=seed)

    stage.pass_time(SEVEN + 20 * MINUTE)
    stub.go_wrong(0, (), seed=0)
    stage.pass_time(SEVEN + 60 * MINUTE)
    stage.tell(stage.happen(), seed=seed, duplicates=20)
    stage.pass_time(SEVEN + 100 * MINUTE)

    received, counted = stage.received(), stage.counted()
    assert set(received.values()) <= {1}
    assert counted[State.ACCEPTED] == len(received)
    assert counted[State.REFUSED] <= 3
    # What is left in doubt never arrived: nothing else may be.
    assert counted[State.IN_DOUBT] == 60 - counted[State.REFUSED] - len(received)
    assert set(counted) <= {State.ACCEPTED, State.REFUSED, State.IN_DOUBT}


# ---- silence ----


def test_a_stub_that_takes_a_call_drops_the_answer_and_is_late_by_forty_minutes_gives_nobody_two(
    database: Database, a_stage: AStage, stub: StubSendGrid
) -> None:
    stage = a_stage(people=400, batch_size=100)
    stub.script(faults.CLOSE_AFTER_ACCEPT)
    stage.pass_time(SEVEN + 5 * MINUTE)
    in_doubt = stage.counted()[State.IN_DOUBT]
    late = stage.happen()

    stage.pass_time(SEVEN + 40 * MINUTE)
    # Those of the other calls come first, and the silent one's a little later.
    doubted = {id_ for id_, state in states(database).items() if state is State.IN_DOUBT}
    first = [event for event in late if int(event["nl_ref"].rpartition("s")[2]) not in doubted]
    stage.tell(first)
    stage.pass_time(SEVEN + 75 * MINUTE)
    stage.tell([event for event in late if event not in first])
    stage.pass_time(SEVEN + 80 * MINUTE)

    assert in_doubt == 100
    assert max(stage.received().values()) == 1
    assert stage.counted() == {State.ACCEPTED: 400}


@pytest.mark.parametrize("by", ["event", "call"])
def test_a_stub_that_sends_a_part_of_its_events_gives_nobody_two(
    database: Database, a_stage: AStage, stub: StubSendGrid, by: str
) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    stage = a_stage(people=600, batch_size=100)
    stub.script(None, faults.RESET_AFTER_ACCEPT)
    stage.pass_time(SEVEN + 3 * MINUTE)
    found = stage.happen()
    calls = sorted({event["nl_call"] for event in found})
    doubted = {id_ for id_, state in states(database).items() if state is State.IN_DOUBT}
    silent = next(event["nl_call"] for event in found if int(event["nl_ref"].rpartition("s")[2]) in doubted)
    told = set(chance.sample([call for call in calls if call != silent], 1))

    if by == "event":
        stage.tell([event for event in found if chance.random() < 0.17])
    else:
        stage.tell([event for event in found if event["nl_call"] in told])
    stage.pass_time(SEVEN + 90 * MINUTE)

    assert max(stage.received().values()) == 1
    counted = stage.counted()
    # By events at random some of the silent call are among them; by calls none is, and doubt stays.
    assert counted[State.IN_DOUBT] == (0 if by == "event" else 100)


def test_a_call_that_never_arrived_is_resent_once_when_everything_speaks_for_it(
    database: Database, a_stage: AStage, stub: StubSendGrid
) -> None:
    stage = a_stage(people=300, batch_size=100)
    stub.script(faults.BAD_GATEWAY)  # not kept
    stage.pass_time(SEVEN + 5 * MINUTE)
    stage.tell(stage.happen())
    before = stage.counted()

    stage.pass_time(SEVEN + 29 * MINUTE)
    early = stage.received().total()
    stage.pass_time(SEVEN + 45 * MINUTE)
    stage.tell(stage.happen())

    assert before == {State.ACCEPTED: 200, State.IN_DOUBT: 100}
    assert early == 200
    assert stage.received().total() == 300
    assert max(stage.received().values()) == 1
    assert stage.counted() == {State.ACCEPTED: 300}
    assert [trouble.sort for trouble in stage.told] == [Sort.SILENT]


def test_a_call_that_was_resent_and_is_silent_again_waits_for_a_person(
    database: Database, a_stage: AStage, stub: StubSendGrid
) -> None:
    stage = a_stage(people=300, batch_size=100)
    stub.script(faults.BAD_GATEWAY, None, None, faults.BAD_GATEWAY)
    stage.pass_time(SEVEN + 5 * MINUTE)
    stage.tell(stage.happen())

    stage.pass_time(SEVEN + 120 * MINUTE)

    assert stage.counted() == {State.ACCEPTED: 200, State.IN_DOUBT: 100}
    assert len([trouble for trouble in stage.told if trouble.sort is Sort.SILENT]) == 1


def test_without_having_opted_in_silence_resends_nothing(
    a_stage: AStage, stub: StubSendGrid, database: Database
) -> None:
    stage = a_stage(people=200, batch_size=100)
    stage.applier.silence = Patience()
    stub.script(faults.BAD_GATEWAY)
    stage.pass_time(SEVEN + 5 * MINUTE)
    stage.tell(stage.happen())

    stage.pass_time(SEVEN + 180 * MINUTE)

    assert stage.counted() == {State.ACCEPTED: 100, State.IN_DOUBT: 100}


def test_while_sending_is_switched_off_nothing_is_resent(
    a_stage: AStage, stub: StubSendGrid, database: Database
) -> None:
    stage = a_stage(people=200, batch_size=100)
    stub.script(faults.BAD_GATEWAY)
    stage.pass_time(SEVEN + 5 * MINUTE)
    stage.tell(stage.happen())
    with database.sessions.begin() as session:
        control.switch_off(session, because="a person", now=stage.clock())

    stage.pass_time(SEVEN + 60 * MINUTE)

    assert stage.counted()[State.IN_DOUBT] == 100


# ---- the samples ----


@needs_shared
@pytest.mark.parametrize("as_ours", [True, False], ids=["about our copies", "as they are"])
def test_every_sample_does_what_it_is_expected_to_and_nothing_else(database: Database, as_ours: bool) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    cases = json.loads((SHARED / "sendgrid" / "events.json").read_text())["cases"]
    # One reader a case, so that each can be seen by itself.
    told: list[dict[str, Any]] = []
    whose: dict[int, str] = {}
    for number, case in enumerate(cases, 1):
        event = dict(case["event"])
        if "email" in event:
            address = event["email"] if "@invalid" in event["email"] else f"{case['name']}@example.com"
            event["email"] = whose[number] = address
        told.append(event)
    people = [Reader(address=whose.get(n, f"nobody{n}@example.com")) for n in range(1, len(cases) + 1)]
    at = datetime.fromtimestamp(max(event["timestamp"] for event in told), tz=NOW.tzinfo) + MINUTE
    edition = sent(database, people)
    if as_ours:
        call = call_of(database, edition, 1)
        for number, event in enumerate(told, 1):
            if "nl_delivery" in event:
                event.update({"nl_ref": f"e{edition.id}-s{number}", "nl_call": call})
    heard: list[Trouble] = []

    # In any order, told twice, in pieces, and all of it again.
    bodies = [wire([event]) for event in told] + [wire(told)]
    bodies += [wire(some) for some in batches(told, seed=seed, duplicates=10, largest=2_000)]
    chance.shuffle(bodies)

    def put(body: bytes) -> None:
        with database.sessions.begin() as session:
            inbox.put(session, sendgrid.NAME, inbox.pack(body), now=at)

    for _ in range(2):
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(put, bodies))
        applier = an_applier(database, heard, clock=HandClock(at))
        while applier.step():
            pass

    with database.readers() as session:
        suppressed = {
            bytes(row.address_hash): row.reason
            for row in session.scalars(select(Suppression))
            if row.address_hash
        }
        left = set(
            session.scalars(
                select(Subscription.subscriber_id).where(
                    Subscription.newsletter == SLUG, Subscription.status == Status.LEFT
                )
            )
        )
        switch = control.switched_off(session)
    wanted = {
        KEYS.addresses.digest(Address(whose[number])): reason
        for number, case in enumerate(cases, 1)
        if (reason := _REASONS.get(case["expect"]["suppress"]))
    }
    assert suppressed == wanted
    assert left == {n for n, case in enumerate(cases, 1) if case["expect"]["suppress"] == "unsubscribed"}
    assert switch is None
    if as_ours:
        expected = {
            number: OURS.get(case["expect"]["kind"], case["expect"]["kind"])
            for number, case in enumerate(cases, 1)
            if "nl_delivery" in case["event"]
        }
        stands = {
            number: kind for number, kind in expected.items() if kind not in ("opened", "clicked", "other")
        }
        assert standing(database) == stands
        quota = next(n for n, case in enumerate(cases, 1) if case["expect"].get("resend"))
        assert [n for n, state in states(database).items() if state is State.REFUSED] == [quota]
        assert {trouble.about for trouble in heard if trouble.sort is Sort.DROPPED} == {
            "Recipient List over Package Quota",
            "Invalid SMTPAPI header",
        }
    assert len([trouble for trouble in heard if trouble.sort is Sort.ACCOUNT]) == 1


_REASONS = {
    "hard_bounce": Reason.BOUNCED,
    "invalid": Reason.BOUNCED,
    "complaint": Reason.COMPLAINED,
}
