"""The audience of an edition, written into the ledger in one go: who is owed it, and in which batch.

A batch holds one mailing and one lane, so a batch's number tells its group; see ``group_of``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

import subscribers
from newsletter import lanes
from newsletter.delivery import received
from newsletter.delivery.states import State
from newsletter.delivery.tables import Delivery, StateCode
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind
from subscribers import Cadence

PER_GROUP = 1_000_000  # batches one group (mailing and lane) may have
_COLUMNS = ["edition_id", "subscriber_id", "batch_number", "state"]


@dataclass(slots=True)
class Slice:
    """A batch to be: its deliveries are those with its number, from the first to the last subscriber."""

    number: int
    size: int
    first: int
    last: int


def group_of(batch_number: int) -> tuple[int, lanes.Lane]:
    """Return (index of the mailing, lane) of a batch's number."""
    mailing, lane = divmod(batch_number // PER_GROUP, lanes.SLOTS)
    return mailing, lanes.ORDER[lane]


def cadences(kind: Kind) -> tuple[Cadence, ...] | None:
    """Return whom an edition of a kind is for; None: whoever is due on its day."""
    match kind:
        case Kind.DAILY:
            return None
        case Kind.WEEKLY:
            return (Cadence.WEEKLY,)
        case Kind.CORRECTION:  # whatever they have chosen since: they had what it corrects
            return tuple(Cadence)


def among(edition: Edition) -> Select[int] | None:
    """Select the only people who come into question; None: all on the list."""
    if edition.corrects_id is None:
        return None
    return received.by(edition.corrects_id, revision=edition.corrects_revision)


def languages(session: Session, edition: Edition) -> set[str | None]:
    """Return the languages that the audience reads; None stands for the newsletter's own."""
    return subscribers.languages(
        session, edition.newsletter, edition.day, to=cadences(edition.kind), among=among(edition)
    )


def counted(session: Session, edition: Edition) -> tuple[int, dict[str, int]]:
    """Count who was considered, and who of them is not owed the edition, by reason; its audience is written.

    For a correction those are considered who have what it corrects, or may have it.
    """
    who = among(edition)
    excluded = subscribers.excluded(
        session,
        edition.newsletter,
        edition.day,
        to=cadences(edition.kind),
        among=who,
        owed=select(Delivery.subscriber_id).where(Delivery.edition_id == edition.id),
    )
    if who is None or edition.corrects_id is None:
        return subscribers.considered(session, edition.newsletter), excluded
    counts = received.counts(session, edition.corrects_id, revision=edition.corrects_revision)
    if doubtful := counts[State.IN_DOUBT]:
        excluded[State.IN_DOUBT] = doubtful
    return counts[State.ACCEPTED] + doubtful, excluded


def write(
    session: Session,
    edition: Edition,
    *,
    languages: Sequence[str],
    batch_size: int,
    expired_in: int | None = None,
) -> list[Slice]:
    """Write a delivery for everyone owed the edition, and return the slices they fall into.

    ``languages`` are the mailings in order; a reader of any other language gets the first. Whose copy of
    the edition ``expired_in`` expired comes before the others of their group.
    """
    edition_id, grouped = edition.id, _grouped(edition, languages)
    missed = exists().where(
        Delivery.edition_id == expired_in,
        Delivery.subscriber_id == grouped.selected_columns[0],
        Delivery.state == State.EXPIRED,
    )
    first_turn = None if expired_in is None else missed
    if session.get_bind().dialect.name == "postgresql":
        return _write_ranked(session, edition_id, grouped, first_turn, batch_size)
    return _write_counted(session, edition_id, grouped, first_turn, batch_size)


def _grouped(edition: Edition, languages: Sequence[str]) -> Select[Any, Any]:
    """Select (subscriber id, group) of everyone owed the edition."""
    who = subscribers.eligible(
        edition.newsletter, edition.day, to=cadences(edition.kind), among=among(edition)
    )
    _, language, domain = who.selected_columns
    others = [(language == each, index) for index, each in enumerate(languages[1:], 1)]
    mailing = case(*others, else_=0) if others else literal(0)
    lane = case(
        *((domain.in_(domains), lanes.ORDER.index(lane)) for lane, domains in lanes.DOMAINS.items()),
        else_=0,
    )
    return who.with_only_columns(who.selected_columns[0], (mailing * lanes.SLOTS + lane).label("grp"))


def _write_ranked(
    session: Session,
    edition_id: int,
    grouped: Select[Any, Any],
    first_turn: ColumnElement[bool] | None,
    batch_size: int,
) -> list[Slice]:
    """Number the readers of each group by their rank in it."""
    turn = case((first_turn, 0), else_=1) if first_turn is not None else literal(0)
    who = grouped.add_columns(turn.label("turn")).subquery()
    row = func.row_number().over(partition_by=who.c.grp, order_by=[who.c.turn, who.c.id])
    number = type_coerce(who.c.grp, Integer) * PER_GROUP + type_coerce(row - 1, Integer) // batch_size
    session.execute(
        insert(Delivery).from_select(
            _COLUMNS, select(literal(edition_id), who.c.id, number, literal(State.WAITING, StateCode))
        )
    )
    rows = session.execute(
        select(
            Delivery.batch_number,
            func.count(),
            func.min(Delivery.subscriber_id),
            func.max(Delivery.subscriber_id),
        )
        .where(Delivery.edition_id == edition_id)
        .group_by(Delivery.batch_number)
    )
    return [Slice(number, size, first, last) for number, size, first, last in rows]


def _write_counted(
    session: Session,
    edition_id: int,
    grouped: Select[Any, Any],
    first_turn: ColumnElement[bool] | None,
    batch_size: int,
) -> list[Slice]:
    """Number the readers as they come, in the order of their rows.

    SQLite would sort them all for a rank, and then write its table out of order: five times as slow.
    """
    slices: dict[int, Slice] = {}
    current: dict[int, int] = {}

    def number_of(group: int, subscriber_id: int) -> int:
        number = current.get(group, group * PER_GROUP)
        found = slices.get(number)
        if found is not None and found.size == batch_size:
            number, found = number + 1, None
        if found is None:
            current[group] = number
            slices[number] = Slice(number, 1, subscriber_id, subscriber_id)
            return number
        found.size += 1
        found.first, found.last = min(found.first, subscriber_id), max(found.last, subscriber_id)
        return number

    driver = session.connection().connection.driver_connection
    if driver is None:
        raise AssertionError("a session in a transaction has a connection")
    driver.create_function("newsletter_batch_number", 2, number_of)
    id_, group = grouped.selected_columns
    numbered = func.newsletter_batch_number(group, id_)
    query = grouped.with_only_columns(literal(edition_id), id_, numbered, literal(State.WAITING, StateCode))
    turns = [query] if first_turn is None else [query.where(first_turn), query.where(~first_turn)]
    for turn in turns:
        session.execute(insert(Delivery).from_select(_COLUMNS, turn))
    return list(slices.values())
