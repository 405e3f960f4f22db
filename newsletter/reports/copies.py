"""The copies of an edition by what became of them, with the far side's words.

A year of editions for a million people is a large table with one key. So the copies are walked in its order,
a bounded number at a time, and a page says how far it has looked. Where an edition went nearly well, the
batches that count something refused show where to look. Changes nothing; the caller opens the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.edition import SENT, Edition
from newsletter.lanes import Lane
from newsletter.replies import Meaning, read
from subscribers import Subscriber

Rows: TypeAlias = Select[*tuple[Any, ...]]
MOST_LOOKED_AT = 60_000  # copies one page looks at
STEPS = (500, 10_000, MOST_LOOKED_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One reader's copy."""

    subscriber_id: int
    address: str | None  # None: they are erased
    state: State
    lane: Lane | None
    at: datetime | None  # when the last attempt began
    reply: str | None  # the far side's words
    meaning: Meaning | None  # of a refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """A page of copies. ``next`` is the reader behind whom the next page begins; None: there is none."""

    copies: Sequence[Copy] = field(default_factory=tuple[Copy, ...])
    next: int | None = None
    is_bounded: bool = False  # the bound was reached before the page was full
    looked_at: int = 0


def copies(
    session: Session,
    edition: Edition,
    *,
    states: Sequence[State] = (),
    meaning: Meaning | None = None,
    after: int = 0,
    limit: int = 50,
) -> Copies:
    """Return a page of an edition's copies in some states, by reader; none named: in any."""
    found: list[Copy] = []
    looked_at = 0
    for most in STEPS:
        step = (
            select(
                Delivery.subscriber_id,
                Delivery.state,
                Delivery.batch_number,
                Delivery.reply,
                Delivery.call_id,
            )
            .where(Delivery.edition_id == edition.id, Delivery.subscriber_id > after)
            .order_by(Delivery.subscriber_id)
            .limit(most)
            .subquery("step")
        )
        query = _copies(step, edition)
        if states:
            query = query.where(step.c.state.in_(states))
        # A meaning is read from the words, so it cannot be asked of the database.
        rows = session.execute(query if meaning else query.limit(limit + 1 - len(found)))
        for row in rows:
            copy = _copy(row)
            if meaning in (None, copy.meaning):
                found.append(copy)
            if len(found) > limit:
                rows.close()
                return Copies(copies=found[:limit], next=found[limit - 1].subscriber_id)
        met, last = session.execute(
            select(func.count(), func.max(step.c.subscriber_id)).select_from(step)
        ).one()
        looked_at += met
        if met < most:
            return Copies(copies=found)
        after = last
    return Copies(copies=found, next=after, is_bounded=True, looked_at=looked_at)


def _copies(step: Any, edition: Edition) -> Rows:
    return (
        select(
            step.c.subscriber_id,
            step.c.state,
            step.c.reply,
            Subscriber.address,
            Batch.lane,
            Call.opened_at,
        )
        .select_from(step)
        .outerjoin(Batch, (Batch.edition_id == edition.id) & (Batch.number == step.c.batch_number))
        .outerjoin(Call, Call.id == step.c.call_id)
        .outerjoin(Subscriber, Subscriber.id == step.c.subscriber_id)
        .order_by(step.c.subscriber_id)
    )


def _copy(row: Any) -> Copy:
    return Copy(
        subscriber_id=row.subscriber_id,
        address=row.address,
        state=row.state,
        lane=row.lane,
        at=row.opened_at,
        reply=row.reply,
        meaning=read(row.reply or "", lane=row.lane) if row.state is State.REFUSED and row.lane else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an edition stands, by what its batches have counted: cheap, and as good as it needs to be."""

    owed: int
    accepted: int
    refused: int

    @property
    def rest(self) -> int:
        """What waits, is on its way, in doubt, withdrawn or expired."""
        return max(0, self.owed - self.accepted - self.refused)


def standing(session: Session, editions: Sequence[Edition]) -> Mapping[int, Standing]:
    """Return how editions stand, by id; one that was not frozen has none."""
    rows = session.execute(
        select(Batch.edition_id, func.sum(Batch.size), func.sum(Batch.accepted), func.sum(Batch.refused))
        .where(Batch.edition_id.in_([edition.id for edition in editions]))
        .group_by(Batch.edition_id)
    )
    return {
        id_: Standing(owed=int(owed or 0), accepted=int(accepted or 0), refused=int(refused or 0))
        for id_, owed, accepted, refused in rows
    }


def sent(
    session: Session, newsletter: str, *, before: Edition | None = None, most: int = 30
) -> Sequence[Edition]:
    """Return the newest editions that have gone out."""
    query = select(Edition).where(Edition.newsletter == newsletter, Edition.state.in_(SENT))
    if before is not None:
        query = query.where(
            (Edition.day < before.day) | ((Edition.day == before.day) & (Edition.id < before.id))
        )
    return session.scalars(query.order_by(Edition.day.desc(), Edition.id.desc()).limit(most)).all()
