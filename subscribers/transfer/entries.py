"""What is written about a person, in the order of the columns.

None of it depends on what the database says: whether somebody enters does, but not as what. So it is made
where the file is read, while the database is busy with others. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

from subscribers.states import Event, Status
from subscribers.transfer.formats import quoted
from subscribers.transfer.reading import Person
from subscribers.transfer.rows import Act, Ending, Entry, Row

# The columns of ``Entry``, the number of the person apart.
SUBSCRIBER = ("address", "address_hash", "domain", "language", "attributes", "created_at")
SUBSCRIPTION = (
    "newsletter",
    "status",
    "cadence",
    "paused_until",
    "tags",
    "created_at",
    "confirmed_at",
    "left_at",
)
EVIDENCE = ("newsletter", "origin", "event", "at", "ip", "details")
HISTORY = ("newsletter", *Act._fields)

NOTE_LENGTH = 500
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")
_EVENTS = {
    Status.ACTIVE: Event.ENROLLED.value,
    Status.PENDING: Event.ASKED.value,
    Status.LEFT: Event.LEFT.value,
}


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
    """Return what is written about somebody."""
    row, now = person.row, terms.now
    standing, status = row.standing, row.standing.status
    created_at = _past(row.created_at, now)
    return Entry(
        digest=person.digest,
        domain=person.domain,
        said=standing.value,
        listed=row.listed,
        subscriber=(
            person.address,
            person.digest,
            person.domain,
            _language(terms, row.language) if row.language else None,
            _json(row.attributes),
            created_at,
        ),
        subscription=(
            terms.newsletter,
            status.value,
            row.cadence.value,
            row.paused_until and row.paused_until.isoformat(),
            _json_list(tuple(row.tags)),
            created_at,
            _confirmed_at(row, status, now),
            _left_at(row, status, now),
        ),
        evidence=(
            terms.newsletter,
            terms.origin,
            _EVENTS[status],
            _happened_at(terms, person, status),
            row.ip if status is not Status.LEFT else None,
            _details(terms, person),
        ),
        history=[_brought(terms, act) for act in row.history] if row.history else (),
        ending=_ending(terms, person) if status is Status.LEFT else None,
    )


def moment_of(text: str) -> datetime:
    """Return the moment that a text of an entry stands for."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _past(moment: datetime | None, now: datetime) -> str:
    """Return a moment if it is past, and else ``now``, as the databases hold it."""
    return _written(moment if moment and moment < now else now)


@lru_cache(maxsize=8_192)  # a row has the same moment in several columns, and its neighbours have it, too
def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _confirmed_at(row: Row, status: Status, now: datetime) -> str | None:
    if status is Status.ACTIVE:
        return _past(row.confirmed_at or row.created_at, now)
    return row.confirmed_at and _past(row.confirmed_at, now)


def _left_at(row: Row, status: Status, now: datetime) -> str | None:
    if status is Status.LEFT:
        return _past(row.left_at or row.suppressed_at, now)
    # Whoever left, and of whom a form was filled in since, is pending; that they left is remembered.
    return _past(row.left_at, now) if status is Status.PENDING and row.left_at else None


def _happened_at(terms: ImportTerms, person: Person, status: Status) -> str:
    row = person.row
    if person.format.lossless:
        return _written(terms.now)  # the time of the act is in the history, and this is the act of moving
    if status is Status.ACTIVE:
        return _past(row.confirmed_at or row.created_at, terms.now)
    return _past(row.created_at if status is Status.PENDING else row.left_at or row.suppressed_at, terms.now)


def _ending(terms: ImportTerms, person: Person) -> Ending:
    row, now = person.row, terms.now
    # A provider's words often repeat the address, and the note stays when a person is erased.
    note = _ADDRESS.sub("***", row.note)[:NOTE_LENGTH] if row.note else None
    if note is None and not person.format.lossless:
        note = terms.origin
    return Ending(_past(row.left_at, now), _past(row.suppressed_at, now), note)


def _brought(terms: ImportTerms, act: Act) -> tuple[Any, ...]:
    """Return a piece of evidence that the file brings along."""
    details = json.dumps(act.details) if act.details else None
    _, _, *same = act[:-1]
    return (terms.newsletter, act.event.value, _past(act.at, terms.now), *same, details)


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
