"""A portion of people and the database: what we know of them, and writing what was decided.

The only statement here that makes anybody active is an INSERT that gives way to whatever there is. Bulk
statements, the same on SQLite and PostgreSQL; the caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session

from subscribers.consent import Consent
from subscribers.lasting import Fact, Lasting, remember
from subscribers.states import Status
from subscribers.subscriber import Subscriber, Subscription
from subscribers.suppression import Reason, Suppression, note_suppressed
from subscribers.transfer import bulk, pouring
from subscribers.transfer.decisions import Decision, Known, decide
from subscribers.transfer.entries import (
    EVIDENCE,
    HISTORY,
    SUBSCRIBER,
    SUBSCRIPTION,
    ImportTerms,
    moment_of,
)
from subscribers.transfer.portions import Portion, Said
from subscribers.transfer.rows import Entry, Standing, UnreadableList

_SUPPRESSION = ("address_hash", "reason", "note", "created_at")


class Found(NamedTuple):
    """What the database says about a person before."""

    id: int | None
    known: Known


class Case(NamedTuple):
    """What a row says of a person, and what is done. There are a few dozen cases."""

    said: Standing
    earlier: Standing | None  # where they stood after an earlier row of the same file
    decision: Decision


NOBODY = Found(None, Known())


def look_up(session: Session, newsletter: str, entries: Sequence[Entry]) -> dict[bytes, Found]:
    """Return what is known of the people of whom something is known."""
    suppressed = _suppressed(session, entries)
    found = {digest: Found(None, Known(suppressed=reason)) for digest, reason in suppressed.items()}
    listed = (
        select(Subscriber.id, Subscriber.address_hash, Subscriber.address.is_(None), Subscription.status)
        .select_from(Subscriber)
        .outerjoin(
            Subscription,
            and_(Subscription.subscriber_id == Subscriber.id, Subscription.newsletter == newsletter),
        )
    )
    digests = [entry.digest for entry in entries]
    for id_, digest, erased, status in bulk.find(session, listed, Subscriber.address_hash, digests):
        known = Known(
            status=Status(status) if status else None,
            erased=bool(erased),
            suppressed=suppressed.get(bytes(digest)),
        )
        found[bytes(digest)] = Found(id_, known)
    return found


def _suppressed(session: Session, entries: Sequence[Entry]) -> dict[bytes, Reason]:
    of_domains = select(Suppression.domain, Suppression.reason)
    domains = {entry.domain for entry in entries}
    by_domain = {
        domain: Reason(reason)
        for domain, reason in bulk.find(session, of_domains, Suppression.domain, domains)
    }
    found: dict[bytes, Reason] = {}
    if by_domain:  # which is rare, and there are a million people
        found = {entry.digest: by_domain[entry.domain] for entry in entries if entry.domain in by_domain}
    of_addresses = select(Suppression.address_hash, Suppression.reason)
    digests = [entry.digest for entry in entries]
    by_address = bulk.find(session, of_addresses, Suppression.address_hash, digests)
    return found | {bytes(digest): Reason(reason) for digest, reason in by_address}


def cases_of(portion: Portion, found: Mapping[bytes, Found]) -> list[Case]:
    """Return what is to be done with each of a portion."""
    again = portion.again
    if not (found or again):
        return [_case(NOBODY.known, entry.said, entry.listed, None) for entry in portion.entries]
    return [
        _case(found.get(entry.digest, NOBODY).known, entry.said, entry.listed, again.get(entry.digest))
        for entry in portion.entries
    ]


@lru_cache
def _case(known: Known, said: str, listed: bool, earlier: Said | None) -> Case:
    # Where somebody stands after the earlier row is what that row does to them, once or twice: a trial run
    # has not written it, and any other has.
    stood = earlier and decide(known, Standing(earlier.said), listed=earlier.listed).after
    return Case(Standing(said), stood, decide(known, Standing(said), listed=listed))


def settle(session: Session, terms: ImportTerms, portion: Portion) -> list[Case]:
    """Write down a portion of people; return what was done with each."""
    bulk.alone(session)
    found = look_up(session, terms.newsletter, portion.entries)
    cases = cases_of(portion, found)
    new = [
        entry
        for entry, case in zip(portion.entries, cases, strict=True)
        if case.decision.enters_as and found.get(entry.digest, NOBODY).id is None
    ]
    rows = [entry.subscriber for entry in new]
    fresh = ids = pouring.insert_numbered(session, Subscriber, SUBSCRIBER, rows, key="address_hash")
    if len(ids) < len(new):  # somebody signed up at this very moment: look again
        late = [entry for entry in new if entry.digest not in ids]
        found |= look_up(session, terms.newsletter, late)
        cases = cases_of(portion, found)
    ids = ids | {digest: one.id for digest, one in found.items() if one.id is not None}
    if any(entry.digest not in ids for entry in new):
        raise UnreadableList("an address is known by another hash; is keys.file of another installation?")
    decided = [(entry, case.decision) for entry, case in zip(portion.entries, cases, strict=True)]
    entering = [entry for entry, decision in decided if decision.enters_as]
    leaving = [entry for entry, decision in decided if decision.leaves]
    # Whoever was added just now is on no list yet, so nothing has to give way.
    for are_new, conflict in ((True, None), (False, bulk.give_way)):
        some = [entry for entry in entering if (entry.digest in fresh) is are_new]
        rows = [(ids[entry.digest], *entry.subscription) for entry in some]
        pouring.insert(session, Subscription, ("subscriber_id", *SUBSCRIPTION), rows, conflict)
    _leave(session, terms, ids, leaving)
    _suppress(session, decided)
    moving = entering + leaving
    brought = [(ids[entry.digest], *act) for entry in moving for act in entry.history]
    pouring.insert(session, Consent, ("subscriber_id", *HISTORY), brought)
    # The act of moving in itself.
    rows = [(ids[entry.digest], *entry.evidence) for entry in moving]
    pouring.insert(session, Consent, ("subscriber_id", *EVIDENCE), rows)
    return cases


def _leave(session: Session, terms: ImportTerms, ids: Mapping[bytes, int], leaving: Iterable[Entry]) -> None:
    ended = [(entry, moment_of(entry.ending.left_at)) for entry in leaving if entry.ending]
    rows = [{"id_": ids[entry.digest], "at": at} for entry, at in ended]
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
    # A file may tell of a leave long ago. It counts from when we heard of it: a replay must not
    # take an enrolment that is older than the file, and newer than its date, for a later word.
    for entry, _ in ended:
        about = {"newsletter": terms.newsletter, "id": ids[entry.digest], "hash": entry.digest.hex()}
        remember(session, Fact(what=Lasting.LEFT, at=terms.now, about=about))


def _suppress(session: Session, decided: Iterable[tuple[Entry, Decision]]) -> None:
    ended = [
        (entry.digest, decision.suppress, entry.ending)
        for entry, decision in decided
        if decision.suppress and entry.ending
    ]
    rows = [(digest, reason.value, ending.note, ending.suppressed_at) for digest, reason, ending in ended]
    pouring.insert(session, Suppression, _SUPPRESSION, rows, complaints_replace)
    for digest, reason, ending in ended:
        note_suppressed(session, digest, reason, moment_of(ending.suppressed_at))


def complaints_replace(statement: Any) -> Any:
    """Leave the reason that there is, but for a complaint."""
    new, complained = statement.excluded, literal_column(f"'{Reason.COMPLAINED}'")
    return statement.on_conflict_do_update(
        index_elements=[Suppression.address_hash],
        set_={"reason": new.reason, "note": new.note, "created_at": new.created_at},
        where=and_(new.reason == complained, Suppression.reason != complained),
    )
