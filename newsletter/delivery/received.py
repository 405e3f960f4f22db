"""Who has which revision of an edition, exactly: every call remembers the mailing that it handed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from newsletter.delivery import folding
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.edition import StoredMailing


def by(edition_id: int, *, revision: int | None = None, state: State = State.ACCEPTED) -> Select[int]:
    """Select whose copy of an edition, or of one revision of it, is in ``state``."""
    query = select(Delivery.subscriber_id).where(Delivery.edition_id == edition_id, Delivery.state == state)
    if revision is None:
        return query
    return _with_mailing(query).where(StoredMailing.revision == revision)


def counts(session: Session, edition_id: int, *, revision: int | None = None) -> Mapping[State, int]:
    """Count the copies of an edition, or those that were last handed over as one revision, by state."""
    query: Select[*tuple[Any, ...]] = select(Delivery.state, func.count()).where(
        Delivery.edition_id == edition_id
    )
    if revision is not None:
        query = _with_mailing(query).where(StoredMailing.revision == revision)
    found = dict.fromkeys(State, 0)
    for state, count in session.execute(query.group_by(Delivery.state)):
        found[state] = count
    for (_, state, handed_over), count in folding.counted(session, edition_id).items():
        if revision in (None, handed_over):
            found[state] += count
    return found


def revisions(session: Session, edition_id: int) -> Mapping[int, int]:
    """Count the copies that were accepted, by revision."""
    query = (
        _with_mailing(select(StoredMailing.revision, func.count()))
        .where(Delivery.edition_id == edition_id, Delivery.state == State.ACCEPTED)
        .group_by(StoredMailing.revision)
        .order_by(StoredMailing.revision)
    )
    found: Counter[int] = Counter()
    for revision, count in session.execute(query):
        found[revision] += count
    for (_, state, revision), count in folding.counted(session, edition_id).items():
        if state is State.ACCEPTED and revision != folding.NEVER:
            found[revision] += count
    return dict(sorted(found.items()))


def _with_mailing(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join the mailing that a copy was last handed over as; one that never was is left out."""
    of_batch: ColumnElement[bool] = and_(
        Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch_number
    )
    return (
        query.select_from(Delivery)
        .join(Call, Call.id == Delivery.call_id)
        .join(Batch, of_batch)
        .join(StoredMailing, StoredMailing.id == func.coalesce(Call.mailing_id, Batch.mailing_id))
    )
