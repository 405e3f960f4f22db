"""A chunk of people and the database: what we know of them, and writing what was decided.

The only statement here that makes anybody active is an INSERT that gives way to whatever there is. Bulk
statements, the same on SQLite and PostgreSQL; the caller owns the transaction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session

from subscribers.consent import Consent
from subscribers.states import Event, Status
from subscribers.subscriber import Subscriber, Subscription
from subscribers.suppression import Reason, Suppression
from subscribers.transfer import bulk
from subscribers.transfer.decisions import Decision, Known, decide
from subscribers.transfer.formats import quoted
from subscribers.transfer.reading import Person
from subscribers.transfer.rows import Act, Row, UnreadableList

_EVENTS = {Status.ACTIVE: Event.ENROLLED, Status.PENDING: Event.ASKED, Status.LEFT: Event.LEFT}
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")
NOTE_LENGTH = 500


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


class Found(NamedTuple):
    """What the database says about a person before."""

    id: int | None
    known: Known


NOBODY = Found(None, Known())


def look_up(session: Session, newsletter: str, people: Mapping[bytes, Person]) -> dict[bytes, Found]:
    """Return what is known of the people of whom something is known."""
    suppressed = _suppressed(session, people)
    found = {digest: Found(None, Known(suppressed=reason)) for digest, reason in suppressed.items()}
    listed = (
        select(Subscriber.id, Subscriber.address_hash, Subscriber.address.is_(None), Subscription.status)
        .select_from(Subscriber)
        .outerjoin(
            Subscription,
            and_(Subscription.subscriber_id == Subscriber.id, Subscription.newsletter == newsletter),
        )
    )
    for id_, digest, erased, status in bulk.find(session, listed, Subscriber.address_hash, people):
        known = Known(
            status=Status(status) if status else None,
            erased=bool(erased),
            suppressed=suppressed.get(bytes(digest)),
        )
        found[bytes(digest)] = Found(id_, known)
    return found


def _suppressed(session: Session, people: Mapping[bytes, Person]) -> dict[bytes, Reason]:
    of_domains = select(Suppression.domain, Suppression.reason)
    domains = {person.domain for person in people.values()}
    by_domain = {
        domain: Reason(reason)
        for domain, reason in bulk.find(session, of_domains, Suppression.domain, domains)
    }
    found: dict[bytes, Reason] = {}
    if by_domain:  # which is rare, and there are a million people
        found = {
            digest: by_domain[person.domain]
            for digest, person in people.items()
            if person.domain in by_domain
        }
    of_addresses = select(Suppression.address_hash, Suppression.reason)
    by_address = bulk.find(session, of_addresses, Suppression.address_hash, people)
    return found | {bytes(digest): Reason(reason) for digest, reason in by_address}


def decide_all(people: Mapping[bytes, Person], found: Mapping[bytes, Found]) -> dict[bytes, Decision]:
    """Return what is to be done with each."""
    return {
        digest: decide(found.get(digest, NOBODY).known, person.row.standing, listed=person.row.listed)
        for digest, person in people.items()
    }


def settle(session: Session, terms: ImportTerms, people: Mapping[bytes, Person]) -> dict[bytes, Decision]:
    """Write down a chunk of people; return what was decided about each."""
    found = look_up(session, terms.newsletter, people)
    decisions = decide_all(people, found)
    # One order for all, so that two imports at once wait for each other and do not lock each other up.
    order = sorted(people)
    new = [digest for digest in order if decisions[digest].enters_as and found.get(digest, NOBODY).id is None]
    ids = _add_subscribers(session, terms, [people[digest] for digest in new])
    if len(ids) < len(new):  # somebody signed up at this very moment: look again
        late = {digest: people[digest] for digest in new if digest not in ids}
        found |= look_up(session, terms.newsletter, late)
        decisions |= decide_all(late, found)
    ids |= {digest: one.id for digest, one in found.items() if one.id is not None}
    if any(digest not in ids for digest in new):
        raise UnreadableList("an address is known by another hash; is keys.file of another installation?")
    entering = [
        (ids[digest], people[digest], status) for digest in order if (status := decisions[digest].enters_as)
    ]
    leaving = [(ids[digest], people[digest]) for digest in order if decisions[digest].leaves]
    _add_subscriptions(session, terms, entering)
    _leave(session, terms, leaving)
    _suppress(session, terms, [(people[digest], decisions[digest]) for digest in order])
    _add_evidence(session, terms, [*entering, *((id_, person, Status.LEFT) for id_, person in leaving)])
    return decisions


def _add_subscribers(session: Session, terms: ImportTerms, people: Sequence[Person]) -> dict[bytes, int]:
    if not people:
        return {}
    values = {
        "address": [person.address for person in people],
        "address_hash": [person.digest for person in people],
        "domain": [person.domain for person in people],
        "language": [_language(terms, person.row.language) for person in people],
        "attributes": [_json(person.row.attributes) for person in people],
        "created_at": [_past(person.row.created_at, terms.now) for person in people],
    }
    return bulk.insert_numbered(session, Subscriber, values, key="address_hash")


def _add_subscriptions(
    session: Session, terms: ImportTerms, entering: Sequence[tuple[int, Person, Status]]
) -> None:
    if not entering:
        return
    now, rows = terms.now, [person.row for _, person, _ in entering]
    values = {
        "newsletter": [terms.newsletter] * len(rows),
        "subscriber_id": [id_ for id_, _, _ in entering],
        "status": [status for _, _, status in entering],
        "cadence": [row.cadence for row in rows],
        "paused_until": [row.paused_until for row in rows],
        "tags": [_json_list(tuple(row.tags)) for row in rows],
        "created_at": [_past(row.created_at, now) for row in rows],
        "confirmed_at": [_confirmed_at(person.row, status, now) for _, person, status in entering],
        "left_at": [_left_at(person.row, status, now) for _, person, status in entering],
    }
    bulk.insert(session, Subscription, values, bulk.give_way)


def _confirmed_at(row: Row, status: Status, now: datetime) -> datetime | None:
    if status is Status.ACTIVE:
        return _past(row.confirmed_at or row.created_at, now)
    return row.confirmed_at and _past(row.confirmed_at, now)


def _left_at(row: Row, status: Status, now: datetime) -> datetime | None:
    if status is Status.LEFT:
        return _past(row.left_at or row.suppressed_at, now)
    # Whoever left, and of whom a form was filled in since, is pending; that they left is remembered.
    return _past(row.left_at, now) if status is Status.PENDING and row.left_at else None


def _leave(session: Session, terms: ImportTerms, leaving: Iterable[tuple[int, Person]]) -> None:
    rows = [{"id_": id_, "at": _past(person.row.left_at, terms.now)} for id_, person in leaving]
    if rows:
        session.connection().execute(
            update(Subscription)
            .where(
                Subscription.newsletter == terms.newsletter,
                Subscription.subscriber_id == bindparam("id_"),
                Subscription.status != Status.LEFT,
            )
            .values(status=Status.LEFT, left_at=func.coalesce(Subscription.left_at, bindparam("at"))),
            rows,
        )


def _suppress(session: Session, terms: ImportTerms, decided: Iterable[tuple[Person, Decision]]) -> None:
    rows = [(person, decision.suppress) for person, decision in decided if decision.suppress]
    if not rows:
        return
    values = {
        "address_hash": [person.digest for person, _ in rows],
        "reason": [reason for _, reason in rows],
        "note": [_note(terms, person) for person, _ in rows],
        "created_at": [_past(person.row.suppressed_at, terms.now) for person, _ in rows],
    }
    bulk.insert(session, Suppression, values, _complaints_replace)


def _complaints_replace(statement: Any) -> Any:
    new, complained = statement.excluded, literal_column(f"'{Reason.COMPLAINED}'")
    return statement.on_conflict_do_update(
        index_elements=[Suppression.address_hash],
        set_={"reason": new.reason, "note": new.note, "created_at": new.created_at},
        where=and_(new.reason == complained, Suppression.reason != complained),
    )


def _note(terms: ImportTerms, person: Person) -> str | None:
    # A provider's words often repeat the address, and the note stays when a person is erased.
    if person.row.note:
        return _ADDRESS.sub("***", person.row.note)[:NOTE_LENGTH]
    return None if person.format.lossless else terms.origin


def _add_evidence(session: Session, terms: ImportTerms, moves: Sequence[tuple[int, Person, Status]]) -> None:
    """Write what the file brings along as evidence, and the act of moving in itself."""
    brought = [(id_, act) for id_, person, _ in moves for act in person.row.history]
    if brought:
        ids, acts = zip(*brought, strict=True)
        columns: dict[str, Sequence[Any]] = dict(zip(Act._fields, zip(*acts, strict=True), strict=True))
        columns["at"] = [_past(at, terms.now) for at in columns["at"]]
        columns["details"] = [details and json.dumps(details) for details in columns["details"]]
        about = {"subscriber_id": ids, "newsletter": [terms.newsletter] * len(ids)}
        bulk.insert(session, Consent, about | columns)
    if not moves:
        return
    values = {
        "subscriber_id": [id_ for id_, _, _ in moves],
        "newsletter": [terms.newsletter] * len(moves),
        "event": [_EVENTS[status] for _, _, status in moves],
        "at": [_happened_at(terms, person, status) for _, person, status in moves],
        "origin": [terms.origin] * len(moves),
        "ip": [person.row.ip if status is not Status.LEFT else None for _, person, status in moves],
        "details": [_details(terms, person) for _, person, _ in moves],
    }
    bulk.insert(session, Consent, values)


def _happened_at(terms: ImportTerms, person: Person, status: Status) -> datetime:
    row = person.row
    if person.format.lossless:
        return terms.now  # the time of the act is in the history, and this is the act of moving
    if status is Status.ACTIVE:
        return _past(row.confirmed_at or row.created_at, terms.now)
    return _past(row.created_at if status is Status.PENDING else row.left_at or row.suppressed_at, terms.now)


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


def _past(moment: datetime | None, now: datetime) -> datetime:
    return moment if moment and moment < now else now


def _language(terms: ImportTerms, said: str | None) -> str | None:
    if not said:
        return None
    wanted = said.replace("_", "-").casefold()
    return next((name for name in terms.languages if name.casefold() == wanted), None)
