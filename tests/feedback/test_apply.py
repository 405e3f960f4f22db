"""Events take effect once, in any order, and only as far as the table says."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event as hooks
from sqlalchemy import func, select

from newsletter.database import Database
from newsletter.delivery import books, control, evidence, ledger
from newsletter.delivery.states import State
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.errors import ConfigError
from newsletter.feedback import aside
from newsletter.feedback.events import Event, Kind, Suppress
from newsletter.feedback.rules import Rules
from newsletter.feedback.sendgrid import read_post
from newsletter.feedback.tables import Feedback, FeedbackCount
from newsletter.feedback.troubles import Sort
from newsletter.replies import Meaning
from newsletter.testing.sendgrid_events import account_status_change
from newsletter.transports.base import Verdict
from newsletter.transports.memory import MemoryTransport
from subscribers import Event as Act
from subscribers import Evidence, Reason, Status, Subscription, apply, find, lift, normalise
from tests.feedback.support import (
    NOW,
    about,
    events_of,
    hand_over,
    sent,
    standing,
    states,
    suppressed,
    take_effect,
)
from tests.support import DAY, KEYS, SEVEN, SLUG, HandClock, a_mailing, add, frozen, new_edition, readers

PROCESSED = {"event": "processed"}
DELIVERED = {"event": "delivered", "response": "250 OK"}
DEFERRED = {"event": "deferred", "response": "451 4.7.1 later"}
HARD = {"event": "bounce", "type": "bounce", "reason": "550 5.1.1 no such user", "status": "5.1.1"}
FULL = {"event": "bounce", "type": "blocked", "reason": "552 5.2.2 mailbox full"}
POLICY = {"event": "bounce", "type": "blocked", "reason": "550 5.7.1 sender reputation"}
SPAM = {"event": "spamreport"}
GONE = {"event": "unsubscribe"}
QUOTA = {"event": "dropped", "reason": "Recipient List over Package Quota"}


def tell(
    database: Database, edition: Edition, who: int, *told: dict[str, Any], **changes: Any
) -> list[Event]:
    return events_of([about(database, edition, who, one, **changes) for one in told])


def reasons(database: Database) -> dict[str, Reason]:
    with database.readers() as session:
        found = suppressed(session)
    names = {KEYS.addresses.digest(normalise(f"r{n}@example.com")): f"r{n}" for n in range(1, 30)}
    return {names.get(digest, "?"): reason for digest, reason in found.items()}


def status(database: Database, who: int) -> Status:
    with database.readers() as session:
        return session.get_one(Subscription, (SLUG, who)).status


# ---- where a copy stands ----


def test_a_copy_stands_at_the_highest_that_was_heard_of_it_in_any_order(database: Database) -> None:
    edition = sent(database, 4)
    lives = {
        1: [PROCESSED, DEFERRED, DELIVERED],
        2: [PROCESSED, DELIVERED, HARD],
        3: [PROCESSED, DELIVERED, SPAM, GONE],
        4: [PROCESSED, FULL],
    }
    told = [event for who, life in lives.items() for event in tell(database, edition, who, *life)]
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)

    for _ in range(3):  # and again, and again
        chance.shuffle(told)
        for start in range(0, len(told), 3):
            take_effect(database, told[start : start + 3])

    assert standing(database) == {
        1: Kind.DELIVERED,
        2: Kind.BOUNCED,
        3: Kind.COMPLAINED,
        4: Kind.BLOCKED,
    }
    assert reasons(database) == {"r2": Reason.BOUNCED, "r3": Reason.COMPLAINED}
    assert [status(database, who) for who in (1, 2, 3, 4)] == [Status.ACTIVE] * 2 + [
        Status.LEFT,
        Status.ACTIVE,
    ]


def test_the_far_sides_words_are_kept_without_addresses(database: Database) -> None:
    edition = sent(database, 1)
    told = HARD | {"reason": "550 5.1.1 <r1@example.com>: no such user"}

    take_effect(database, tell(database, edition, 1, told))

    with database.readers() as session:
        row = session.scalars(select(Feedback)).one()
    assert row.reply
    assert "no such user" in row.reply
    assert "r1@" not in row.reply


def test_events_of_another_installation_at_the_account_move_no_copy(database: Database) -> None:
    edition = sent(database, 1)

    applied = take_effect(database, tell(database, edition, 1, DELIVERED, nl_call="f" * 32))

    assert standing(database) == {}
    assert len(applied.foreign) == 1


def test_what_came_is_counted(database: Database) -> None:
    edition = sent(database, 2)
    told = tell(database, edition, 1, DELIVERED, HARD) + tell(database, edition, 2, DELIVERED)

    take_effect(database, told)
    take_effect(database, told)

    with database.readers() as session:
        counts = dict(session.execute(select(FeedbackCount.what, FeedbackCount.count)).all())
    assert counts == {"delivered": 4, "bounced": 1, "repeated": 1}


# ---- readers ----


def test_it_is_the_address_of_the_event_that_is_suppressed(database: Database) -> None:
    edition = sent(database, 2)

    take_effect(database, tell(database, edition, 1, HARD, email="OLD@Example.com "))

    with database.readers() as session:
        assert suppressed(session) == {KEYS.addresses.digest(normalise("old@example.com")): Reason.BOUNCED}


def test_a_bounce_without_an_address_finds_the_reader_by_the_copy(database: Database) -> None:
    edition = sent(database, 2)
    bounced = Event(
        Kind.BOUNCED, NOW, edition.id, 2, key=b"k", suppress=Suppress.HARD_BOUNCE, meaning=Meaning.HARD
    )

    take_effect(database, [bounced])

    assert reasons(database) == {"r2": Reason.BOUNCED}


def test_other_mail_of_the_account_still_shows_that_an_address_is_dead(database: Database) -> None:
    told = HARD | {"email": "r1@example.com", "timestamp": int(NOW.timestamp()), "sg_event_id": "x"}

    applied = take_effect(database, events_of([told]))

    assert reasons(database) == {"r1": Reason.BOUNCED}
    assert applied.counts["foreign"] == 1


def test_a_bounce_told_again_after_an_admin_lifted_it_says_nothing(database: Database) -> None:
    edition = sent(database, 1)
    take_effect(database, tell(database, edition, 1, HARD))
    with database.sessions.begin() as session:
        person = find(session, KEYS.addresses, normalise("r1@example.com"))
        assert person
        lift(session, person, reason="they say it works", now=NOW + timedelta(hours=1))

    # Under another name: SendGrid's own list, read at night.
    take_effect(database, tell(database, edition, 1, HARD, sg_event_id="other"))

    assert reasons(database) == {}


def test_whoever_confirmed_after_they_unsubscribed_stays(database: Database) -> None:
    edition = sent(database, 1)
    with database.sessions.begin() as session:
        for act in (Act.LEFT, Act.ASKED, Act.CONFIRMED):
            apply(
                session,
                KEYS.addresses,
                normalise("r1@example.com"),
                newsletter=SLUG,
                event=act,
                evidence=Evidence(origin="test"),
                now=NOW + timedelta(hours=1),
            )

    applied = take_effect(database, tell(database, edition, 1, GONE))

    assert applied.left == 0
    assert status(database, 1) is Status.ACTIVE


def test_a_complaint_keeps_the_next_copy_back(database: Database) -> None:
    edition = frozen(database, readers(3), batch_size=1)
    hand_over(database, edition, MemoryTransport())
    take_effect(database, tell(database, edition, 1, SPAM))
    with database.snapshot() as session:
        following = new_edition(DAY + timedelta(days=1))
        ledger.freeze(session, following, {"zh-CN": a_mailing()}, batch_size=10, now=SEVEN)

    assert following.excluded == {"suppressed": 1}


# ---- failing again and again ----


def fail(database: Database, told: dict[str, Any], days: Iterable[int]) -> None:
    """Let the first reader's copy of the editions of these days fail, and let the events say so."""
    for day in days:
        at = NOW + timedelta(days=day)
        edition = edition_of(database, day)
        events = events_of([about(database, edition, 1, told, timestamp=int(at.timestamp()))], now=at)
        take_effect(database, events, now=at)


def edition_of(database: Database, day: int) -> Edition:
    """Return an edition of that day which was handed over."""
    at = SEVEN + timedelta(days=day)
    with database.snapshot() as session:
        if not session.scalar(select(func.count()).select_from(Subscription)):
            add(session, readers(2))
        edition = new_edition(DAY + timedelta(days=day))
        ledger.freeze(session, edition, {"zh-CN": a_mailing()}, batch_size=10, now=at)
    hand_over(database, edition, MemoryTransport(), HandClock(at))
    return edition


def test_failing_for_long_with_nothing_delivered_between_ends_the_mail(database: Database) -> None:
    fail(database, FULL, (0, 3, 6, 9))
    before = reasons(database)
    fail(database, FULL, [14])

    assert before == {}
    assert reasons(database) == {"r1": Reason.BOUNCED}


def test_a_delivery_between_failures_starts_the_count_anew_even_when_it_is_told_last(
    database: Database,
) -> None:
    fail(database, DELIVERED, [7])

    fail(database, FULL, (0, 3, 6, 12, 15))

    assert reasons(database) == {}


@pytest.mark.parametrize("told", [POLICY, FULL | {"reason": "550 frequency limited", "email": "r1@qq.com"}])
def test_what_is_about_us_never_counts_against_a_reader(database: Database, told: dict[str, Any]) -> None:
    fail(database, told, (0, 4, 8, 12, 16))

    assert reasons(database) == {}


def test_a_provider_that_drops_because_we_once_came_too_fast_costs_no_reader(database: Database) -> None:
    too_fast = HARD | {"reason": "550 Domain frequency limited", "status": "5.0.0"}
    fail(database, too_fast | {"email": "r1@qq.com"}, [0])
    edition = edition_of(database, 1)

    dropped = {"event": "dropped", "reason": "Bounced Address"}
    applied = take_effect(
        database, tell(database, edition, 1, dropped) + tell(database, edition, 2, dropped), now=NOW
    )

    assert reasons(database) == {"r2": Reason.BOUNCED}
    assert [(trouble.sort, trouble.about) for trouble in applied.troubles] == [
        (Sort.DROPPED, "Bounced Address")
    ]


def test_a_mailbox_that_was_full_and_is_dropped_ever_since_is_given_up_in_time(
    database: Database,
) -> None:
    final = FULL | {"type": "bounce", "bounce_classification": "Mailbox Unavailable"}
    dropped = {"event": "dropped", "reason": "Bounced Address"}
    fail(database, final, [0])
    fail(database, dropped, (3, 6, 9))
    before = reasons(database)

    fail(database, dropped, [15])

    assert before == {}
    assert reasons(database) == {"r1": Reason.BOUNCED}


# ---- editions ----


def test_too_many_blocks_stop_the_edition_once(database: Database) -> None:
    edition = sent(database, 20)
    with database.sessions.begin() as session:
        session.get_one(Edition, edition.id).state = EditionState.SENDING

    one = take_effect(database, tell(database, edition, 1, POLICY))
    two = take_effect(database, tell(database, edition, 2, POLICY))
    with database.sessions.begin() as session:
        stopped = session.get_one(Edition, edition.id)
        was = (stopped.state, stopped.stopped_because)
        control.resume(session, stopped)
    three = take_effect(database, tell(database, edition, 3, POLICY))

    assert one.troubles == []
    assert [(trouble.sort, trouble.facts["blocked"]) for trouble in two.troubles] == [(Sort.BLOCKED, 2)]
    assert was == (
        EditionState.PAUSED,
        "2 of 20 copies were blocked for what they say or for who we are",
    )
    assert three.troubles == []


def test_throttling_stops_no_edition(database: Database) -> None:
    edition = sent(database, 4)
    throttled = FULL | {"reason": "421 4.7.0 too many connections, try again later"}

    applied = take_effect(
        database, [e for who in (1, 2, 3, 4) for e in tell(database, edition, who, throttled)]
    )

    assert applied.troubles == []


def test_copies_that_never_left_for_our_own_reason_can_be_tried_again(database: Database) -> None:
    edition = sent(database, 3)
    told = tell(database, edition, 2, QUOTA)

    applied = take_effect(database, told)
    with database.sessions.begin() as session:
        again = session.get_one(Edition, edition.id)
        count = control.retry(session, again, control.Chosen(words="Quota"), now=NOW)
    hand_over(database, edition, MemoryTransport(), HandClock(NOW))
    # The same is told once more, under another name: the copy has gone out by another call since.
    repeated = take_effect(database, [told[0]._replace(key=b"another")])

    assert (applied.returned, count, repeated.returned) == (1, 1, 0)
    assert [trouble.sort for trouble in applied.troubles] == [Sort.DROPPED]
    assert reasons(database) == {}
    assert set(states(database).values()) == {State.ACCEPTED}
    with database.readers() as session:
        assert books.of_edition(session, session.get_one(Edition, edition.id)).balanced


# ---- the account ----


def test_a_suspended_account_stops_all_sending_and_only_a_person_lets_it_go_on(database: Database) -> None:
    suspended = events_of([account_status_change("compliance_suspend", NOW)])
    well = events_of([account_status_change("reactivate", NOW + timedelta(hours=1))])

    first = take_effect(database, suspended)
    again = take_effect(database, suspended)
    with database.readers() as session:
        switch = control.switched_off(session)
    second = take_effect(database, well)
    with database.sessions.begin() as session:
        assert control.switch_on(session)
    late = take_effect(database, [suspended[0]._replace(key=b"another")])

    assert [len(one.troubles) for one in (first, again, second, late)] == [1, 0, 1, 0]
    assert switch
    assert "compliance_suspend" in switch.because
    with database.readers() as session:
        assert control.switched_off(session) is None


# ---- doubt ----


def test_one_event_settles_a_whole_call(database: Database) -> None:
    doubted = MemoryTransport({f"e1-s{n}": [Verdict.IN_DOUBT] for n in (1, 2, 3)})
    edition = sent(database, 3, transport=doubted)
    assert set(states(database).values()) == {State.IN_DOUBT}

    take_effect(database, tell(database, edition, 2, PROCESSED))
    with database.sessions.begin() as session:
        settled = evidence.settle_heard(session, now=NOW)
        again = evidence.settle_heard(session, now=NOW)

    assert (settled, again) == (3, 0)
    assert set(states(database).values()) == {State.ACCEPTED}
    with database.readers() as session:
        kept = books.of_edition(session, session.get_one(Edition, edition.id))
        assert kept.balanced


def test_an_event_of_a_part_of_a_call_settles_its_copy_alone(database: Database) -> None:
    doubted = MemoryTransport({f"e1-s{n}": [Verdict.IN_DOUBT] for n in (1, 2, 3)})
    edition = sent(database, 3, transport=doubted)
    told = about(database, edition, 2, PROCESSED)

    applied = take_effect(database, events_of([told | {"nl_call": f"{told['nl_call']}.1"}]))
    with database.sessions.begin() as session:
        settled = evidence.settle_heard(session, now=NOW)

    assert (applied.settled, settled) == (1, 0)
    assert states(database) == {1: State.IN_DOUBT, 2: State.ACCEPTED, 3: State.IN_DOUBT}


# ---- at scale ----


def test_a_round_of_thousands_takes_few_statements(database: Database) -> None:
    edition = sent(database, 2_000, batch_size=1000)
    calls = {who: about(database, edition, who, PROCESSED)["nl_call"] for who in (1, 1500)}
    told = [
        PROCESSED
        | {
            "nl_ref": f"e{edition.id}-s{who}",
            "nl_call": calls[1 if who <= 1000 else 1500],
            "timestamp": 1795420802,
        }
        for who in range(1, 2001)
    ]
    statements: list[str] = []
    hooks.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    take_effect(database, events_of(told))

    assert len(statements) < 20
    with database.readers() as session:
        assert session.scalar(select(func.count()).select_from(Feedback)) == 2000


def test_rules_that_make_no_sense_are_refused() -> None:
    for wrong in ({"soft_failures": 1}, {"blocks_percent": 0}):
        with pytest.raises(ConfigError):
            Rules(**wrong)  # type: ignore[arg-type]  # on purpose


def test_days_are_counted_by_the_moment_they_came(database: Database) -> None:
    edition = sent(database, 1)
    take_effect(database, tell(database, edition, 1, HARD), now=NOW)

    with database.readers() as session:
        assert set(session.scalars(select(FeedbackCount.day))) == {date(2026, 11, 22)}


@pytest.mark.parametrize("odd", ["a\0b", "a\ud800b", "y" * 60_000], ids=["NUL", "half a pair", "long"])
def test_one_odd_text_fails_no_batch(database: Database, odd: str) -> None:
    edition = sent(database, 3)
    told: list[dict[str, Any]] = []
    names = ("bounce", "dropped", "deferred", "click", "open", "spamreport", "unsubscribe", "weird")
    for name in names:
        texts = dict.fromkeys(("reason", "response", "status", "type", "bounce_classification"), odd)
        event = about(database, edition, 1, {"event": name, "url": f"https://e/{odd}", **texts})
        told += [
            event | {"useragent": "Mozilla/5.0 (iPhone)"},
            event | {"email": odd, "sg_event_id": odd + name},
            event | {"nl_call": odd, "sg_event_id": f"another {name}"},
            event | {"nl_ref": odd, "sg_event_id": f"a third {name}"},
        ]
    told.append({"event": "account_status_change", "type": odd, "sg_event_id": "account", "timestamp": 1})
    told.append(about(database, edition, 2, SPAM))

    read = read_post(json.dumps(told).encode(), received_at=NOW)
    applied = take_effect(database, read.events, rules=Rules(counts_reading=True, keeps_trail=True))
    with database.sessions.begin() as session:
        aside.keep(session, "sendgrid", aside.foreign(applied.foreign), now=NOW)

    assert reasons(database)["r2"] is Reason.COMPLAINED
