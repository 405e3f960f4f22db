"""What is in doubt is shown with its evidence; events settle notices too; a person decides about the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.database import Database
from newsletter.delivery import notices
from newsletter.delivery.control import NothingToDo
from newsletter.delivery.notice_sender import NoticeSender
from newsletter.delivery.notices import Posted
from newsletter.delivery.states import State
from newsletter.delivery.tables import Delivery, Notice
from newsletter.feedback import doubts
from newsletter.feedback.doubt import Patience
from newsletter.mailing import Template
from newsletter.testing import faults
from newsletter.testing.sendgrid_events import events
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.testing.suppressions import Suppressions
from newsletter.transports.sendgrid import SendGridTransport
from tests.feedback.support import NOW, events_of, hand_over, sent, states, take_effect
from tests.support import KEYS, SEVEN, HandClock, a_mailing, frozen, readers

NOTICE = replace(a_mailing(), headers=(), text=Template(("请确认",)), html=Template(("<p>请确认</p>",)))


@pytest.fixture
def stub() -> Iterator[StubSendGrid]:
    with StubSendGrid() as opened:
        yield opened


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def transport(stub: StubSendGrid, clock: HandClock) -> Iterator[SendGridTransport]:
    opened = SendGridTransport(stub.key, host=stub.url, timeout=timedelta(seconds=1), clock=clock)
    yield opened
    opened.close()


def send_notice(database: Database, transport: SendGridTransport) -> int:
    """Post a notice and hand it over; return its id."""
    with database.sessions.begin() as session:
        posted = Posted(purpose="confirm", dedupe_key="one", mailing=NOTICE, address="ada@example.com")
        notices.post(session, posted, now=SEVEN)
    NoticeSender(
        database=database,
        transport=transport,
        keys=KEYS,
        clock=HandClock(),
        lease=timedelta(minutes=3),
        owner="worker",
        unwanted=lambda _session, _notice: None,
    ).send_due()
    with database.readers() as session:
        return session.scalars(select(Notice.id)).one()


def notice_state(database: Database) -> State:
    with database.readers() as session:
        return session.scalars(select(Notice.state)).one()


def told_of(stub: StubSendGrid) -> list[dict[str, Any]]:
    return list(events(stub.messages, Suppressions()))


# ---- notices ----


def test_an_event_settles_a_notice_whose_answer_was_lost(
    database: Database, stub: StubSendGrid, transport: SendGridTransport
) -> None:
    stub.script(faults.CLOSE_AFTER_ACCEPT)
    send_notice(database, transport)
    before = notice_state(database)

    applied = take_effect(database, events_of(told_of(stub)))

    assert before is State.IN_DOUBT
    assert notice_state(database) is State.ACCEPTED
    assert applied.settled == 1
    assert applied.foreign == []


def test_an_event_of_another_installations_notice_settles_nothing(
    database: Database, stub: StubSendGrid, transport: SendGridTransport
) -> None:
    stub.script(faults.BAD_GATEWAY)  # it never arrived
    number = send_notice(database, transport)

    theirs = {"event": "delivered", "nl_ref": f"n{number}", "nl_call": "0" * 32, "email": "ada@example.com"}
    nameless = {"event": "delivered", "nl_ref": f"n{number}", "email": "ada@example.com"}
    take_effect(database, events_of([theirs, nameless]))

    assert notice_state(database) is State.IN_DOUBT


def test_an_event_that_comes_before_the_answer_is_given_up_settles_all_the_same(database: Database) -> None:
    with database.sessions.begin() as session:
        posted = Posted(purpose="confirm", dedupe_key="one", mailing=a_mailing(), address="ada@example.com")
        notices.post(session, posted, now=SEVEN)
        (notice,) = notices.take(
            session, owner="a", now=SEVEN, lease=timedelta(minutes=3), limit=1, call="c" * 32
        )
        number = notice.id
    early = {"event": "processed", "nl_ref": f"n{number}", "nl_call": "c" * 32, "email": "ada@example.com"}
    take_effect(database, events_of([early]))
    assert notice_state(database) is State.IN_FLIGHT

    with database.sessions.begin() as session:
        notices.reconcile(session, now=SEVEN + timedelta(minutes=3))
        settled = notices.settle_heard(session)

    assert settled == 1
    assert notice_state(database) is State.ACCEPTED


# ---- what a person decides ----


def test_a_call_in_doubt_is_shown_with_its_evidence(
    database: Database, stub: StubSendGrid, transport: SendGridTransport, clock: HandClock
) -> None:
    edition = frozen(database, readers(30), batch_size=10)
    stub.script(faults.BAD_GATEWAY)
    hand_over(database, edition, transport, clock)
    clock.forward(timedelta(minutes=20))
    hand_over(database, edition, transport, clock)
    take_effect(database, events_of(told_of(stub)))

    with database.readers() as session:
        (call,) = doubts.calls(session, Patience(), now=NOW)

    assert (call.copies, call.in_doubt, call.transport, call.edition_id) == (10, 10, "sendgrid", edition.id)
    assert (call.later_calls, call.later_accepted, call.later_heard) == (2, 20, 20)
    assert call.why_not_resent == "nobody has opted in"
    assert call.reply
    assert call.reply.startswith("502")


def test_a_person_settles_one_call_and_no_other(
    database: Database, stub: StubSendGrid, transport: SendGridTransport
) -> None:
    edition = sent(database, 10, transport=transport)
    assert set(states(database).values()) == {State.ACCEPTED}
    with database.sessions.begin() as session:
        for row in session.scalars(select(Delivery)):
            row.state = State.IN_DOUBT
        (call,) = doubts.calls(session, Patience(), now=NOW)
        accepted = doubts.accept(
            session, call.name, because="SendGrid's Activity shows it", who="lin", now=NOW
        )

    with database.sessions.begin() as session:
        left = list(doubts.calls(session, Patience(), now=NOW))
        with pytest.raises(NothingToDo, match="in doubt"):
            doubts.resend(session, call.name, who="lin", now=NOW)
        reply = session.get_one(Delivery, (edition.id, 1)).reply

    assert accepted == 10
    assert left == []
    assert reply == "settled by hand: SendGrid's Activity shows it"


def test_a_person_has_one_call_sent_again(
    database: Database, stub: StubSendGrid, transport: SendGridTransport, clock: HandClock
) -> None:
    edition = frozen(database, readers(10))
    stub.script(faults.BAD_GATEWAY)
    hand_over(database, edition, transport, clock)
    with database.sessions.begin() as session:
        (call,) = doubts.calls(session, Patience(), now=NOW)
        again = doubts.resend(session, call.name, who="lin", now=NOW)

    clock.forward(timedelta(hours=1))
    hand_over(database, edition, transport, clock)

    assert again == 10
    assert set(states(database).values()) == {State.ACCEPTED}
    assert len(stub.messages) == 10


def test_a_person_decides_about_a_notice(
    database: Database, stub: StubSendGrid, transport: SendGridTransport
) -> None:
    stub.script(faults.BAD_GATEWAY)
    number = send_notice(database, transport)

    with database.sessions.begin() as session:
        (shown,) = doubts.in_doubt_notices(session)
        doubts.resend(session, shown.name, who="lin", now=NOW)
        after = session.get_one(Notice, number, populate_existing=True)
        waiting, due_at = after.state, after.due_at
        with pytest.raises(NothingToDo):
            doubts.accept(session, shown.name, because="x", who="lin", now=NOW)

    assert (shown.name, shown.purpose) == (f"n{number}", "confirm")
    assert shown.to
    assert "ada@" not in shown.to
    assert (waiting, due_at) == (State.WAITING, NOW)


@pytest.mark.parametrize("name", ["", "c", "x5", "c5x", "17", "c99999"])
def test_what_names_nothing_says_what_would(database: Database, name: str) -> None:
    with database.sessions.begin() as session, pytest.raises(NothingToDo, match="newsletter doubt"):
        doubts.accept(session, name, because="x", who="lin", now=NOW)
