"""SendGrid's own lists, read whole by windows of time, and what of them was not known here."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from newsletter.database import Database
from newsletter.feedback.reconcile import last_look, reconcile
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.testing.suppressions import Entry, ListName
from newsletter.transports.sendgrid import SendGridTransport
from newsletter.transports.sendgrid_lists import PAGE, NotRead
from subscribers import Event, Evidence, Reason, Status, Subscription, find, lift, normalise
from subscribers import apply as act
from tests.feedback.support import RULES, suppressed
from tests.support import KEYS, SEVEN, SLUG, HandClock, add, readers

NOW = SEVEN + timedelta(hours=21)
SCOPES = ["mail.send", *(f"suppression.{name}.read" for name in ListName), "suppression.read"]


@pytest.fixture
def stub() -> Iterator[StubSendGrid]:
    with StubSendGrid(keys={"SG.a.b": SCOPES}, clock=HandClock(NOW)) as opened:
        yield opened


@pytest.fixture
def transport(stub: StubSendGrid) -> Iterator[SendGridTransport]:
    opened = SendGridTransport(stub.key, host=stub.url, timeout=timedelta(seconds=5), clock=HandClock(NOW))
    yield opened
    opened.close()


def entry(
    address: str, *, ago: timedelta = timedelta(hours=5), reason: str = "550 5.1.1 no such user"
) -> Entry:
    return Entry(email=address, created=int((NOW - ago).timestamp()), reason=reason)


def look(database: Database, transport: SendGridTransport, **options: object):
    return reconcile(database, transport, keys=KEYS, rules=RULES, now=NOW, **options)  # type: ignore[arg-type]


def test_what_is_on_a_list_there_takes_effect_here_once(
    database: Database, stub: StubSendGrid, transport: SendGridTransport
) -> None:
    with database.sessions.begin() as session:
        add(session, readers(6))
    lists = stub.endpoints.suppressions
    lists.put(ListName.BOUNCES, entry("R1@example.com"))
    lists.put(ListName.SPAM_REPORTS, entry("r2@example.com"))
    lists.put(ListName.INVALID_EMAILS, entry("r3@example.com"))
    lists.put(ListName.UNSUBSCRIBES, entry("r4@example.com"))
    lists.put(ListName.BLOCKS, entry("r5@example.com"))  # for people to read
    lists.put(ListName.BOUNCES, entry("r6@example.com", reason="550 frequency limited"))  # about us

    first, second = look(database, transport), look(database, transport)

    assert (first.suppressed, first.left, first.unread) == (3, 1, {})
    assert (second.suppressed, second.left) == (0, 0)
    with database.readers() as session:
        digests = {n: KEYS.addresses.digest(normalise(f"r{n}@example.com")) for n in range(1, 7)}
        found = suppressed(session)
        assert {n: found.get(digest) for n, digest in digests.items()} == {
            1: Reason.BOUNCED,
            2: Reason.COMPLAINED,
            3: Reason.BOUNCED,
            4: None,
            5: None,
            6: None,
        }
        assert session.get_one(Subscription, (SLUG, 4)).status is Status.LEFT
    assert last_look(database) == NOW


@pytest.mark.parametrize("seconds", [1, 3, 2000])
def test_a_long_list_is_read_whole_while_it_grows(
    stub: StubSendGrid, transport: SendGridTransport, seconds: int
) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    lists = stub.endpoints.suppressions
    count = PAGE * 3 + 7
    moments = [timedelta(hours=1, seconds=chance.randrange(seconds)) for _ in range(count)]
    # Put in directly: the stub looks for an address among all it has.
    lists._lists[ListName.BOUNCES] += [entry(f"r{n}@example.com", ago=ago) for n, ago in enumerate(moments)]
    lists.coming = [
        (ListName.BOUNCES, entry(f"new{n}@example.com", ago=-timedelta(hours=1))) for n in range(9)
    ]

    found = list(transport.listed("bounces", since=NOW - timedelta(days=1), until=NOW))

    assert len(found) == count
    assert {one.address for one in found} == {f"r{n}@example.com" for n in range(count)}


def test_a_bounce_that_an_admin_lifted_here_does_not_come_back_from_there(
    database: Database, stub: StubSendGrid, transport: SendGridTransport
) -> None:
    stub.endpoints.suppressions.put(ListName.BOUNCES, entry("r1@example.com"))
    with database.sessions.begin() as session:
        for event in (Event.ASKED, Event.CONFIRMED):
            act(
                session,
                KEYS.addresses,
                normalise("r1@example.com"),
                newsletter=SLUG,
                event=event,
                evidence=Evidence(origin="test"),
                now=SEVEN,
            )
    look(database, transport)
    with database.sessions.begin() as session:
        person = find(session, KEYS.addresses, normalise("r1@example.com"))
        assert person
        assert lift(session, person, reason="they say it works", now=NOW)

    # Longer ago than the names of events are remembered.
    with database.sessions.begin() as session:
        from newsletter.feedback import once

        once.forget(session, now=NOW + timedelta(days=30))
    again = look(database, transport)

    assert again.suppressed == 0


def test_a_key_that_may_not_read_the_lists_says_so_and_nothing_follows(
    database: Database, stub: StubSendGrid, transport: SendGridTransport
) -> None:
    stub.keys[stub.key] = ["mail.send"]

    found = look(database, transport)

    assert set(found.unread) == set(found.entries)
    assert "scope" in found.unread["bounces"]
    assert last_look(database) is None
    with pytest.raises(NotRead):
        list(transport.listed("bounces", since=SEVEN, until=NOW))
