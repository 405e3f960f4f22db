"""The audience of an edition, as the SELECT the ledger freezes: who, and in which batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Integer, Select, case, exists, func, literal, select, type_coerce

import subscribers
from newsletter import lanes
from newsletter.delivery.states import State
from newsletter.delivery.tables import Delivery

PER_GROUP = 1_000_000  # batches one group (mailing and lane) may have


def numbered(
    newsletter: str,
    day: date,
    *,
    languages: Sequence[str],
    batch_size: int,
    expired_in: int | None = None,
) -> Select[Any, Any]:
    """Select (subscriber id, batch number) of everyone owed the edition.

    ``languages`` are the mailings in order; a reader of any other language gets the first. Whose copy of
    the edition ``expired_in`` expired comes before the others of their group. A batch's number tells its
    group: see ``group_of``.
    """
    who = subscribers.eligible(newsletter, day).subquery()
    others = [(who.c.language == language, index) for index, language in enumerate(languages[1:], 1)]
    mailing = case(*others, else_=0) if others else literal(0)
    lane = case(
        *((who.c.domain.in_(domains), lanes.ORDER.index(lane)) for lane, domains in lanes.DOMAINS.items()),
        else_=0,
    )
    query = select(who.c.id, (mailing * lanes.SLOTS + lane).label("grp"))
    if expired_in is None:
        grouped = query.subquery()
        order = [grouped.c.id]
    else:
        missed = exists().where(
            Delivery.edition_id == expired_in,
            Delivery.subscriber_id == who.c.id,
            Delivery.state == State.EXPIRED,
        )
        grouped = query.add_columns(case((missed, 0), else_=1).label("turn")).subquery()
        order = [grouped.c.turn, grouped.c.id]
    row = func.row_number().over(partition_by=grouped.c.grp, order_by=order)
    slice_ = type_coerce(row - 1, Integer) // batch_size  # whole numbers on both databases
    return select(grouped.c.id, type_coerce(grouped.c.grp, Integer) * PER_GROUP + slice_)


def group_of(batch_number: int) -> tuple[int, lanes.Lane]:
    """Return (index of the mailing, lane) of a batch's number."""
    mailing, lane = divmod(batch_number // PER_GROUP, lanes.SLOTS)
    return mailing, lanes.ORDER[lane]
