"""Replaying: what the journal knows and a restored database does not, brought to it.

It may be replayed whole, again and again: only what the database does not know yet is done, and a word
that the database heard later than the journal's stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import subscribers
from newsletter.database import Database
from newsletter.editions.begun import find_begun
from newsletter.journal.entry import Entry
from newsletter.journal.wishes import Wishes, wishes
from newsletter.journal.writing import REPLAYING
from subscribers import (
    Consent,
    Event,
    Evidence,
    Fact,
    Reason,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    Verdict,
)

AT_ONCE = 500
ORIGIN = "journal"  # of the evidence that it leaves
BECAUSE = (
    "it began on {:%Y-%m-%d at %H:%M} UTC from a database that was lost; who got a copy is not known here, "
    "so it is not sent again"
)
# After one of these a person has said something newer than what the journal knows.
_SPEAKS = (Event.ASKED, Event.CONFIRMED, Event.ENROLLED, Event.UNDONE)

One = TypeVar("One")


@dataclass(slots=True, kw_only=True)
class Replayed:
    """How much the journal knew that the database did not."""

    left: int = 0  # lists
    erased: int = 0  # people
    suppressed: int = 0  # addresses and domains
    editions: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    def as_json(self) -> dict[str, int]:
        """Return plain names and numbers."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def replay(database: Database, entries: Iterable[Entry], *, dry: bool = False) -> Replayed:
    """Bring the database what the entries say; with ``dry``, only count. Raises ``JournalBroken``.

    All entries are read before anything is written.
    """
    wanted = wishes(entries)

    def count(every: Iterable[One], act: Callable[[Session, Wishes, One], int]) -> int:
        done = 0
        for some in _parts(every):
            with database.sessions() as session, session.begin() as transaction:
                session.info[REPLAYING] = True
                done += sum(act(session, wanted, one) for one in some)
                if dry:
                    transaction.rollback()
        return done

    return Replayed(
        left=count(wanted.left.items(), _leave),
        erased=count(wanted.erased.items(), _erase),
        suppressed=count(_parts(wanted.suppressed.items()), _suppress)
        + count(wanted.domains.items(), _suppress_domain),
        editions=count(wanted.begun, _begin),
    )


def _parts(every: Iterable[One]) -> Iterator[Sequence[One]]:
    rest = iter(every)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _leave(session: Session, wanted: Wishes, wish: tuple[tuple[bytes, str], datetime]) -> int:
    (digest, newsletter), at = wish
    person = _find(session, wanted.names(digest))
    listed = session.get(Subscription, (newsletter, person.id)) if person else None
    if person is None or listed is None or listed.status is Status.LEFT:
        return 0
    if _has_spoken(session, person, after=at, newsletter=newsletter):
        return 0
    subscribers.happen(session, listed, Event.LEFT, evidence=Evidence(origin=ORIGIN), now=at)
    return 1


def _erase(session: Session, wanted: Wishes, wish: tuple[bytes, datetime]) -> int:
    digest, at = wish
    person = _find(session, wanted.names(digest))
    if person is None or person.address is None or _has_spoken(session, person, after=at):
        return 0
    subscribers.forget(session, person, now=at)
    return 1


def _suppress(session: Session, _: Wishes, some: Sequence[tuple[bytes, tuple[str, datetime]]]) -> int:
    verdicts = {digest: Verdict(Reason(reason), at) for digest, (reason, at) in some}
    return subscribers.suppress_addresses(session, verdicts)


def _suppress_domain(session: Session, _: Wishes, wish: tuple[str, tuple[str, datetime]]) -> int:
    domain, (reason, at) = wish
    if session.scalars(select(Suppression.id).where(Suppression.domain == domain)).first() is not None:
        return 0
    subscribers.suppress_domain(session, domain, reason=Reason(reason), now=at)
    return 1


def _begin(session: Session, _: Wishes, fact: Fact) -> int:
    return find_begun(session, fact.about, at=fact.at, because=BECAUSE.format(fact.at))


def _find(session: Session, names: Sequence[bytes]) -> Subscriber | None:
    """Return the person behind a hash, or behind one that they had before they moved."""
    for digest in names:
        person = session.scalars(select(Subscriber).where(Subscriber.address_hash == digest)).one_or_none()
        if person is not None:
            return person
    return None


def _has_spoken(
    session: Session, person: Subscriber, *, after: datetime, newsletter: str | None = None
) -> bool:
    """Say whether the database heard of a person, later than the journal's word, that they want mail."""
    query = select(func.count()).where(
        Consent.subscriber_id == person.id, Consent.event.in_(_SPEAKS), Consent.at > after
    )
    if newsletter is not None:
        query = query.where(Consent.newsletter == newsletter)
    return bool(session.scalar(query))
