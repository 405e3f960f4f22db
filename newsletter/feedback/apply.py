"""Events take effect: where each copy stands, doubt, readers, editions, and what a person must know.

Whatever order events come in and however often they are told, the end is the same: a copy stands at the
highest kind heard of it, and what may not happen twice is known by its key (``FeedbackSeen``). Events
from any source come through here: a webhook, a bounce mailbox, a nightly list. The caller owns the
transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery import evidence, notices
from newsletter.delivery.tables import Batch, Delivery
from newsletter.feedback import accounts, editions, readers, reading
from newsletter.feedback.events import RANKS, Event, Kind
from newsletter.feedback.once import first_time
from newsletter.feedback.rules import Rules
from newsletter.feedback.tables import REPLY_LENGTH, Feedback, FeedbackCount
from newsletter.feedback.troubles import Trouble
from newsletter.keys import Keys
from newsletter.transports.base import discreet
from subscribers import bulk

TURN = 0x6E6C6662  # any number that no other program on this server locks
FOREIGN, REPEATED = "foreign", "repeated"


@dataclass
class Applied:
    """What came of some events."""

    counts: Counter[str] = field(default_factory=Counter)  # by kind, and foreign, repeated, odd
    foreign: list[Event] = field(default_factory=list)  # about nothing that we sent
    settled: int = 0  # copies that were in doubt
    suppressed: int = 0
    left: int = 0
    returned: int = 0  # copies that may be tried again
    troubles: list[Trouble] = field(default_factory=list)


def take_turn(session: Session) -> None:
    """Wait until nobody else lets events take effect. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(TURN)))


def apply(
    session: Session, events: Iterable[Event], *, provider: str, keys: Keys, rules: Rules, now: datetime
) -> Applied:
    """Let events take effect, those that have not yet."""
    take_turn(session)
    applied, events = Applied(), list(events)
    calls = evidence.calls_named(session, {_base(event.call) for event in events} - {""})
    fresh = _fresh(session, events, now, applied)
    ours: list[Event] = []
    for place, event in enumerate(fresh):
        applied.counts[event.kind] += 1
        if event.edition_id is not None and (event.call is None or _base(event.call) in calls):
            fresh[place] = readers.as_failure(session, event)
            ours.append(fresh[place])
        elif event.notice_id is None and event.kind not in (Kind.ACCOUNT, Kind.OTHER):
            applied.foreign.append(event)
    applied.counts[FOREIGN] += len(applied.foreign)
    _stand(session, ours)
    whole = {calls[event.call] for event in ours if event.call in calls}
    evidence.hear(session, whole, now=now)
    applied.settled = _settle_copies(session, [event for event in ours if event.call not in calls])
    about_notices = [event for event in fresh if event.notice_id is not None and event.kind in RANKS]
    if about_notices:
        named = [(event.notice_id, event.call) for event in about_notices if event.notice_id is not None]
        notices.hear(session, named, now=now)
        applied.settled += notices.settle_heard(session)
    applied.returned = _give_back(session, ours, calls, now=now)
    applied.suppressed, applied.left = readers.reach(
        session,
        [event for event in fresh if event.suppress],
        set(map(id, ours)),
        provider=provider,
        keys=keys,
    )
    applied.suppressed += readers.end_failures(session, ours, rules=rules)
    applied.troubles += editions.reach(session, ours, rules=rules, now=now)
    applied.troubles += accounts.reach(session, fresh, provider=provider, now=now)
    if rules.counts_reading:
        reading.count(session, ours, keys=keys, keeps_trail=rules.keeps_trail, now=now)
    applied.counts += Counter()  # what is zero goes
    count(session, provider, applied.counts, now=now)
    return applied


def count(session: Session, provider: str, counts: Mapping[str, int], *, now: datetime) -> None:
    """Add to the counts of the day."""
    told = sorted((what, number) for what, number in counts.items() if number)
    if told:
        values = {
            "day": [now.date()] * len(told),
            "provider": [provider] * len(told),
            "what": [str(what) for what, _ in told],
            "count": [number for _, number in told],
        }
        bulk.insert(session, FeedbackCount, values, _adding)


def _adding(statement: Any) -> Any:
    return statement.on_conflict_do_update(
        index_elements=[FeedbackCount.day, FeedbackCount.provider, FeedbackCount.what],
        set_={"count": FeedbackCount.count + statement.excluded.count},
    )


def _base(call: str | None) -> str:
    """Return the name of a whole call from that of a part of it."""
    return call.partition(".")[0] if call else ""


# ---- once ----


def _fresh(session: Session, events: Sequence[Event], now: datetime, applied: Applied) -> list[Event]:
    """Return the events that have not taken effect yet, and remember them."""
    keys = {event.key for event in events if event.key is not None}
    if not keys:
        return list(events)
    new = first_time(session, keys, now=now)
    fresh: list[Event] = []
    for event in events:
        if event.key is None:
            fresh.append(event)
        elif event.key in new:
            new.discard(event.key)
            fresh.append(event)
        else:
            applied.counts[REPEATED] += 1
    return fresh


# ---- where a copy stands ----


def _stand(session: Session, events: Iterable[Event]) -> None:
    """Write down the highest kind heard of each copy."""
    best: dict[tuple[int, int], tuple[int, datetime, Event]] = {}
    for event in events:
        rank = RANKS.get(event.kind)
        if rank is None or event.edition_id is None or event.subscriber_id is None:
            continue
        copy = (event.edition_id, event.subscriber_id)
        known = best.get(copy)
        if known is None or (rank, event.at) > known[:2]:
            best[copy] = (rank, event.at, event)
    if not best:
        return
    # One order for all: it is also the order of the table.
    order = sorted(best)
    rows = [best[copy] for copy in order]
    values = {
        "edition_id": [copy[0] for copy in order],
        "subscriber_id": [copy[1] for copy in order],
        "kind": [rank for rank, _, _ in rows],
        "at": [at for _, at, _ in rows],
        "meaning": [event.meaning for _, _, event in rows],
        "reply": [words_of(event.reply) for _, _, event in rows],
    }
    bulk.insert(session, Feedback, values, _rising)


def words_of(reply: str | None) -> str | None:
    """Return the far side's words as they may be kept: without addresses, and not too many."""
    return discreet(reply).replace("\0", "")[:REPLY_LENGTH] if reply else None


def _rising(statement: Any) -> Any:
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[Feedback.edition_id, Feedback.subscriber_id],
        set_={"kind": new.kind, "at": new.at, "meaning": new.meaning, "reply": new.reply},
        where=or_(new.kind > Feedback.kind, and_(new.kind == Feedback.kind, new.at > Feedback.at)),
    )


# ---- doubt, copy by copy ----


def _settle_copies(session: Session, events: Iterable[Event]) -> int:
    """Settle the copies that an event speaks of by themselves, where it does not speak of the call."""
    by_edition: dict[int, set[int]] = {}
    for event in events:
        if event.edition_id is not None and event.subscriber_id is not None and event.kind in RANKS:
            by_edition.setdefault(event.edition_id, set()).add(event.subscriber_id)
    settled = 0
    for edition_id, ids in sorted(by_edition.items()):
        for batch, some in doubted(session, edition_id, ids):
            settled += evidence.settle_copies(session, batch, some)
    return settled


def doubted(session: Session, edition_id: int, ids: Iterable[int]) -> list[tuple[Batch, list[int]]]:
    """Return those of these copies of an edition that are in doubt, by batch."""
    every, found = sorted(ids), dict[int, list[int]]()
    for start in range(0, len(every), evidence.AT_ONCE):
        some = every[start : start + evidence.AT_ONCE]
        for id_, number in session.execute(
            select(Delivery.subscriber_id, Delivery.batch_number).where(
                Delivery.edition_id == edition_id,
                Delivery.subscriber_id.in_(some),
                Delivery.state.in_(evidence.DOUBTED),
            )
        ):
            found.setdefault(number, []).append(id_)
    if not found:
        return []
    batches = session.scalars(
        select(Batch).where(Batch.edition_id == edition_id, Batch.number.in_(list(found))).order_by(Batch.id)
    )
    return [(batch, found[batch.number]) for batch in batches]


def _give_back(session: Session, events: Iterable[Event], calls: Mapping[str, int], *, now: datetime) -> int:
    """Refuse the copies that never left for a reason that is ours, so that a person may try them again."""
    returned = {
        (event.edition_id, event.subscriber_id): (calls[_base(event.call)], words_of(event.reply))
        for event in events
        if event.resend and event.edition_id is not None and event.subscriber_id is not None and event.call
    }
    if not returned:
        return 0
    # What is in doubt was accepted before it was dropped.
    evidence.settle_heard(session, now=now, only={call_id for call_id, _ in returned.values()})
    return evidence.give_back(session, returned)
