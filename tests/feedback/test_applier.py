"""From the inbox to effects: each post once, whatever it holds and whoever else is at it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.database import Database
from newsletter.feedback import inbox, sendgrid
from newsletter.feedback.applier import Applier
from newsletter.feedback.events import Kind
from newsletter.feedback.sendgrid import Read
from newsletter.feedback.tables import FeedbackAside, FeedbackCount, FeedbackPost
from newsletter.feedback.troubles import Sort, Trouble
from newsletter.testing.event_webhook import wire
from newsletter.testing.sendgrid_events import integration_test, strangers
from tests.feedback.support import NOW, RULES, about, sent, standing
from tests.support import KEYS, HandClock

DELIVERED = {"event": "delivered"}
PROCESSED = {"event": "processed"}


def an_applier(database: Database, told: list[Trouble] | None = None, **changes: Any) -> Applier:
    heard = told if told is not None else []
    values: dict[str, Any] = {
        "database": database,
        "keys": KEYS,
        "rules": RULES,
        "clock": HandClock(NOW),
        "readers": {sendgrid.NAME: sendgrid.read_post},
        "tell": lambda _session, trouble: heard.append(trouble),
    }
    return Applier(**values | changes)


def post(database: Database, *bodies: bytes, provider: str = sendgrid.NAME) -> None:
    with database.sessions.begin() as session:
        for body in bodies:
            inbox.put(session, provider, inbox.pack(body), now=NOW)


def counts(database: Database) -> dict[str, int]:
    with database.readers() as session:
        return {row.what: row.count for row in session.scalars(select(FeedbackCount))}


def test_a_post_takes_effect_once_and_is_gone(database: Database) -> None:
    edition = sent(database, 2)
    post(database, wire([about(database, edition, 1, PROCESSED), about(database, edition, 2, DELIVERED)]))
    applier = an_applier(database)

    applier.step()
    applier.step()

    assert standing(database) == {1: Kind.ACCEPTED, 2: Kind.DELIVERED}
    assert counts(database) == {"accepted": 1, "delivered": 1}
    with database.readers() as session:
        assert inbox.waiting(session) == (0, None)


def test_what_nobody_can_use_is_counted_and_kept_aside_without_addresses(database: Database) -> None:
    post(database, wire([*strangers(NOW), *integration_test(NOW)]), b"no JSON", b"[3]")

    an_applier(database).step()

    assert counts(database)["foreign"] == 2
    assert counts(database)["odd"] == 2
    with database.readers() as session:
        kept = session.scalars(select(FeedbackAside)).all()
    assert {one.why.partition(" (")[0] for one in kept} == {"not ours", "no JSON", "not readable"}
    assert not any("@" in one.words for one in kept)


def test_a_post_with_a_fault_of_ours_stops_no_other(database: Database) -> None:
    edition = sent(database, 2)
    post(
        database,
        wire([about(database, edition, 1, DELIVERED)]),
        b"poison",
        wire([about(database, edition, 2, DELIVERED)]),
    )
    told: list[Trouble] = []

    def reader(body: bytes, *, received_at: datetime) -> Read:
        if body == b"poison":
            raise RuntimeError("a fault of ours")
        return sendgrid.read_post(body, received_at=received_at)

    an_applier(database, told, readers={sendgrid.NAME: reader}).step()

    assert standing(database) == {1: Kind.DELIVERED, 2: Kind.DELIVERED}
    assert [trouble.sort for trouble in told] == [Sort.FAILED]
    with database.sessions.begin() as session:
        assert inbox.failed(session) == 1
        assert inbox.retry_failed(session) == 1
    an_applier(database).step()  # mended
    with database.readers() as session:
        assert session.scalars(select(FeedbackPost)).all() == []


def test_whoever_comes_second_to_a_post_gives_way(database: Database) -> None:
    edition = sent(database, 1)
    post(database, wire([about(database, edition, 1, DELIVERED)]))
    first, second = an_applier(database), an_applier(database)
    with database.readers() as session:
        posts = inbox.next_posts(session, limit=10)

    first._apply_all(posts)
    taken = second._apply_all(posts)

    assert taken == 0
    assert counts(database) == {"delivered": 1}


def test_a_round_that_breaks_off_has_done_nothing(database: Database) -> None:
    edition = sent(database, 1)
    hard = {"event": "bounce", "type": "bounce", "reason": "550 5.1.1 no such user"}
    post(database, wire([about(database, edition, 1, hard), {"event": "account_status_change", "type": "x"}]))

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        an_applier(database, tell=fail).step()

    assert standing(database) == {}
    assert counts(database) == {}
    an_applier(database).step()
    assert standing(database) == {1: Kind.BOUNCED}
