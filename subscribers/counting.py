"""The census: how many people of a list are what, counted in one go.

A short list is counted whenever somebody asks. A long one is counted beside the web, by whoever works there,
and what was counted is kept with its moment: nobody waits for a million rows to see a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import JSON, String, case, cast, func, select, true, type_coerce, union
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers.base import Base, UtcDateTime
from subscribers.segments.compiling import suppressed
from subscribers.states import Status
from subscribers.subscriber import Subscriber, Subscription
from subscribers.suppression import Suppression

SHORT_LIST = 5_000  # people; a longer one is counted beside the web
DAYS = 30
MOST_TAGS = 30
KEPT_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one local day."""

    day: date
    joined: int  # became readers
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """How many people are what. ``cadences`` and ``languages`` are of those who get mail."""

    at: datetime
    statuses: Mapping[str, int] = field(default_factory=dict[str, int])
    cadences: Mapping[str, int] = field(default_factory=dict[str, int])
    languages: Mapping[str, int] = field(default_factory=dict[str, int])  # "default": the newsletter's own
    tags: Mapping[str, int] = field(default_factory=dict[str, int])  # the most frequent
    paused: int = 0
    suppressed: int = 0
    days: tuple[Day, ...] = ()  # the last, oldest first; today is not over

    @property
    def people(self) -> int:
        """Everybody on the list, whatever their status."""
        return sum(self.statuses.values())

    @property
    def active(self) -> int:
        """Those who have confirmed and not left."""
        return self.statuses.get(Status.ACTIVE, 0)

    @property
    def joined(self) -> int:
        """Who became a reader in the last days."""
        return sum(day.joined for day in self.days)

    @property
    def left(self) -> int:
        """Who left in the last days."""
        return sum(day.left for day in self.days)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept, and for the API."""
        return {
            "at": self.at.isoformat(),
            "statuses": dict(self.statuses),
            "cadences": dict(self.cadences),
            "languages": dict(self.languages),
            "tags": dict(self.tags),
            "paused": self.paused,
            "suppressed": self.suppressed,
            "days": [[day.day.isoformat(), day.joined, day.left] for day in self.days],
        }


class KeptCensus(Base):
    """The last census of a long list."""

    __tablename__ = "census"

    newsletter: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)


def census(session: Session, newsletter: str, *, zone: tzinfo, now: datetime) -> Census | None:
    """Return how a list stands: counted now when it is short, else as last kept; None: not yet counted."""
    if is_short(session, newsletter):
        return take(session, newsletter, zone=zone, now=now, most=SHORT_LIST)
    kept = session.get(KeptCensus, newsletter)
    return None if kept is None else _read(kept.counts)


def is_short(session: Session, newsletter: str) -> bool:
    """Say whether a list can be counted while somebody waits."""
    some = select(Subscription.subscriber_id).where(Subscription.newsletter == newsletter)
    behind = some.order_by(Subscription.subscriber_id).offset(SHORT_LIST).limit(1)
    return session.scalar(behind) is None


def is_due(session: Session, newsletter: str, *, now: datetime) -> bool:
    """Say whether a long list should be counted again."""
    kept = session.get(KeptCensus, newsletter)
    return (kept is None or now - kept.at >= KEPT_FOR) and not is_short(session, newsletter)


def keep(session: Session, newsletter: str, counted: Census) -> None:
    """Keep a census."""
    session.merge(KeptCensus(newsletter=newsletter, at=counted.at, counts=counted.as_json()))


def take(
    session: Session, newsletter: str, *, zone: tzinfo, now: datetime, most: int | None = None
) -> Census:
    """Count a list, which has ``most`` people at most; changes nothing. A long one takes seconds."""
    today = now.astimezone(zone).date()
    listed = _listed(newsletter, most)
    statuses: dict[str, int] = {}
    cadences: dict[str, int] = {}
    languages: dict[str, int] = {}
    paused = 0
    is_paused = case((listed.c.paused_until > today, 1), else_=0)
    rows = session.execute(
        select(listed.c.status, listed.c.cadence, Subscriber.language, func.count(), func.sum(is_paused))
        .join(Subscriber, Subscriber.id == listed.c.subscriber_id)
        .group_by(listed.c.status, listed.c.cadence, Subscriber.language)
    )
    for status, cadence, language, people, pausing in rows:
        _add(statuses, status.value, people)
        if status is Status.ACTIVE:
            _add(cadences, cadence.value, people)
            _add(languages, language or "default", people)
            paused += int(pausing or 0)
    return Census(
        at=now,
        statuses=statuses,
        cadences=cadences,
        languages=languages,
        tags=_tags(session, listed),
        paused=paused,
        suppressed=_suppressed(session, listed, is_short=most is not None),
        days=_days(session, listed, zone, today),
    )


def _listed(newsletter: str, most: int | None) -> Any:
    """Select a list. A short one is read by its key, however long the others beside it are."""
    query = select(
        Subscription.subscriber_id,
        Subscription.status,
        Subscription.cadence,
        Subscription.paused_until,
        Subscription.tags,
        Subscription.confirmed_at,
        Subscription.left_at,
    ).where(Subscription.newsletter == newsletter)
    if most is not None:
        # Both columns of the key: with one of them SQLite reads the whole table.
        query = query.order_by(Subscription.newsletter, Subscription.subscriber_id).limit(most)
    return query.subquery("listed")


def _add(counts: dict[str, int], what: str, people: int) -> None:
    counts[what] = counts.get(what, 0) + people


def _tags(session: Session, listed: Any) -> dict[str, int]:
    if session.get_bind().dialect.name == "postgresql":
        each = func.jsonb_array_elements_text(cast(listed.c.tags, JSONB)).table_valued("value")
    else:
        each = func.json_each(listed.c.tags).table_valued("value")
    tag = type_coerce(each.c.value, String)
    rows = session.execute(
        select(tag, func.count())
        .select_from(listed)
        .join(each, true())
        .group_by(tag)
        .order_by(func.count().desc(), tag)
        .limit(MOST_TAGS)
    )
    return {str(name): people for name, people in rows}


def _suppressed(session: Session, listed: Any, *, is_short: bool) -> int:
    people = select(listed.c.subscriber_id).join(Subscriber, Subscriber.id == listed.c.subscriber_id)
    if is_short:
        found = people.where(suppressed()).subquery()
    else:  # there are few suppressions beside a long list
        by_hash = people.join(Suppression, Suppression.address_hash == Subscriber.address_hash)
        by_domain = people.join(Suppression, Suppression.domain == Subscriber.domain)
        found = union(by_hash, by_domain).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _days(session: Session, listed: Any, zone: tzinfo, today: date) -> tuple[Day, ...]:
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    counts: list[dict[int, int]] = []
    for column in (listed.c.confirmed_at, listed.c.left_at):
        # The days of the zone, whatever the database knows of zones.
        number = case(
            *(
                (column >= datetime.combine(day, time(), zone), n)
                for n, day in reversed(list(enumerate(days)))
            ),
            else_=-1,
        )
        since = datetime.combine(days[0], time(), zone)
        numbered = select(number.label("number")).where(column >= since).subquery()
        rows = session.execute(select(numbered.c.number, func.count()).group_by(numbered.c.number))
        counts.append({n: people for n, people in rows})  # noqa: C416 - rows, not pairs
    joined, left = counts
    return tuple(Day(day, joined.get(n, 0), left.get(n, 0)) for n, day in enumerate(days))


def _read(counts: Mapping[str, Any]) -> Census:
    return Census(
        at=datetime.fromisoformat(counts["at"]),
        statuses=counts["statuses"],
        cadences=counts["cadences"],
        languages=counts["languages"],
        tags=counts["tags"],
        paused=counts["paused"],
        suppressed=counts["suppressed"],
        days=tuple(Day(date.fromisoformat(day), joined, left) for day, joined, left in counts["days"]),
    )
