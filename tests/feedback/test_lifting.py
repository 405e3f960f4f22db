"""A bounce that an admin lifts is lifted at SendGrid as well, once, before the next mail goes out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.feedback.lifting import lift_there
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.testing.suppressions import Entry, ListName
from newsletter.transports.sendgrid import SendGridTransport
from subscribers import Reason, Subscriber, lift, suppress_address
from tests.feedback.support import NOW
from tests.support import HandClock, add, readers

ALL = ["mail.send", "suppression.read", "suppression.delete"]


@pytest.fixture(params=["may delete", "may not"])
def stub(request: pytest.FixtureRequest) -> Iterator[StubSendGrid]:
    scopes = ALL if request.param == "may delete" else ALL[:2]
    with StubSendGrid(keys={"SG.a.b": scopes}) as opened:
        for address in ("r1@example.com", "r2@example.com"):
            opened.endpoints.suppressions.put(ListName.BOUNCES, Entry(email=address, created=1))
        yield opened


def listed(stub: StubSendGrid) -> list[str]:
    kept = stub.endpoints.suppressions
    return [n for n in ("r1@example.com", "r2@example.com") if kept.find(ListName.BOUNCES, n)]


def bounced_and_lifted(session: Session, subscriber_id: int) -> None:
    person = session.get_one(Subscriber, subscriber_id)
    suppress_address(session, person.address_hash, reason=Reason.BOUNCED, now=NOW - timedelta(days=1))
    assert lift(session, person, reason="they wrote from it", now=NOW)


def test_an_address_is_lifted_there_too_before_the_next_mail(
    database: Database, stub: StubSendGrid, caplog: pytest.LogCaptureFixture
) -> None:
    may = "suppression.delete" in stub.keys["SG.a.b"]
    transport = SendGridTransport("SG.a.b", host=stub.url, clock=HandClock(NOW))
    with database.sessions.begin() as session:
        add(session, readers(2))
    first = lift_there(database, transport, now=NOW)
    with database.sessions.begin() as session:
        bounced_and_lifted(session, 1)

    second = lift_there(database, transport, now=NOW)
    left = listed(stub)
    third = lift_there(database, transport, now=NOW)
    transport.close()

    assert (first, second, third) == (0, 1 if may else 0, 0)
    assert left == (["r2@example.com"] if may else ["r1@example.com", "r2@example.com"])
    assert ("suppression.bounces.delete" in caplog.text) is not may
    assert "r1@" not in caplog.text
