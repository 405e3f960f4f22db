"""The worker's loops: each does its own part, survives what goes wrong, and ends when it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import select

from newsletter import limits
from newsletter.app import App
from newsletter.config import DatabaseSettings, NewsletterSettings, Settings, TransportKind, TransportSettings
from newsletter.database import DatabaseBusy
from newsletter.delivery import calls, heartbeat, late, ledger
from newsletter.delivery.states import State
from newsletter.delivery.stopping import Stopping
from newsletter.delivery.tables import Delivery, Notice
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.lanes import Lane
from newsletter.limits import Limit, LimitCount
from newsletter.mailing import Copy, Mailing
from newsletter.schedule import LONGEST_PAUSE, Loop, Stoppable, Worker
from newsletter.signup import membership, requests
from newsletter.signup.requests import Wish
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict
from newsletter.transports.memory import MemoryTransport
from subscribers import Evidence, Purpose, Status, Subscriber, Subscription, normalise
from tests.support import KEYS, SEVEN, SLUG, HandClock, a_mailing, frozen, open_database, readers

ADA = "ada@example.com"


@pytest.fixture
def app(database_url: str) -> Iterator[App]:
    """Return an installation whose mails stay in memory and whose clock is set by hand."""
    app = App(
        Settings(
            public_url="https://news.example.com",
            database=DatabaseSettings(url=database_url),
            transport=TransportSettings(kind=TransportKind.MEMORY),
            newsletters={SLUG: NewsletterSettings(name="全球 AI 早报")},
        ),
        clock=HandClock(),
    )
    app.__dict__["database"] = open_database(database_url)
    app.__dict__["keys"] = KEYS
    yield app
    app.close()


@pytest.fixture
def clock(app: App) -> HandClock:
    assert isinstance(app.clock, HandClock)
    return app.clock


@pytest.fixture
def sent(app: App) -> MemoryTransport:
    assert isinstance(app.transport, MemoryTransport)
    return app.transport


def ask(app: App, typed: str, newsletter: str = SLUG) -> None:
    with app.database.sessions.begin() as session:
        requests.ask(
            session,
            newsletter,
            normalise(typed),
            wish=Wish.SUBSCRIBE,
            evidence=Evidence(origin="form"),
            now=app.clock(),
        )


def addresses(sent: MemoryTransport) -> list[str]:
    return [kept.copy.address for kept in sent.kept]


# ---- what each part does ----


def test_a_form_becomes_a_mail_in_two_steps(app: App, sent: MemoryTransport) -> None:
    worker = Worker(app)
    ask(app, ADA)

    worker.send_notices()
    before = addresses(sent)
    worker.answer_requests()
    worker.send_notices()

    assert before == []
    assert addresses(sent) == [ADA]


def test_more_forms_than_one_round_answers_are_answered_at_once(app: App) -> None:
    worker = Worker(app)
    for number in range(requests.AT_ONCE + 1):
        ask(app, f"r{number}@example{number}.com")

    assert worker.answer_requests() is True
    assert worker.answer_requests() is False
    with app.database.readers() as session:
        assert requests.waiting(session) == set()


def test_a_form_for_a_newsletter_that_is_not_configured_waits(app: App) -> None:
    ask(app, ADA, newsletter="gone")

    assert Worker(app).answer_requests() is False
    with app.database.readers() as session:
        assert requests.waiting(session) == {"gone"}


def test_batches_that_are_due_are_sent_and_the_edition_is_closed(app: App, sent: MemoryTransport) -> None:
    edition = frozen(app.database, readers(5), batch_size=2)

    Worker(app).send_editions()

    assert len(sent.kept) == 5
    with app.database.readers() as session:
        assert session.get_one(Edition, edition.id).state is EditionState.FINISHED


def test_what_is_due_later_is_left_until_then(app: App, clock: HandClock) -> None:
    app.__dict__["transport"] = sent = MemoryTransport({"e1-s1": [Verdict.DEFERRED]})
    frozen(app.database, readers(2))
    worker = Worker(app)

    worker.send_editions()
    worker.send_editions()
    early = addresses(sent)
    clock.forward(timedelta(minutes=3))
    worker.send_editions()

    assert early == ["r2@example.com"]
    assert addresses(sent) == ["r2@example.com", "r1@example.com"]


def test_a_late_joiner_is_sent_todays_edition(app: App, clock: HandClock, sent: MemoryTransport) -> None:
    worker = Worker(app)
    edition = frozen(app.database)
    worker.send_editions()
    ask(app, ADA)
    worker.answer_requests()
    with app.database.sessions.begin() as session:
        (person,) = session.scalars(select(Subscriber)).all()
        token = KEYS.tokens.sign(Purpose.CONFIRM, newsletter=SLUG, subscriber_id=person.id, now=clock())
        assert membership.confirm(session, KEYS, token, evidence=Evidence(origin="page"), now=clock())
        assert late.join(
            session, SLUG, person.id, today=edition.day, now=clock(), deliverable=timedelta(hours=20)
        )

    worker.send_editions()

    assert addresses(sent) == [ADA]


def test_editions_wait_while_the_installation_may_not_send_them(
    app: App, sent: MemoryTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen(app.database, readers(1))
    monkeypatch.setattr(App, "refusal", lambda self: "no public_url")

    Worker(app).send_editions()

    assert sent.kept == []


def test_on_sqlite_another_sender_is_waited_for(app: App, sent: MemoryTransport) -> None:
    frozen(app.database, readers(1))
    worker = Worker(app)

    with app.database.sole_sender() as sole:
        worker.send_editions()
        kept = len(sent.kept)
    worker.send_editions()

    assert kept == (0 if sole else 1)
    assert len(sent.kept) == 1


def test_on_sqlite_nobody_waits_for_the_lease_of_a_worker_that_died_over_the_last_batch(app: App) -> None:
    edition = frozen(app.database, readers(2))
    with app.database.sessions.begin() as session:
        batch = ledger.claim(session, owner="dead", now=SEVEN, lease=timedelta(minutes=3))
        assert batch
        call = calls.open_call(batch, transport="memory", now=SEVEN)
        today = {"newsletter": SLUG, "day": edition.day, "now": SEVEN, "lease": timedelta(minutes=3)}
        calls.take(session, batch, call, after_id=0, limit=1, **today)

    Worker(app).send_editions()

    with app.database.readers() as session:
        states = [row.state for row in session.scalars(select(Delivery).order_by(Delivery.subscriber_id))]
    # Where several may send, its lease must run out first: perhaps it lives.
    is_alone = app.database.is_sqlite
    assert states == ([State.IN_DOUBT, State.ACCEPTED] if is_alone else [State.IN_FLIGHT, State.WAITING])


def test_a_morning_by_hand_is_told_when_the_worker_is_sending(app: App) -> None:
    if not app.database.is_sqlite:
        return
    frozen(app.database, readers(1))

    with app.database.sole_sender(), pytest.raises(DatabaseBusy, match="another newsletter process"):
        app.morning(SLUG).run()


def test_the_night_forgets_once(app: App, clock: HandClock) -> None:
    worker = Worker(app)
    ask(app, ADA)
    worker.answer_requests()
    with app.database.sessions.begin() as session:
        limits.allow(session, Limit(name="x", times=1, window=timedelta(hours=1)), "k", now=clock())
        heartbeat.beat(session, owner="long dead", part="notices", now=clock())
    clock.forward(timedelta(days=31))
    ask(app, "bob@example.com")
    worker.answer_requests()

    worker.tidy()
    ask(app, ADA)
    clock.forward(timedelta(hours=1))
    worker.tidy()

    with app.database.readers() as session:
        assert session.scalars(select(Subscriber.address)).all() == ["bob@example.com"]
        assert min(session.scalars(select(LimitCount.ends_at))) >= clock()
        assert heartbeat.parts(session).keys() == {"answers", "tidy"}
        assert requests.waiting(session) == {SLUG}


# ---- the heartbeat ----


def test_each_part_beats_and_is_forgotten_when_it_ends_cleanly(app: App, clock: HandClock) -> None:
    worker = Worker(app)
    for step in (worker.answer_requests, worker.send_notices, worker.send_editions, worker.tidy):
        step()
    with app.database.readers() as session:
        beating = heartbeat.parts(session)
        alive = heartbeat.is_beating(session, now=clock() + heartbeat.FRESH)
        dead = heartbeat.is_beating(session, now=clock() + heartbeat.FRESH + timedelta(seconds=1))
    worker.join()

    assert beating == dict.fromkeys(("answers", "editions", "notices", "tidy"), SEVEN)
    assert (alive, dead) == (True, False)
    with app.database.readers() as session:
        assert heartbeat.latest(session) is None
        assert not heartbeat.is_beating(session, now=clock())


def test_the_heart_beats_again_only_after_a_while(app: App, clock: HandClock) -> None:
    worker = Worker(app)
    worker.answer_requests()
    clock.forward(heartbeat.EVERY - timedelta(seconds=1))
    worker.answer_requests()
    with app.database.readers() as session:
        early = heartbeat.latest(session)
    clock.forward(timedelta(seconds=1))
    worker.answer_requests()

    assert early == SEVEN
    with app.database.readers() as session:
        assert heartbeat.latest(session) == SEVEN + heartbeat.EVERY


# ---- ending ----


def test_a_worker_that_is_told_to_end_finishes_its_call_and_leaves_the_rest_waiting(app: App) -> None:
    frozen(app.database, readers(9), batch_size=3)
    worker: Worker

    class StopsAfterOne(MemoryTransport):
        def send(self, *args, **more) -> Iterator[Outcome]:
            worker.stop()
            yield from super().send(*args, **more)

    app.__dict__["transport"] = sent = StopsAfterOne()
    worker = Worker(app)
    worker.courier.threads = 1

    worker.send_editions()

    assert len(sent.kept) == 3
    with app.database.readers() as session:
        states = [row.state for row in session.scalars(select(Delivery).order_by(Delivery.subscriber_id))]
    assert states == [State.ACCEPTED] * 3 + [State.WAITING] * 6


def test_the_rest_of_a_batch_waits_too_when_a_call_takes_only_a_part(app: App, clock: HandClock) -> None:
    frozen(app.database, readers(5))
    worker: Worker

    class OneAtATime(MemoryTransport):
        copies_per_call = 1

        def send(self, *args, **more) -> Iterator[Outcome]:
            worker.stop()
            yield from super().send(*args, **more)

    app.__dict__["transport"] = sent = OneAtATime()
    worker = Worker(app)
    worker.send_editions()
    first = len(sent.kept)
    app.__dict__["transport"] = rest = MemoryTransport()
    clock.forward(timedelta(seconds=2))
    Worker(app).send_editions()

    assert (first, len(rest.kept)) == (1, 4)


def test_notices_that_were_not_handed_over_wait_for_the_next_worker(
    app: App, clock: HandClock, sent: MemoryTransport
) -> None:
    worker = Worker(app)
    ask(app, ADA)
    worker.answer_requests()
    worker.stop()
    worker.send_notices()
    kept = len(sent.kept)
    clock.forward(timedelta(seconds=2))
    Worker(app).send_notices()

    assert kept == 0
    assert addresses(sent) == [ADA]


def test_all_loops_start_and_end_in_threads_of_their_own(app: App, sent: MemoryTransport) -> None:
    worker = Worker(app, pause=timedelta(milliseconds=5))
    ask(app, ADA)

    worker.start()
    done = threading.Event()
    for _ in range(400):
        if sent.kept:
            break
        done.wait(0.05)
    worker.stop()
    worker.join()

    assert addresses(sent) == [ADA]
    assert {thread.name for thread in threading.enumerate()} & {
        "answers",
        "notices",
        "editions",
        "tidy",
    } == set()
    with app.database.readers() as session:
        assert {notice.state for notice in session.scalars(select(Notice))} == {State.ACCEPTED, State.WAITING}
        (listed,) = session.scalars(select(Subscription)).all()
    assert listed.status is Status.PENDING


# ---- a loop ----


def a_loop(step: Mock, *, rounds: int) -> tuple[Loop, list[float]]:
    """Return a loop that is told to end after so many rounds, and the pauses it makes."""
    pauses: list[float] = []
    stopping = Mock()
    stopping.is_set.side_effect = lambda: len(pauses) >= rounds
    stopping.wait.side_effect = pauses.append
    return Loop(name="part", step=step, pause=timedelta(seconds=2), stopping=stopping), pauses


def test_a_loop_goes_on_at_once_while_there_is_more(app: App) -> None:
    loop, pauses = a_loop(Mock(side_effect=[True, True, False]), rounds=3)

    loop.run()

    assert pauses == [0, 0, 2]


def test_a_loop_survives_what_goes_wrong_and_waits_longer_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = [RuntimeError("boom"), Misconfigured("wrong key"), OSError("gone")]
    loop, pauses = a_loop(Mock(side_effect=[*wrong, *[OSError()] * 4, False, OSError()]), rounds=9)

    loop.run()

    assert pauses[:3] == [4, 8, 16]
    assert pauses[5:] == [LONGEST_PAUSE.total_seconds()] * 2 + [2, 4]
    assert [bool(record.exc_info) for record in caplog.records[:3]] == [True, False, True]
    assert "wrong key" in caplog.text


def test_a_loop_survives_an_outage_of_days() -> None:
    loop, pauses = a_loop(Mock(side_effect=OSError), rounds=5000)

    loop.run()

    assert pauses[-1] == LONGEST_PAUSE.total_seconds()


def test_a_notice_to_a_silent_server_does_not_outlast_the_grace() -> None:
    stopping = Stopping(timedelta(seconds=0.1))
    is_closed = threading.Event()

    class Silent:
        name = "silent"
        copies_per_call = 1
        streams = True

        def send(
            self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
        ) -> Iterator[Outcome | None]:
            try:
                stopping.set()
                gives_up = time.monotonic() + 5
                while time.monotonic() < gives_up:
                    time.sleep(0.01)  # as long as a server may take
                    yield None
            finally:
                is_closed.set()

        def close(self) -> None: ...

    copy = Copy(ref="n1", address=ADA, values={})
    began = time.monotonic()

    # No outcome: the sender writes the doubt down.
    assert not any(Stoppable(Silent(), stopping).send(a_mailing(), [copy], call_id="c"))
    assert time.monotonic() - began < 2
    assert is_closed.is_set()


def test_a_transport_takes_no_call_after_the_end_was_told() -> None:
    stopping = Stopping()
    inner = MemoryTransport()
    transport = Stoppable(inner, stopping)
    stopping.set()

    assert (transport.name, transport.copies_per_call) == (inner.name, inner.copies_per_call)
    with pytest.raises(Unavailable, match="stopping"):
        list(transport.send(a_mailing(), [], call_id="c"))
