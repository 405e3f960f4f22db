"""Webhooks out: what is told, in which transaction, signed how, and how long it is tried."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.alarms import hooks
from newsletter.alarms.posting import Poster
from newsletter.alarms.tables import Hook, HookState
from newsletter.config.webhooks import EventWebhookSettings, WebhookEvent
from newsletter.database import Database
from newsletter.editions.edition import Edition
from newsletter.editions.states import Happening
from newsletter.fetching import Fetched, FetchFailed
from newsletter.fetching.errors import Reason as Why
from newsletter.outgoing import watch
from newsletter.outgoing.posting import Envelopes
from newsletter.outgoing.signing import headers
from subscribers import (
    Event,
    Evidence,
    Reason,
    Verdict,
    apply,
    erase,
    leave_all,
    normalise,
    suppress_addresses,
)
from tests.support import KEYS, SLUG, HandClock, add, new_edition, open_database, readers

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
ALL = EventWebhookSettings(name="all", url="https://crm.example/hook", secret=SECRET)  # type: ignore[arg-type]
SOME = EventWebhookSettings(
    name="some",
    url="https://other.example/hook",  # type: ignore[arg-type]
    secret=SECRET,  # type: ignore[arg-type]
    events=(WebhookEvent.LEFT,),
    newsletters=("robots",),
)
HERE = Evidence(origin="test")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(database_url: str, clock: HandClock) -> Iterator[Database]:
    opened = open_database(database_url)
    watch(opened, (ALL, SOME), clock)
    yield opened
    opened.close()


def act(database: Database, event: Event, clock: HandClock, *, who: str = "li@qq.com", on: str = SLUG) -> int:
    with database.sessions.begin() as session:
        listed = apply(
            session,
            KEYS.addresses,
            normalise(who),
            newsletter=on,
            event=event,
            evidence=HERE,
            now=clock(),
        )
        return listed.subscriber_id


def outbox(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what lies there: which webhook hears it, what it is, and what it says."""
    with database.readers() as session:
        rows = session.scalars(select(Hook).order_by(Hook.id))
        return [(row.target, row.content["type"], row.content["data"]) for row in rows]


def told(database: Database) -> list[str]:
    return [what for target, what, _ in outbox(database) if target == "event:all"]


class FarSide:
    """Answers what it is told to, and keeps what it got."""

    timeout = timedelta(seconds=20)

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)
        self.got: list[tuple[str, bytes, Mapping[str, str]]] = []

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Fetched:
        self.got.append((url, body, headers))
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            raise FetchFailed("connection refused", reason=Why.UNREACHABLE)
        return Fetched(status=status, url=url, headers={}, body=b"")


def a_poster(database: Database, clock: HandClock, far: FarSide) -> Poster:
    envelopes = Envelopes(webhooks={"all": ALL, "some": SOME}, database=database, clock=clock)
    return Poster(
        database=database,
        webhooks={},
        events=envelopes.post_of,
        ping_url=lambda _: "",
        fetcher=far,  # type: ignore[arg-type]  # a far side that answers as it is told to
        clock=clock,
        owner="worker",
    )


def test_a_readers_life_is_told_step_by_step(database: Database, clock: HandClock) -> None:
    for event in (Event.ASKED, Event.CONFIRMED, Event.CONFIRMED, Event.LEFT, Event.UNDONE):
        act(database, event, clock)
        clock.forward(timedelta(minutes=1))

    assert told(database) == [
        "subscriber.joined",
        "subscriber.confirmed",
        "subscriber.left",
        "subscriber.joined",
    ]


def test_the_outbox_holds_no_address(database: Database, clock: HandClock) -> None:
    number = act(database, Event.ASKED, clock)

    assert [data for _, _, data in outbox(database)] == [{"newsletter": SLUG, "subscriber": number}]


def test_what_was_rolled_back_is_not_told(database: Database, clock: HandClock) -> None:
    with database.sessions() as session:
        apply(
            session,
            KEYS.addresses,
            normalise("li@qq.com"),
            newsletter=SLUG,
            event=Event.ASKED,
            evidence=HERE,
            now=clock(),
        )
        session.rollback()

    assert told(database) == []


def test_many_who_leave_at_once_are_told_one_by_one(database: Database, clock: HandClock) -> None:
    with database.sessions.begin() as session:
        add(session, readers(3), newsletter="robots")
    with database.sessions.begin() as session:
        session.execute(select(Hook))  # nothing yet: bulk imports are told of nowhere
        leave_all(session, "robots", [1, 2], evidence=HERE, now=clock())

    found = [(target, data["subscriber"]) for target, what, data in outbox(database) if what.endswith("left")]
    assert sorted(found) == [("event:all", 1), ("event:all", 2), ("event:some", 1), ("event:some", 2)]


def test_a_webhook_hears_only_of_its_newsletters_and_events(database: Database, clock: HandClock) -> None:
    act(database, Event.ASKED, clock, on="robots")
    act(database, Event.ASKED, clock)
    act(database, Event.LEFT, clock)
    assert not [target for target, _, _ in outbox(database) if target == "event:some"]

    act(database, Event.LEFT, clock, on="robots")

    assert [what for target, what, _ in outbox(database) if target == "event:some"] == ["subscriber.left"]


def test_a_bounce_names_the_reader_and_why(database: Database, clock: HandClock) -> None:
    number = act(database, Event.ENROLLED, clock)
    digest = KEYS.addresses.digest(normalise("li@qq.com"))
    with database.sessions.begin() as session:
        suppress_addresses(session, {digest: Verdict(Reason.BOUNCED, clock())})
    with database.sessions.begin() as session:
        suppress_addresses(session, {b"x" * 32: Verdict(Reason.BOUNCED, clock())})  # nobody we know

    assert outbox(database)[-1] == (
        "event:all",
        "subscriber.bounced",
        {"subscriber": number, "reason": "bounced", "newsletters": [SLUG]},
    )
    assert len(outbox(database)) == 2


def test_an_edition_is_told_when_it_is_held_and_once_when_it_is_sent(
    database: Database, clock: HandClock
) -> None:
    with database.sessions.begin() as session:
        edition = new_edition()
        edition.subject = "早报"
        session.add(edition)
    for happening in (
        Happening.FAILED_GATE,
        Happening.FROZEN,
        Happening.DRAINED,
        Happening.JOINED,
        Happening.DRAINED,
    ):
        with database.sessions.begin() as session:
            session.get_one(Edition, edition.id).becomes(happening)
        clock.forward(timedelta(minutes=1))

    assert told(database) == ["edition.held", "edition.sent"]
    assert outbox(database)[0][2]["edition"] == edition.label


def test_a_post_is_signed_as_the_standard_says_and_carries_the_address_of_now(
    database: Database, clock: HandClock
) -> None:
    act(database, Event.ASKED, clock)
    far = FarSide()

    assert a_poster(database, clock, far).post_due() == 1

    url, body, sent = far.got[0]
    told = json.loads(body)
    assert url == "https://crm.example/hook"
    assert told["type"] == "subscriber.joined"
    assert told["data"]["address"] == "li@qq.com"
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"s" * 32, signed, hashlib.sha256)).decode()
    assert sent["webhook-signature"] == f"v1,{expected}"
    assert sent["webhook-timestamp"] == str(int(clock().timestamp()))


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    made = headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )

    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_who_was_erased_meanwhile_is_told_of_without_an_address(database: Database, clock: HandClock) -> None:
    number = act(database, Event.ASKED, clock)
    with database.sessions.begin() as session:
        erase(session, KEYS.addresses, normalise("li@qq.com"), now=clock())
    far = FarSide()

    a_poster(database, clock, far).post_due()

    assert json.loads(far.got[0][1])["data"] == {"newsletter": SLUG, "subscriber": number, "address": None}


def test_a_post_is_tried_again_for_two_days_under_the_same_id(database: Database, clock: HandClock) -> None:
    act(database, Event.ASKED, clock)
    far = FarSide(*[None, 500] * 30)
    poster, began = a_poster(database, clock, far), clock()

    while True:
        poster.post_due()
        with database.readers() as session:
            row = session.scalars(select(Hook)).one()
        if row.state is HookState.FAILED:
            break
        clock.forward(row.due_at - clock())

    assert len({sent["webhook-id"] for _, _, sent in far.got}) == 1
    assert clock() - began > timedelta(days=2)
    assert len(far.got) == hooks.MOST_OF_EVENTS


def test_who_says_gone_is_not_asked_again(database: Database, clock: HandClock) -> None:
    act(database, Event.ASKED, clock)
    far = FarSide(410)
    poster = a_poster(database, clock, far)

    poster.post_due()
    clock.forward(timedelta(days=1))

    assert poster.post_due() == 0


def test_an_alarm_goes_before_a_thousand_events(database: Database, clock: HandClock) -> None:
    act(database, Event.ASKED, clock)
    clock.forward(timedelta(minutes=1))
    with database.sessions.begin() as session:
        hooks.put(session, key="alarm", target="ops", content={}, now=clock())
        taken = hooks.take(session, owner="w", now=clock(), lease=timedelta(minutes=1))

    assert taken is not None
    assert taken.target == "ops"


def test_what_was_told_is_forgotten_and_what_waits_is_not(database: Database, clock: HandClock) -> None:
    act(database, Event.ASKED, clock)
    a_poster(database, clock, FarSide()).post_due()
    act(database, Event.CONFIRMED, clock)
    clock.forward(timedelta(days=31))

    with database.sessions.begin() as session:
        hooks.forget_events(session, before=clock() - timedelta(days=30))

    assert told(database) == ["subscriber.confirmed"]
