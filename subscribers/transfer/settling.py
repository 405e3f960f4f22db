"""A chunk of people and the database: what we know of them, and writing what was decided.

The only statement here that makes anybody active is an INSERT that gives way to whatever there is. Bulk
statements, the same on SQLite and PostgreSQL; the caller owns the transaction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session

from subscribers.consent import Consent
from subscribers.lasting import Fact, Lasting, remember
from subscribers.states import Status
from subscribers.subscriber import Subscriber, Subscription
from subscribers.suppression import Reason, Suppression, note_suppressed
from subscribers.transfer import bulk
from subscribers.transfer.decisions import Decision, Known, decide
from subscribers.transfer.entries import EVIDENCE, SUBSCRIBER, SUBSCRIPTION, ImportTerms, past
from subscribers.transfer.reading import Chunk, Person
from subscribers.transfer.rows import Act, Entry, UnreadableList

_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;:]+")
NOTE_LENGTH = 500


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


def settle(session: Session, terms: ImportTerms, chunk: Chunk) -> dict[bytes, Decision]:
    """Write down a chunk of people; return what was decided about each."""
    people, entries = chunk.people, chunk.entries
    bulk.alone(session)
    found = look_up(session, terms.newsletter, people)
    decisions = decide_all(people, found)
    # One order for all, so that two imports at once wait for each other and do not lock each other up.
    order = sorted(people)
    new = [digest for digest in order if decisions[digest].enters_as and found.get(digest, NOBODY).id is None]
    fresh = ids = _add_subscribers(session, [entries[digest] for digest in new])
    if len(ids) < len(new):  # somebody signed up at this very moment: look again
        late = {digest: people[digest] for digest in new if digest not in ids}
        found |= look_up(session, terms.newsletter, late)
        decisions |= decide_all(late, found)
    ids = ids | {digest: one.id for digest, one in found.items() if one.id is not None}
    if any(digest not in ids for digest in new):
        raise UnreadableList("an address is known by another hash; is keys.file of another installation?")
    entering = [digest for digest in order if decisions[digest].enters_as]
    leaving = [digest for digest in order if decisions[digest].leaves]
    # Whoever was added just now is on no list yet, so nothing has to give way.
    for are_new, conflict in ((True, None), (False, bulk.give_way)):
        some = [(digest, entries[digest]) for digest in entering if (digest in fresh) is are_new]
        _add_subscriptions(session, terms, ids, some, conflict)
    _leave(session, terms, [(ids[digest], people[digest]) for digest in leaving])
    _suppress(session, terms, [(people[digest], decisions[digest]) for digest in order])
    moving = entering + leaving
    _add_history(session, terms, [(ids[digest], people[digest]) for digest in moving])
    _add_evidence(session, terms, ids, [(digest, entries[digest]) for digest in moving])
    return decisions


def _columns(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _add_subscribers(session: Session, entries: Sequence[Entry]) -> dict[bytes, int]:
    if not entries:
        return {}
    values = _columns(SUBSCRIBER, (entry.subscriber for entry in entries))
    return bulk.insert_numbered(session, Subscriber, values, key="address_hash")


def _add_subscriptions(
    session: Session,
    terms: ImportTerms,
    ids: Mapping[bytes, int],
    entering: Sequence[tuple[bytes, Entry]],
    conflict: bulk.Conflict | None,
) -> None:
    if not entering:
        return
    about = _about(terms, [ids[digest] for digest, _ in entering])
    values = about | _columns(SUBSCRIPTION, (entry.subscription for _, entry in entering))
    bulk.insert(session, Subscription, values, conflict)


def _about(terms: ImportTerms, ids: Sequence[int]) -> dict[str, Sequence[Any]]:
    return {"subscriber_id": ids, "newsletter": [terms.newsletter] * len(ids)}


def _leave(session: Session, terms: ImportTerms, leaving: Sequence[tuple[int, Person]]) -> None:
    rows = [{"id_": id_, "at": past(person.row.left_at, terms.now)} for id_, person in leaving]
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
    for id_, person in leaving:
        about = {"newsletter": terms.newsletter, "id": id_, "hash": person.digest.hex()}
        remember(session, Fact(what=Lasting.LEFT, at=past(person.row.left_at, terms.now), about=about))


def _suppress(session: Session, terms: ImportTerms, decided: Iterable[tuple[Person, Decision]]) -> None:
    rows = [(person, decision.suppress) for person, decision in decided if decision.suppress]
    if not rows:
        return
    values = {
        "address_hash": [person.digest for person, _ in rows],
        "reason": [reason for _, reason in rows],
        "note": [_note(terms, person) for person, _ in rows],
        "created_at": [past(person.row.suppressed_at, terms.now) for person, _ in rows],
    }
    bulk.insert(session, Suppression, values, complaints_replace)
    for person, reason in rows:
        note_suppressed(session, person.digest, reason, past(person.row.suppressed_at, terms.now))


def complaints_replace(statement: Any) -> Any:
    """Leave the reason that there is, but for a complaint."""
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


def _add_history(session: Session, terms: ImportTerms, moves: Sequence[tuple[int, Person]]) -> None:
    """Write what the file brings along as evidence."""
    brought = [(id_, act) for id_, person in moves for act in person.row.history]
    if not brought:
        return
    columns = _columns(Act._fields, (act for _, act in brought))
    columns["at"] = [past(at, terms.now) for at in columns["at"]]
    columns["details"] = [details and json.dumps(details) for details in columns["details"]]
    bulk.insert(session, Consent, _about(terms, [id_ for id_, _ in brought]) | columns)


def _add_evidence(
    session: Session, terms: ImportTerms, ids: Mapping[bytes, int], moves: Sequence[tuple[bytes, Entry]]
) -> None:
    """Write the act of moving in itself."""
    if not moves:
        return
    values = _about(terms, [ids[digest] for digest, _ in moves])
    values["origin"] = [terms.origin] * len(moves)
    values |= _columns(EVIDENCE, (entry.evidence for _, entry in moves))
    bulk.insert(session, Consent, values)
