"""Why did I not get it? Every end a copy can have, in one word and in sentences of both languages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from newsletter.config import LANGUAGES
from newsletter.database import Database
from newsletter.delivery import control, ledger
from newsletter.editions.states import State as EditionState
from newsletter.feedback import wording
from newsletter.feedback.why import Fate, Tale, recent, tell
from newsletter.language import catalog
from newsletter.replies import Meaning
from newsletter.transports.base import Verdict
from newsletter.transports.memory import MemoryTransport
from subscribers import (
    Cadence,
    Evidence,
    Reason,
    Status,
    Subscriber,
    Subscription,
    apply,
    normalise,
    suppress_address,
)
from subscribers import Event as Act
from tests.feedback.support import NOW, about, events_of, hand_over, sent, take_effect
from tests.support import DAY, KEYS, SEVEN, SLUG, Reader, a_mailing, add, frozen, new_edition, readers


def tale_of(database: Database, who: int, day: date = DAY) -> Tale:
    with database.readers() as session:
        (tale,) = tell(session, SLUG, session.get_one(Subscriber, who), day)
    return tale


def act(database: Database, who: int, *acts: Act) -> None:
    with database.sessions.begin() as session:
        for event in acts:
            apply(
                session,
                KEYS.addresses,
                normalise(f"r{who}@example.com"),
                newsletter=SLUG,
                event=event,
                evidence=Evidence(origin="test"),
                now=SEVEN - timedelta(days=1),
            )


def test_whoever_was_not_owed_it_is_told_why(database: Database) -> None:
    for who in range(1, 7):
        act(database, who, Act.ASKED, *([Act.CONFIRMED] if who != 2 else []))
    act(database, 3, Act.LEFT)
    with database.sessions.begin() as session:
        session.get_one(Subscription, (SLUG, 4)).paused_until = DAY + timedelta(days=3)
        session.get_one(Subscription, (SLUG, 5)).cadence = Cadence.WEEKLY
        six = session.get_one(Subscriber, 6)
        suppress_address(session, six.address_hash, reason=Reason.BOUNCED, now=SEVEN - timedelta(hours=1))
    frozen(database, now=SEVEN)
    with database.sessions.begin() as session:
        add(session, [Reader(address="r7@example.com")], now=SEVEN + timedelta(hours=1))

    fates = [tale_of(database, who).fate for who in range(1, 8)]

    assert fates == [
        Fate.WAITING,
        Fate.PENDING,
        Fate.LEFT,
        Fate.PAUSED,
        Fate.CADENCE,
        Fate.SUPPRESSED,
        Fate.LATER,
    ]
    assert tale_of(database, 6).suppressed is Reason.BOUNCED


@pytest.mark.parametrize(
    ("verdict", "fate"),
    [
        (Verdict.ACCEPTED, Fate.ACCEPTED),
        (Verdict.REFUSED, Fate.REFUSED),
        (Verdict.DEFERRED, Fate.WAITING),
        (Verdict.IN_DOUBT, Fate.DOUBTED),
    ],
)
def test_what_the_hand_over_came_to(database: Database, verdict: Verdict, fate: Fate) -> None:
    edition = frozen(database, readers(1))
    hand_over(database, edition, MemoryTransport({f"e{edition.id}-s1": [verdict]}))

    tale = tale_of(database, 1)

    assert (tale.fate, tale.is_owed) == (fate, True)
    assert tale.handed_over_at == SEVEN


@pytest.mark.parametrize(
    ("told", "fate"),
    [
        ({"event": "processed"}, Fate.ACCEPTED),
        ({"event": "deferred", "response": "451 later"}, Fate.DEFERRED),
        ({"event": "dropped", "reason": "Spam Content"}, Fate.DROPPED),
        ({"event": "delivered"}, Fate.DELIVERED),
        ({"event": "bounce", "type": "blocked", "reason": "552 5.2.2 mailbox full"}, Fate.BLOCKED),
        ({"event": "unsubscribe"}, Fate.UNSUBSCRIBED),
        ({"event": "bounce", "type": "bounce", "reason": "550 5.1.1 no such user"}, Fate.BOUNCED),
        ({"event": "spamreport"}, Fate.COMPLAINED),
    ],
)
def test_what_came_back(database: Database, told: dict[str, str], fate: Fate) -> None:
    edition = sent(database, 1)
    take_effect(database, events_of([about(database, edition, 1, told)]))

    tale = tale_of(database, 1)

    assert tale.fate is fate
    assert tale.came_back_at == NOW
    assert tale.as_json()["fate"] == fate.value


def test_a_copy_that_was_taken_back_or_came_too_late_says_so(database: Database) -> None:
    edition = frozen(database, readers(2))
    with database.sessions.begin() as session:
        session.get_one(Subscription, (SLUG, 1)).status = Status.LEFT
    hand_over(database, edition, MemoryTransport())
    with database.snapshot() as session:
        second = new_edition(DAY + timedelta(days=1))
        ledger.freeze(session, second, {"zh-CN": a_mailing()}, batch_size=10, now=SEVEN, deliver_until=NOW)
    with database.sessions.begin() as session:
        assert control.expire(session, now=NOW + timedelta(minutes=1)) == 1

    assert (tale_of(database, 1).fate, tale_of(database, 1).because) == (Fate.WITHDRAWN, "left")
    assert tale_of(database, 2, DAY + timedelta(days=1)).fate is Fate.EXPIRED


def test_a_day_without_an_edition_and_one_that_is_still_to_come(database: Database) -> None:
    with database.sessions.begin() as session:
        add(session, readers(1))
        held = new_edition(DAY)
        held.state = EditionState.HELD
        session.add(held)

    assert tale_of(database, 1).fate is Fate.COMING
    assert tale_of(database, 1, DAY + timedelta(days=1)).fate is Fate.NONE


def test_the_newest_editions_come_first(database: Database) -> None:
    edition = sent(database, 1)
    with database.snapshot() as session:
        ledger.freeze(
            session, new_edition(DAY + timedelta(days=1)), {"zh-CN": a_mailing()}, batch_size=10, now=SEVEN
        )
    with database.readers() as session:
        tales = recent(session, SLUG, session.get_one(Subscriber, 1), most=5)

    assert [tale.day for tale in tales] == [DAY + timedelta(days=1), edition.day]


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("fate", list(Fate))
def test_every_end_has_its_words(fate: Fate, tag: str) -> None:
    words = catalog(tag)
    for suppressed in (None, *Reason):
        for meaning in (None, Meaning.SOFT, Meaning.POLICY):
            tale = Tale(newsletter=SLUG, day=DAY, fate=fate, suppressed=suppressed, meaning=meaning)
            assert wording.what(tale, words)
            assert wording.to_do(tale, words, sender="news@example.com") != ""
