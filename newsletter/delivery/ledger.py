"""The ledger: who is owed an edition, which slice a worker holds, and when all is done.

The only writers of batches, calls, deliveries and notices are this module and its neighbours ``calls``
(handing over), ``control`` (what a person may do), ``late`` and ``notices``. Every update says in its
WHERE from which states it may start, so a step that comes twice or late does nothing. Times are aware
UTC; the caller owns the transaction and makes no network call inside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from newsletter import fence
from newsletter.delivery import audience, retry, statements
from newsletter.delivery.calls import in_batch, touched
from newsletter.delivery.states import SENDABLE, BatchState, Event, LeaseLost, State, after, before
from newsletter.delivery.tables import REPLY_LENGTH, Batch, Delivery
from newsletter.editions.begun import begun
from newsletter.editions.edition import OPEN, Edition, StoredMailing
from newsletter.editions.states import Happening
from newsletter.lanes import Lane
from newsletter.mailing import Mailing
from subscribers import remember


def freeze(
    session: Session,
    edition: Edition,
    mailings: Mapping[str, Mailing],
    *,
    batch_size: int,
    now: datetime,
    deliver_until: datetime | None = None,
) -> None:
    """Write down everyone who is owed the edition, once and for all, and let it go out.

    ``mailings`` are by language, the newsletter's own first. Whose last copy expired comes first. All
    or nothing: the caller's transaction must see one moment of the database (``Database.snapshot``).
    """
    edition.becomes(Happening.FROZEN)
    edition.frozen_at = now
    edition.deliver_until = deliver_until
    edition.used_hash = edition.digest_hash
    session.add(edition)
    session.flush()
    stored = [
        StoredMailing(
            edition_id=edition.id,
            language=language,
            fingerprint=mailing.fingerprint,
            content=mailing.to_bytes(),
        )
        for language, mailing in mailings.items()
    ]
    session.add_all(stored)
    session.flush()
    slices = audience.write(
        session,
        edition,
        languages=list(mailings),
        batch_size=batch_size,
        expired_in=_expired_before(session, edition),
    )
    _add_batches(session, edition, stored, slices, now)
    edition.considered, edition.excluded = audience.counted(session, edition)
    fence.count_begun(session)
    remember(session, begun(edition, now=now))
    session.flush()


def _expired_before(session: Session, edition: Edition) -> int | None:
    """Return the newsletter's edition of the same kind before this one, if copies of it expired."""
    last = session.scalar(
        select(Edition.id)
        .where(
            Edition.newsletter == edition.newsletter,
            Edition.kind == edition.kind,
            Edition.id != edition.id,
            Edition.frozen_at.is_not(None),
        )
        .order_by(Edition.day.desc(), Edition.id.desc())
        .limit(1)
    )
    expired = exists().where(Delivery.edition_id == last, Delivery.state == State.EXPIRED)
    return last if last is not None and session.scalar(select(expired)) else None


def _add_batches(
    session: Session,
    edition: Edition,
    stored: Sequence[StoredMailing],
    slices: Sequence[audience.Slice],
    now: datetime,
) -> None:
    rows = []
    sizes = Counter(one.number // audience.PER_GROUP for one in slices)

    def turn(one: audience.Slice) -> tuple[float, int]:
        group, index = divmod(one.number, audience.PER_GROUP)
        return index / sizes[group], one.number

    # Every group goes at its own share of the whole: no lane waits for another to end, and what is sent at
    # about the same time lies close together, so that a page of the table is read and written once.
    for each in sorted(slices, key=turn):
        index, lane = audience.group_of(each.number)
        rows.append(
            {
                "edition_id": edition.id,
                "number": each.number,
                "mailing_id": stored[index].id,
                "lane": lane,
                "size": each.size,
                "first_subscriber_id": each.first,
                "last_subscriber_id": each.last,
                "state": BatchState.WAITING,
                "due_at": now,
                "deferrals": 0,
            }
        )
    if rows:
        session.execute(insert(Batch), rows)


def claim(
    session: Session,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    edition_id: int | None = None,
    batch_id: int | None = None,
    newsletters: Collection[str] | None = None,
    closed: Collection[Lane] = (),
) -> Batch | None:
    """Give ``owner`` the next batch that is due, for the length of a lease; None when none is.

    ``closed`` are the lanes that must wait. Nothing of an edition that is paused or past its end is
    given, and nothing at all while sending is switched off.
    """
    statement = statements.claim(
        frozenset(closed),
        None if newsletters is None else frozenset(newsletters),
        of_edition=edition_id is not None,
        one=batch_id is not None,
    )
    values = {"now": now, "by": owner, "ends_at": now + lease, "edition": edition_id, "batch_id": batch_id}
    row = session.connection().execute(statement, values).one_or_none()
    return None if row is None else Batch(**row._mapping)


def is_due(session: Session, *, now: datetime, newsletters: Collection[str], one_sends: bool = False) -> bool:
    """Say whether there is a batch to claim, or one to take back.

    ``one_sends`` says that whoever may send is the only one (see ``Database.sole_sender``): then whatever
    is claimed is to be taken back, and nobody waits for a dead worker's lease to run out.
    """
    due = statements.due_at(now).where(Edition.newsletter.in_(newsletters))
    dead = select(Batch.id).where(Batch.state == BatchState.CLAIMED)
    if not one_sends:
        dead = dead.where(Batch.lease_ends_at <= now)
    return (
        session.scalars(due.limit(1)).first() is not None
        or session.scalars(dead.limit(1)).first() is not None
    )


def unknown_to_engine(
    session: Session, *, now: datetime, forgotten_after: timedelta, edition_id: int | None = None
) -> Sequence[int]:
    """Return the batches that are due and that the engine was not told of, and note that it is told now."""
    due = statements.due_at(now).where(
        or_(
            Batch.enqueued_at.is_(None),
            Batch.enqueued_at <= now - forgotten_after,
            Batch.enqueued_at < Batch.due_at,
        )
    )
    if edition_id is not None:
        due = due.where(Batch.edition_id == edition_id)
    ids = session.scalars(
        due.order_by(Batch.due_at, Batch.id).with_for_update(skip_locked=True, of=Batch)
    ).all()
    if ids:
        session.execute(
            update(Batch)
            .where(Batch.id.in_(ids))
            .values(enqueued_at=now)
            .execution_options(synchronize_session=False)
        )
    return ids


def drained(session: Session) -> Sequence[int]:
    """Return the editions that are still open and of which nothing is left to be done."""
    left = exists().where(Batch.edition_id == Edition.id, Batch.state != BatchState.DONE)
    return session.scalars(select(Edition.id).where(Edition.state.in_(OPEN), ~left)).all()


def release(
    session: Session,
    batch: Batch,
    *,
    now: datetime,
    due_at: datetime | None = None,
    walked_to: int | None = None,
) -> BatchState:
    """Give a batch back: done when none of its copies is open, otherwise due again.

    ``walked_to`` is the last subscriber that an interrupted walk has come to; the rest is due at
    ``due_at``, or now. Without it the walk has come to its end: copies that were deferred wait longer
    after each such walk, and after the last pause they are refused, their last reply kept. Raises
    ``LeaseLost`` when the batch is no longer ours to give.
    """
    connection = session.connection()
    ours = connection.execute(statements.HELD, {"batch_id": batch.id, "by": batch.owner}).one_or_none()
    if ours is None:
        raise LeaseLost(f"batch {batch.id} is no longer ours")
    deferrals, is_settled = ours
    left: set[State] = set() if is_settled else _left(session, batch)
    pause, refused = timedelta(0), 0
    if walked_to is None and State.DEFERRED in left:
        deferrals += 1
        wait = retry.pause_after(deferrals)
        if wait is None:
            refused = _give_up(session, batch, deferrals)
            left.discard(State.DEFERRED)
        pause = wait or pause
    becomes = BatchState.DONE if left.isdisjoint(SENDABLE) else BatchState.WAITING
    given = {"to": walked_to or 0, "at": max(due_at or now, now + pause) if pause else due_at or now}
    given |= {"becomes": becomes, "walks": deferrals, "more_refused": refused}
    connection.execute(statements.GIVE_BACK, {"batch_id": batch.id, **given})
    return becomes


def _left(session: Session, batch: Batch) -> set[State]:
    """Return in which states copies of a batch are that did not end; what is in flight is in doubt now."""
    where = {
        "edition": batch.edition_id,
        "number": batch.number,
        "first": batch.first_subscriber_id,
        "last": batch.last_subscriber_id,
    }
    connection = session.connection()
    left: set[State] = set(connection.execute(statements.LEFT, where).scalars())
    if State.IN_FLIGHT in left:  # what has no outcome by now was perhaps handed over
        connection.execute(statements.DOUBT_THE_REST, where)
    return left


def _give_up(session: Session, batch: Batch, deferrals: int) -> int:
    """Refuse what was deferred too often; return how many copies that is."""
    said = literal(f"given up after {deferrals} tries: ") + func.coalesce(Delivery.reply, "")
    refused = session.execute(
        update(Delivery)
        .where(*in_batch(batch), Delivery.state.in_(before(Event.GIVEN_UP)))
        .values(state=after(Event.GIVEN_UP), reply=func.substr(said, 1, REPLY_LENGTH))
        .execution_options(synchronize_session=False)
    )
    return touched(refused)


def reconcile(session: Session, *, now: datetime, sole_sender: bool = False) -> int:
    """Take batches back from workers that died; their copies in flight are in doubt from now on.

    A worker is dead when its lease has run out, or, for the ``sole_sender``, at once. Returns how many
    batches were taken back.
    """
    dead = select(Batch).where(Batch.state == BatchState.CLAIMED).with_for_update(skip_locked=True)
    if not sole_sender:
        dead = dead.where(Batch.lease_ends_at <= now)
    batches = session.scalars(dead).all()
    for batch in batches:
        release(session, batch, now=now, walked_to=batch.walked_to)
    return len(batches)


def finish(session: Session, edition: Edition, *, now: datetime) -> bool:
    """Close an edition none of whose batches is open; say whether it is closed."""
    left = session.scalars(
        select(Batch.id).where(Batch.edition_id == edition.id, Batch.state != BatchState.DONE).limit(1)
    ).first()
    if left is not None:
        return False
    if edition.finished_at is None:
        edition.becomes(Happening.DRAINED)
        edition.finished_at = now
    return True
