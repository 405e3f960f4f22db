"""What is written about a person who enters, in the order of the columns.

None of it depends on what the database says: whether somebody enters does, but not as what. So it is made
where the file is read, while the database is busy with others. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from subscribers.states import Event, Status
from subscribers.transfer.formats import quoted
from subscribers.transfer.reading import Person
from subscribers.transfer.rows import Entry, Row

# The columns of ``Entry``; those that say who and which newsletter are not among them.
SUBSCRIBER = ("address", "address_hash", "domain", "language", "attributes", "created_at")
SUBSCRIPTION = ("status", "cadence", "paused_until", "tags", "created_at", "confirmed_at", "left_at")
EVIDENCE = ("event", "at", "ip", "details")

_EVENTS = {Status.ACTIVE: Event.ENROLLED, Status.PENDING: Event.ASKED, Status.LEFT: Event.LEFT}


@dataclass(frozen=True, kw_only=True)
class ImportTerms:
    """On what terms people are taken in."""

    newsletter: str
    origin: str  # where and how they agreed; kept as evidence
    now: datetime
    languages: frozenset[str]  # those that the newsletter is written in

    @cached_property
    def imported_at(self) -> str:
        """``now``, as the evidence has it."""
        return self.now.isoformat(timespec="seconds")


def entry_of(terms: ImportTerms, person: Person) -> Entry:
    """Return what is written about somebody who enters or leaves."""
    row, now = person.row, terms.now
    status, created_at = row.standing.status, past(row.created_at, now)
    confirmed_at = _confirmed_at(row, status, now)
    ip = row.ip if status is not Status.LEFT else None
    return Entry(
        (
            person.address,
            person.digest,
            person.domain,
            _language(terms, row.language) if row.language else None,
            _json(row.attributes),
            created_at,
        ),
        (
            status,
            row.cadence,
            row.paused_until,
            _json_list(tuple(row.tags)),
            created_at,
            confirmed_at,
            _left_at(row, status, now),
        ),
        (_EVENTS[status], _happened_at(terms, person, status), ip, _details(terms, person)),
    )


def past(moment: datetime | None, now: datetime) -> datetime:
    """Return a moment if it is past, and else ``now``."""
    return moment if moment and moment < now else now


def _confirmed_at(row: Row, status: Status, now: datetime) -> datetime | None:
    if status is Status.ACTIVE:
        return past(row.confirmed_at or row.created_at, now)
    return row.confirmed_at and past(row.confirmed_at, now)


def _left_at(row: Row, status: Status, now: datetime) -> datetime | None:
    if status is Status.LEFT:
        return past(row.left_at or row.suppressed_at, now)
    # Whoever left, and of whom a form was filled in since, is pending; that they left is remembered.
    return past(row.left_at, now) if status is Status.PENDING and row.left_at else None


def _happened_at(terms: ImportTerms, person: Person, status: Status) -> datetime:
    row = person.row
    if person.format.lossless:
        return terms.now  # the time of the act is in the history, and this is the act of moving
    if status is Status.ACTIVE:
        return past(row.confirmed_at or row.created_at, terms.now)
    return past(row.created_at if status is Status.PENDING else row.left_at or row.suppressed_at, terms.now)


def _details(terms: ImportTerms, person: Person) -> str:
    """Return as JSON where the evidence is from, and what the other system recorded."""
    details = f'{{"format": {quoted(person.format.name)}, "imported_at": "{terms.imported_at}"'
    if person.row.standing.reason:
        details += f', "said": "{person.row.standing.value}"'
    if person.row.recorded:
        details += f', "recorded": {person.row.recorded}'
    return details + "}"


def _json(value: Mapping[str, Any]) -> str:
    if len(value) == 1 and isinstance(name := value.get("name"), str):
        return f'{{"name": {quoted(name)}}}'  # what most people have, and nothing else
    return json.dumps(value) if value else "{}"


@lru_cache(maxsize=4096)
def _json_list(value: tuple[str, ...]) -> str:
    return json.dumps(value)


def _language(terms: ImportTerms, said: str) -> str | None:
    wanted = said.replace("_", "-").casefold()
    return next((name for name in terms.languages if name.casefold() == wanted), None)
