"""The late joiner: somebody who confirms after the edition of the day has gone out may still have it.

Their copy is a delivery like any other, in a batch of its own, and the delivery's key makes a second
one impossible. The books stay balanced: whoever was counted as excluded at the freeze is now owed.
The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from newsletter.delivery import holding
from newsletter.delivery.states import BatchState, State
from newsletter.delivery.tables import Batch, Delivery
from newsletter.editions import edition as editions
from newsletter.editions.edition import SENT, Edition, StoredMailing
from newsletter.editions.states import Happening
from newsletter.editions.states import State as EditionState
from newsletter.lanes import lane_of
from subscribers import Event, Exclusion, Reach, Subscription, history, reach

FIRST_NUMBER = 2_000_000_000  # batches from here on belong to late joiners, one each


def edition_of_today(
    session: Session, newsletter: str, *, today: date, now: datetime, deliverable: timedelta
) -> Edition | None:
    """Return the edition that somebody who joins now may still have; changes nothing.

    It is of ``today`` and was let out no longer than ``deliverable`` ago.
    """
    return _still_open(editions.find(session, newsletter, today), now=now, deliverable=deliverable)


def join(
    session: Session,
    newsletter: str,
    subscriber_id: int,
    *,
    today: date,
    now: datetime,
    deliverable: timedelta,
) -> bool:
    """Owe a reader the edition of today; False when there is none for them, or they had it."""
    _take_turn(session, newsletter, today, shared=True)
    found = editions.find(session, newsletter, today, lock=True)
    if found is not None and found.state not in SENT:
        # A freeze whose snapshot is older than our commit does not know this reader: now it must begin anew.
        session.execute(update(Edition).where(Edition.id == found.id).values(created_at=Edition.created_at))
    edition = _still_open(found, now=now, deliverable=deliverable)
    reader = reach(session, newsletter, today, [subscriber_id]).get(subscriber_id)
    if edition is None or reader is None or reader.reason is not None:
        return False
    if session.get(Delivery, (edition.id, subscriber_id)) is not None:
        return False
    _count_in(session, edition, subscriber_id)
    number = _next_number(session, edition)
    session.add_all(
        [
            Delivery(
                edition_id=edition.id,
                subscriber_id=subscriber_id,
                batch_number=number,
                state=State.WAITING,
            ),
            Batch(
                edition_id=edition.id,
                number=number,
                mailing_id=_mailing_id(session, edition, reader),
                lane=lane_of(reader.address.rpartition("@")[2]),
                size=1,
                first_subscriber_id=subscriber_id,
                last_subscriber_id=subscriber_id,
                state=BatchState.WAITING,
                due_at=holding.earliest(session, edition.id, now=now),
                deferrals=0,
            ),
        ]
    )
    reopen(edition)
    session.flush()
    return True


def await_joining(session: Session, newsletter: str, day: date) -> None:
    """Wait for those who are joining at this moment and found no row of the day, until the transaction ends.

    Whoever freezes does so before the snapshot, in the transaction that makes the row: who looked before the
    row was there is in the snapshot, and who looks later finds the row.
    """
    _take_turn(session, newsletter, day, shared=False)


def _take_turn(session: Session, newsletter: str, day: date, *, shared: bool) -> None:
    if session.get_bind().dialect.name != "postgresql":
        return  # SQLite has one writer
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    session.execute(select(lock(func.hashtextextended(f"late:{newsletter}:{day}", 0))))


def closed_too_soon(session: Session, newsletter: str, *, lock: bool = False) -> Sequence[Edition]:
    """Return the editions that were closed at the very moment somebody joined; ``reopen`` them."""
    waiting = select(Batch.edition_id).where(Batch.state.in_((BatchState.WAITING, BatchState.CLAIMED)))
    query = select(Edition).where(
        Edition.newsletter == newsletter,
        Edition.state == EditionState.FINISHED,
        Edition.id.in_(waiting),
    )
    return session.scalars(query.with_for_update() if lock else query).all()


def reopen(edition: Edition) -> None:
    """Let an edition that was closed go out to one more."""
    edition.becomes(Happening.JOINED)
    edition.finished_at = None


def _still_open(edition: Edition | None, *, now: datetime, deliverable: timedelta) -> Edition | None:
    if edition is None or edition.state not in SENT or edition.frozen_at is None:
        return None
    if edition.state is EditionState.CANCELLED or (edition.deliver_until and edition.deliver_until <= now):
        return None
    return edition if now - edition.frozen_at <= deliverable else None


def _next_number(session: Session, edition: Edition) -> int:
    highest = session.scalar(
        select(func.max(Batch.number)).where(Batch.edition_id == edition.id, Batch.number >= FIRST_NUMBER)
    )
    return FIRST_NUMBER if highest is None else highest + 1


def _mailing_id(session: Session, edition: Edition, reader: Reach) -> int:
    """Return the newest mailing in the reader's language, or in the newsletter's own, which is the first."""
    stored = session.execute(
        select(StoredMailing.language, StoredMailing.id)
        .where(StoredMailing.edition_id == edition.id, StoredMailing.revision == edition.revision)
        .order_by(StoredMailing.id)
    ).all()
    return next((id_ for language, id_ in stored if language == reader.language), stored[0].id)


def _count_in(session: Session, edition: Edition, subscriber_id: int) -> None:
    """Count somebody as owed whom the freeze had excluded, or had not seen at all."""
    reason = _excluded_as(session, edition, subscriber_id)
    counted = dict(edition.excluded)
    if reason and counted.get(reason):
        counted[reason] -= 1
        edition.excluded = {why: count for why, count in counted.items() if count}
    else:
        edition.considered = (edition.considered or 0) + 1


def _excluded_as(session: Session, edition: Edition, subscriber_id: int) -> Exclusion | None:
    """Return why the freeze passed somebody over; None when they were not on the list then."""
    listed = session.get_one(Subscription, (edition.newsletter, subscriber_id))
    frozen_at = edition.frozen_at
    if frozen_at is None or listed.created_at >= frozen_at:
        return None
    acts = [
        act.event
        for act in history(session, subscriber_id)
        if act.newsletter == edition.newsletter and act.at < frozen_at
    ]
    last = acts[-1] if acts else None
    if last is Event.LEFT:
        return Exclusion.LEFT
    if last in (Event.ASKED, Event.LIFTED):
        return Exclusion.PENDING
    # Active, yet passed over: these are what it can have been.
    kept_out = (Exclusion.SUPPRESSED, Exclusion.PAUSED, Exclusion.CADENCE, Exclusion.ERASED)
    return next((why for why in kept_out if edition.excluded.get(why)), None)
