"""People come and go by events; the evidence stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import (
    Event,
    Evidence,
    Reason,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    TransitionNotAllowed,
    apply,
    find,
    history,
    normalise,
    page,
    subscriptions,
    suppress_address,
    suppression_of,
)
from tests.support import KEYS, SEVEN, SLUG, add, open_database, readers

HASHER = KEYS.addresses
ADA = normalise("ada@example.com")


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    database = open_database(database_url)
    with database.sessions.begin() as session:
        yield session
    database.close()


def happen(session: Session, event: Event, *, newsletter: str = SLUG, origin: str = "form") -> Subscription:
    return apply(
        session, HASHER, ADA, newsletter=newsletter, event=event, evidence=Evidence(origin=origin), now=SEVEN
    )


def test_asking_and_confirming_makes_a_reader_with_evidence_of_both(session: Session) -> None:
    happen(session, Event.ASKED)
    listed = happen(session, Event.CONFIRMED)

    assert (listed.status, listed.confirmed_at) == (Status.ACTIVE, SEVEN)
    assert [act.event for act in history(session, listed.subscriber_id)] == [Event.ASKED, Event.CONFIRMED]


def test_one_person_may_be_on_several_lists_and_leave_one(session: Session) -> None:
    happen(session, Event.ENROLLED)
    happen(session, Event.ENROLLED, newsletter="cars")
    left = happen(session, Event.LEFT)

    statuses = {listed.newsletter: listed.status for listed in subscriptions(session, left.subscriber_id)}
    assert statuses == {SLUG: Status.LEFT, "cars": Status.ACTIVE}
    assert len(session.scalars(select(Subscriber)).all()) == 1


def test_whoever_left_is_not_brought_back_by_an_admin_and_nothing_is_written(session: Session) -> None:
    happen(session, Event.ENROLLED)
    left = happen(session, Event.LEFT)

    with pytest.raises(TransitionNotAllowed):
        happen(session, Event.ENROLLED)

    assert left.status is Status.LEFT
    assert len(history(session, left.subscriber_id)) == 2


def test_a_stranger_s_form_does_not_open_the_way_back_for_an_admin(session: Session) -> None:
    happen(session, Event.ENROLLED)
    happen(session, Event.LEFT)
    asked = happen(session, Event.ASKED)

    with pytest.raises(TransitionNotAllowed):
        happen(session, Event.ENROLLED)

    assert asked.status is Status.PENDING


def test_undoing_brings_a_reader_back_and_clears_when_they_left(session: Session) -> None:
    happen(session, Event.ENROLLED)
    happen(session, Event.LEFT)
    listed = happen(session, Event.UNDONE)

    assert (listed.status, listed.left_at) == (Status.ACTIVE, None)


def test_consent_without_an_origin_is_refused() -> None:
    with pytest.raises(ValueError, match="origin"):
        Evidence(origin=" ")


def test_a_person_is_found_by_any_spelling(session: Session) -> None:
    happen(session, Event.ENROLLED)

    assert find(session, HASHER, normalise("ＡDA@example.com")) is not None
    assert find(session, HASHER, normalise("eve@example.com")) is None


def test_an_erased_person_who_asks_again_is_the_same_person(session: Session) -> None:
    first = happen(session, Event.ENROLLED)
    person = session.get_one(Subscriber, first.subscriber_id)
    person.address, person.domain, person.erased_at = None, None, SEVEN
    happen(session, Event.LEFT)

    again = happen(session, Event.ASKED)

    assert again.subscriber_id == first.subscriber_id
    assert (person.address, person.erased_at) == (ADA.value, None)


def test_pages_follow_each_other_without_gap_or_overlap(session: Session) -> None:
    add(session, readers(5))

    first = page(session, SLUG, limit=2)
    second = page(session, SLUG, limit=2, after_id=first[-1].subscriber_id)
    third = page(session, SLUG, limit=2, after_id=second[-1].subscriber_id)

    assert [row.subscriber_id for row in (*first, *second, *third)] == [1, 2, 3, 4, 5]


def test_a_complaint_outweighs_every_other_suppression_and_is_outweighed_by_none(session: Session) -> None:
    hashed = HASHER.digest(ADA)
    for reason in (Reason.BOUNCED, Reason.COMPLAINED, Reason.BLOCKED):
        suppress_address(session, hashed, reason=reason, now=SEVEN)
        session.flush()

    assert [row.reason for row in session.scalars(select(Suppression))] == [Reason.COMPLAINED]


def test_a_suppression_is_found_by_its_address(session: Session) -> None:
    listed = happen(session, Event.ENROLLED)
    person = session.get_one(Subscriber, listed.subscriber_id)
    before = suppression_of(session, person)
    suppress_address(session, HASHER.digest(ADA), reason=Reason.REFUSED, now=SEVEN)
    session.flush()
    after = suppression_of(session, person)

    assert before is None
    assert after
    assert after.reason is Reason.REFUSED
