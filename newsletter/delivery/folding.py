"""Folding: copies of old editions become counts, so that a million readers a day do not fill the disk.

A count is kept for what the figures of an edition are made of: its batch, the state, and the revision that
was handed over. A slice of copies is added to the counts and removed in one transaction, so the books
balance at every moment, and say afterwards what they said before. Who it was is then known no longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import BigInteger, Row, and_, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from newsletter.delivery.calls import touched
from newsletter.delivery.states import BatchState, State
from newsletter.delivery.tables import Batch, Call, Delivery, StateCode
from newsletter.editions.edition import Edition, StoredMailing
from newsletter.editions.states import State as EditionState
from subscribers import Base, BigId

AT_ONCE = 20_000  # copies; on SQLite everybody else waits meanwhile
FINAL = (State.ACCEPTED, State.REFUSED, State.WITHDRAWN, State.EXPIRED)
NEVER = 0  # the revision of a copy that was never handed over


class DeliveryCount(Base):
    """How many copies of a batch stood so when they were folded."""

    __tablename__ = "delivery_count"

    edition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    batch_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[State] = mapped_column(StateCode, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)


def fold(session: Session, *, before: datetime) -> bool:
    """Fold a slice of the oldest edition that began before a moment; say whether there may be more."""
    edition = _oldest(session, before)
    if edition is None:
        return False
    last = session.scalar(
        select(Delivery.subscriber_id)
        .where(Delivery.edition_id == edition.id)
        .order_by(Delivery.subscriber_id)
        .offset(AT_ONCE - 1)
        .limit(1)
    )
    those = [Delivery.edition_id == edition.id]
    if last is not None:
        those.append(Delivery.subscriber_id <= last)
    revision = func.coalesce(StoredMailing.revision, NEVER)
    rows = session.execute(
        select(Delivery.batch_number, Delivery.state, revision, func.count())
        .select_from(Delivery)
        .join(Batch, and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch_number))
        .outerjoin(Call, Call.id == Delivery.call_id)
        .outerjoin(
            StoredMailing,
            and_(Call.id.is_not(None), StoredMailing.id == func.coalesce(Call.mailing_id, Batch.mailing_id)),
        )
        .where(*those)
        .group_by(Delivery.batch_number, Delivery.state, revision)
    ).all()
    _add(session, edition.id, rows)
    removed = touched(session.execute(delete(Delivery).where(*those)))
    if sum(count for *_, count in rows) != removed:
        raise ValueError(f"{edition.label}: {removed:,} copies, and not as many were counted")
    if last is None:
        of_edition = select(Batch.id).where(Batch.edition_id == edition.id)
        session.execute(delete(Call).where(Call.batch_id.in_(of_edition)))
    return True


def counted(session: Session, edition_id: int) -> Mapping[tuple[int, State, int], int]:
    """Return what was folded of an edition, by batch, state and revision."""
    rows = session.execute(
        select(
            DeliveryCount.batch_number, DeliveryCount.state, DeliveryCount.revision, DeliveryCount.count
        ).where(DeliveryCount.edition_id == edition_id)
    )
    return {(number, state, revision): count for number, state, revision, count in rows}


def is_folded(session: Session, edition_id: int) -> bool:
    """Say whether it is known no longer whose the copies of an edition were."""
    return bool(session.scalar(select(exists().where(DeliveryCount.edition_id == edition_id))))


def _oldest(session: Session, before: datetime) -> Edition | None:
    """Return the oldest edition that has copies, is over, and has a newer one of its kind behind it."""
    newer = aliased(Edition)
    return session.scalars(
        select(Edition)
        .where(
            Edition.frozen_at < before,
            Edition.state.in_((EditionState.FINISHED, EditionState.CANCELLED)),
            or_(Edition.deliver_until.is_(None), Edition.deliver_until < before),
            exists().where(Delivery.edition_id == Edition.id),
            ~exists().where(Delivery.edition_id == Edition.id, Delivery.state.not_in(FINAL)),
            ~exists().where(Batch.edition_id == Edition.id, Batch.state != BatchState.DONE),
            exists().where(
                newer.newsletter == Edition.newsletter, newer.kind == Edition.kind, newer.id > Edition.id
            ),
        )
        .order_by(Edition.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def _add(session: Session, edition_id: int, rows: Iterable[Row[int, State, int, int]]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = [
        {
            "edition_id": edition_id,
            "batch_number": number,
            "state": state,
            "revision": revision,
            "count": count,
        }
        for number, state, revision, count in rows
    ]
    statement = dialect.insert(DeliveryCount)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[
                DeliveryCount.edition_id,
                DeliveryCount.batch_number,
                DeliveryCount.state,
                DeliveryCount.revision,
            ],
            set_={"count": DeliveryCount.count + statement.excluded.count},
        ),
        values,
    )
