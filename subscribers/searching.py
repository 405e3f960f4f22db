"""Looking for people on a list, a page at a time, however long the list is.

No question may make a page wait. So a search walks one index, a bounded number of people at a time, and asks
the rest of the segment of those it meets. The walk is chosen from the segment: one address, a beginning of
addresses, a domain, a status, those on a pause, else the whole list, newest first. When the
bound is reached before the page is full, the page says how far it looked, and goes on from there.

Changes nothing; the caller opens the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from subscribers.segments import Comparison, Field, Node, Operator, condition, parts
from subscribers.segments.compiling import as_address, as_domain
from subscribers.segments.dialects import Bytewise
from subscribers.states import Status
from subscribers.subscriber import Cadence, Subscriber, Subscription
from subscribers.suppression import Reason, Suppression

MOST_COUNTED = 10_000  # people of whom it counts who is meant
MOST_SCATTERED_COUNTED = 3_000
STEPS = (200, 3_000, 6_000, 15_000)  # of the walk: most pages are full after the first
# The same where people lie here and there in the table, and each costs a look of its own.
SCATTERED_STEPS = (200, 1_000, 4_000)
MOST_DOMAINS = 8  # that are walked one by one
LONGEST_ID = 19  # digits
Rows: TypeAlias = Select[*tuple[Any, ...]]
_END = "\x7f"  # sorts behind every character of an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Whom a search is for, and where it goes on."""

    newsletter: str
    segment: Node
    zone: tzinfo
    today: date
    after: str = ""  # a page's ``next``

    @property
    def sql(self) -> ColumnElement[bool]:
        """What is true of the people meant."""
        return condition(self.segment, zone=self.zone, today=self.today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line of a page."""

    id: int
    address: str | None  # None: they are erased
    name: str
    status: Status
    cadence: Cadence
    language: str | None
    tags: Sequence[str]
    paused_until: date | None
    joined_at: datetime
    confirmed_at: datetime | None
    left_at: datetime | None
    suppressed: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the people meant. ``next`` is empty on the last page."""

    people: Sequence[Person] = field(default_factory=tuple[Person, ...])
    next: str = ""
    looked_at: int = 0  # 0: not bounded
    is_bounded: bool = False  # the bound was reached before the page was full


@dataclass(frozen=True, slots=True)
class _Walk:
    """One index, walked: ``step`` selects (id, key) of the next people behind a key."""

    newsletter: str
    segment: Node

    def step(self, after: str, most: int) -> Rows:
        """Select the next ``most`` people in the walk's order, as (id, key)."""
        if (prefix := _beginning(self.segment)) is not None:
            key = Bytewise(Subscriber.address)
            query = select(Subscriber.id, key.label("key")).where(key >= prefix, key < prefix + _END)
            return (query.where(key > after) if after else query).order_by(key).limit(most)
        before = int(after) if after.isascii() and after.isdecimal() and len(after) < LONGEST_ID else None
        for narrow in (_known_ids, _known_addresses, _of_domains, _paused, _of_status):
            if (query := narrow(self, before, most)) is not None:
                return query
        return _down(self.listed(), Subscription.subscriber_id, before, most)

    @property
    def is_scattered(self) -> bool:
        """Whether the people of this walk lie here and there."""
        if _beginning(self.segment) is not None:
            return True
        is_known = any(way(self, None, 1) is not None for way in (_known_ids, _known_addresses))
        return not is_known and _of_domains(self, None, 1) is not None

    def listed(self) -> Rows:
        """Select everybody on the list."""
        key = Subscription.subscriber_id
        return select(key.label("id"), key.label("key")).where(Subscription.newsletter == self.newsletter)

    def asked(self, of: Field, *operators: Operator) -> Comparison | None:
        """Return what must hold of a field, when the segment says so in one plain comparison."""
        for part in parts(self.segment):
            if isinstance(part, Comparison) and part.field is of and part.operator in operators:
                return part
        return None


def _down(query: Rows, key: Any, before: int | None, most: int) -> Rows:
    """Select the newest of a query, before an id."""
    query = query if before is None else query.where(key < before)
    return query.order_by(key.desc()).limit(most)


def _beginning(segment: Node) -> str | None:
    for part in parts(segment):
        if isinstance(part, Comparison) and part.field is Field.ADDRESS and part.operator is Operator.STARTS:
            return str(part.values[0]).casefold()
    return None


def _known_ids(walk: _Walk, before: int | None, most: int) -> Rows | None:
    if (asked := walk.asked(Field.ID, Operator.IS, Operator.IN)) is None:
        return None
    return _down(
        walk.listed().where(Subscription.subscriber_id.in_(asked.values)),
        Subscription.subscriber_id,
        before,
        most,
    )


def _known_addresses(walk: _Walk, before: int | None, most: int) -> Rows | None:
    if (asked := walk.asked(Field.ADDRESS, Operator.IS, Operator.IN)) is None:
        return None
    which = select(Subscriber.id, Subscriber.id.label("key")).where(
        Subscriber.address.in_([as_address(str(value)) for value in asked.values])
    )
    return _down(which, Subscriber.id, before, most)


def _of_domains(walk: _Walk, before: int | None, most: int) -> Rows | None:
    asked = walk.asked(Field.DOMAIN, Operator.IS, Operator.IN)
    if asked is None or len(asked.values) > MOST_DOMAINS:
        return None
    # One by one, for each is in order by itself.
    each = [
        _down(
            select(Subscriber.id, Subscriber.id.label("key")).where(
                Subscriber.domain == as_domain(str(value))
            ),
            Subscriber.id,
            before,
            most,
        ).subquery()
        for value in dict.fromkeys(asked.values)
    ]
    together = union_all(*(select(one.c.id, one.c.key) for one in each)).subquery()
    return select(together.c.id, together.c.key).order_by(together.c.key.desc()).limit(most)


def _paused(walk: _Walk, before: int | None, most: int) -> Rows | None:
    asked = walk.asked(Field.PAUSED, Operator.IS)
    if asked is None or not asked.values[0]:
        return None
    once = walk.listed().where(Subscription.paused_until.is_not(None))
    return _down(once, Subscription.subscriber_id, before, most)


def _of_status(walk: _Walk, before: int | None, most: int) -> Rows | None:
    asked = walk.asked(Field.STATUS, Operator.IS)
    if asked is None:
        return None
    which = walk.listed().where(Subscription.status == Status(str(asked.values[0])))
    return _down(which, Subscription.subscriber_id, before, most)


# ---- a page ----


def search(session: Session, sought: Sought, *, limit: int = 50) -> Page:
    """Return a page of the people meant."""
    walk, by_address = _Walk(sought.newsletter, sought.segment), _beginning(sought.segment) is not None
    after, looked_at = sought.after, 0
    rows: list[Any] = []
    for most in SCATTERED_STEPS if walk.is_scattered else STEPS:
        step = walk.step(after, most).subquery("step")
        reach = _reach(session, step, upwards=by_address)
        query = _rows(sought, step, reach).limit(limit + 1 - len(rows))
        rows += session.execute(query).all()
        if len(rows) > limit:
            return Page(people=_people(session, rows[:limit]), next=str(rows[limit - 1].key))
        looked_at += reach.people
        if reach.people < most:
            return Page(people=_people(session, rows))
        after = str(reach.last)
    return Page(people=_people(session, rows), next=after, looked_at=looked_at, is_bounded=True)


@dataclass(frozen=True, slots=True)
class _Reach:
    """What a step meets: how many people, their lowest and highest numbers, and the last key."""

    people: int
    lowest: int
    highest: int
    last: Any


def _reach(session: Session, step: Any, *, upwards: bool = False) -> _Reach:
    last = func.max(step.c.key) if upwards else func.min(step.c.key)
    found = session.execute(
        select(func.count(), func.min(step.c.id), func.max(step.c.id), last).select_from(step)
    ).one()
    return _Reach(found[0], found[1] or 0, found[2] or 0, found[3])


def _rows(sought: Sought, step: Any, reach: _Reach) -> Rows:
    order = step.c.key if _beginning(sought.segment) is not None else step.c.key.desc()
    columns = (
        Subscriber.id,
        step.c.key,
        Subscriber.address,
        Subscriber.address_hash,
        Subscriber.domain,
        Subscriber.language,
        Subscriber.attributes,
        Subscription.status,
        Subscription.cadence,
        Subscription.tags,
        Subscription.paused_until,
        Subscription.created_at,
        Subscription.confirmed_at,
        Subscription.left_at,
    )
    return _meant(select(*columns), sought, step, reach).order_by(order)


def _meant(query: Rows, sought: Sought, step: Any, reach: _Reach) -> Rows:
    """Look for those meant among the people of a step."""
    return (
        query.select_from(step)
        .join(
            Subscription,
            and_(Subscription.subscriber_id == step.c.id, Subscription.newsletter == sought.newsletter),
        )
        .join(Subscriber, Subscriber.id == step.c.id)
        .where(
            sought.sql,
            # Known anyway, but so the database may read a stretch of each table instead of row by row.
            Subscription.subscriber_id.between(reach.lowest, reach.highest),
            Subscriber.id.between(reach.lowest, reach.highest),
        )
    )


def _people(session: Session, rows: Sequence[Any]) -> tuple[Person, ...]:
    never = _reasons(session, rows)
    return tuple(
        Person(
            id=row.id,
            address=row.address,
            name=str((row.attributes or {}).get("name") or ""),
            status=row.status,
            cadence=row.cadence,
            language=row.language,
            tags=tuple(row.tags or ()),
            paused_until=row.paused_until,
            joined_at=row.created_at,
            confirmed_at=row.confirmed_at,
            left_at=row.left_at,
            suppressed=never.get(row.address_hash) or never.get(row.domain),
        )
        for row in rows
    )


def _reasons(session: Session, rows: Sequence[Any]) -> Mapping[bytes | str | None, Reason]:
    if not rows:
        return {}
    found = session.execute(
        select(Suppression.address_hash, Suppression.domain, Suppression.reason).where(
            or_(
                Suppression.address_hash.in_([row.address_hash for row in rows]),
                Suppression.domain.in_({row.domain for row in rows if row.domain}),
            )
        )
    )
    return {domain or digest: reason for digest, domain, reason in found}


# ---- how many ----


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people are meant: exactly, or at least so many."""

    people: int
    is_exact: bool


def count(session: Session, sought: Sought) -> Counted:
    """Count the people meant, as far as a bounded walk meets them."""
    walk = _Walk(sought.newsletter, sought.segment)
    most = MOST_SCATTERED_COUNTED if walk.is_scattered else MOST_COUNTED
    step = walk.step("", most).subquery("step")
    reach = _reach(session, step)
    people = session.scalar(_meant(select(func.count()), sought, step, reach))
    return Counted(people or 0, reach.people < most)


# ---- all of them, in slices ----


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the people meant, by id, and how far the walk has come."""

    ids: Sequence[int]
    walked_to: int
    is_last: bool


def highest(session: Session, newsletter: str) -> int:
    """Return the highest id on a list: who comes later is not meant by what is asked now."""
    query = select(func.max(Subscription.subscriber_id)).where(Subscription.newsletter == newsletter)
    return session.scalar(query) or 0


def next_slice(session: Session, sought: Sought, *, walked_to: int, upto: int, most: int) -> Slice:
    """Return those meant among the next ``most`` people of the list, behind an id and up to another."""
    key = Subscription.subscriber_id
    step = (
        select(key.label("id"), key.label("key"))
        .where(Subscription.newsletter == sought.newsletter, key > walked_to, key <= upto)
        .order_by(key)
        .limit(most)
        .subquery("step")
    )
    reach = _reach(session, step, upwards=True)
    if not reach.people:
        return Slice((), upto, True)
    ids = session.scalars(_meant(select(step.c.id), sought, step, reach).order_by(step.c.id)).all()
    return Slice(ids, reach.last, reach.people < most or reach.last >= upto)
