"""What feedback does to a reader: never mailed again, off a list, or nothing at all.

It is the address that an event names which is suppressed, for the person may have moved since. Only a
failure for the reader's own reason counts against them; one that is about us (too fast, our standing, our
words) never does. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from newsletter.delivery.states import State
from newsletter.delivery.tables import Call, Delivery
from newsletter.editions.edition import Edition
from newsletter.feedback.events import OURS, RANKS, Event, Kind, Suppress
from newsletter.feedback.rules import Rules
from newsletter.feedback.tables import Feedback
from newsletter.keys import Keys
from newsletter.replies import Meaning
from newsletter.transports.base import discreet
from subscribers import (
    Address,
    Evidence,
    InvalidAddress,
    Reason,
    Status,
    Subscriber,
    Verdict,
    happen,
    has_moved_since,
    history,
    normalise,
    subscriptions,
    suppress_addresses,
)
from subscribers import Event as Act

AT_ONCE = 500
REMEMBERED = timedelta(days=60)  # how long a failure explains that a provider drops
NOTE_LENGTH = 500
_REASONS = {
    Suppress.HARD_BOUNCE: Reason.BOUNCED,
    Suppress.INVALID: Reason.BOUNCED,
    Suppress.COMPLAINT: Reason.COMPLAINED,
}


def reach(
    session: Session, events: Sequence[Event], known: Collection[int], *, provider: str, keys: Keys
) -> tuple[int, int]:
    """Let events take their effect on readers; return (addresses suppressed, lists left).

    ``known`` are those (by ``id``) that are about a copy of ours for certain: only of them is it believed
    whose copy it was.
    """
    verdicts: dict[bytes, Verdict] = {}
    left = 0
    for event in events:
        is_ours = id(event) in known
        if is_ours and is_spared(session, event):
            continue
        if event.suppress in (Suppress.UNSUBSCRIBED, Suppress.LEFT):
            left += _leave(session, event, is_ours=is_ours, provider=provider, keys=keys)
        elif event.suppress is not None:
            digest = _digest(session, event, is_ours=is_ours, keys=keys)
            said = Verdict(_REASONS[event.suppress], event.at, _note(event, provider))
            if digest is not None and not _is_worse(verdicts.get(digest), said):
                verdicts[digest] = said
    return suppress_addresses(session, verdicts), left


def is_spared(session: Session, event: Event) -> bool:
    """Say whether a provider drops a copy for an earlier failure that was never the reader's fault.

    SendGrid puts an address on its list of bounces also when QQ said "too fast" with 550.
    """
    return _dropped_after(session, event) in OURS


def as_failure(session: Session, event: Event) -> Event:
    """Return a copy that a provider drops because the mailbox was once full as one more such failure."""
    if _dropped_after(session, event) is not Meaning.SOFT:
        return event
    return event._replace(kind=Kind.BLOCKED, suppress=None, meaning=Meaning.SOFT)


def _dropped_after(session: Session, event: Event) -> Meaning | None:
    """Return what the last failure meant for which a copy may be dropped now."""
    if event.kind is not Kind.DROPPED or event.suppress is not Suppress.HARD_BOUNCE:
        return None
    return session.scalars(
        select(Feedback.meaning)
        .where(
            _IS_BLOCKED,
            Feedback.subscriber_id == event.subscriber_id,
            Feedback.at > event.at - REMEMBERED,
            Feedback.meaning.is_not(None),
        )
        .order_by(Feedback.at.desc())
        .limit(1)
    ).first()


def _is_worse(known: Verdict | None, said: Verdict) -> bool:
    """Say whether what is known of an address already outweighs this."""
    if known is None:
        return False
    is_complaint = said.reason is Reason.COMPLAINED
    return (known.reason is Reason.COMPLAINED and not is_complaint) or (
        known.reason is said.reason and known.at >= said.at
    )


def _note(event: Event, provider: str) -> str:
    words = f"{provider}: {event.kind}" + (f", {event.reply}" if event.reply else "")
    return discreet(words).replace("\0", "")[:NOTE_LENGTH]


def _digest(session: Session, event: Event, *, is_ours: bool, keys: Keys) -> bytes | None:
    """Return the hash of the address that an event is about; None when nobody can say which it was."""
    if event.address:
        return keys.addresses.digest(address_of(event.address))
    if not is_ours or event.subscriber_id is None:
        return None
    person = session.get(Subscriber, event.subscriber_id)
    if person is None or has_moved_since(session, person.id, _sent_at(session, event)):
        return None
    return person.address_hash


def _sent_at(session: Session, event: Event) -> datetime:
    edition = session.get(Edition, event.edition_id)
    return edition.frozen_at if edition and edition.frozen_at else event.at


def address_of(told: str) -> Address:
    """Return an address as a provider writes it; one that cannot be one is taken as it stands."""
    try:
        return normalise(told)
    except InvalidAddress:
        return Address(told.strip().casefold())


def _leave(session: Session, event: Event, *, is_ours: bool, provider: str, keys: Keys) -> int:
    """Take a person off what they unsubscribed from, unless they have said otherwise since."""
    person = None
    if event.address:
        digest = keys.addresses.digest(address_of(event.address))
        person = session.scalars(select(Subscriber).where(Subscriber.address_hash == digest)).one_or_none()
    if person is None and is_ours and event.subscriber_id is not None:
        person = session.get(Subscriber, event.subscriber_id)
    if person is None:
        return 0
    only = None
    if event.suppress is Suppress.LEFT:
        edition = session.get(Edition, event.edition_id) if is_ours else None
        if edition is None:
            return 0
        only = edition.newsletter
    left = 0
    for listed in subscriptions(session, person.id):
        if listed.status is Status.LEFT or only not in (None, listed.newsletter):
            continue
        acts = [act.at for act in history(session, person.id) if act.newsletter == listed.newsletter]
        if acts and acts[-1] > event.at:
            continue  # told late, or again: their own later word counts
        happen(
            session, listed, Act.LEFT, evidence=Evidence(origin=f"unsubscribed at {provider}"), now=event.at
        )
        left += 1
    return left


# ---- failing again and again ----

# In full, for only then is the small index of failures used.
_IS_BLOCKED = Feedback.kind == bindparam("blocked", Kind.BLOCKED, literal_execute=True)


def _is_theirs() -> ColumnElement[bool]:
    return or_(Feedback.meaning.is_(None), Feedback.meaning.not_in(list(OURS)))


def end_failures(session: Session, events: Iterable[Event], *, rules: Rules) -> int:
    """Suppress readers whose copies have failed for long, with none delivered between; return how many."""
    failed = {
        event.subscriber_id
        for event in events
        if event.kind is Kind.BLOCKED and event.meaning not in OURS and event.subscriber_id is not None
    }
    every, often = sorted(failed), list[int]()
    for start in range(0, len(every), AT_ONCE):
        often += session.scalars(
            select(Feedback.subscriber_id)
            .where(_IS_BLOCKED, Feedback.subscriber_id.in_(every[start : start + AT_ONCE]), _is_theirs())
            .group_by(Feedback.subscriber_id)
            .having(func.count() >= rules.soft_failures)
        )
    verdicts: dict[bytes, Verdict] = {}
    for subscriber_id in often:
        person = session.get(Subscriber, subscriber_id)
        if person is not None and (said := _long_failing(session, subscriber_id, rules)):
            verdicts[person.address_hash] = said
    return suppress_addresses(session, verdicts)


def _long_failing(session: Session, subscriber_id: int, rules: Rules) -> Verdict | None:
    """Return the verdict on a reader whose last copies all failed; None when it is too early for one."""
    failures = session.execute(
        select(Feedback.edition_id, Feedback.at)
        .where(_IS_BLOCKED, Feedback.subscriber_id == subscriber_id, _is_theirs())
        .order_by(Feedback.at.desc())
    ).all()
    since = _last_delivery(session, subscriber_id)
    taken = _last_taken(session, subscriber_id, before=failures[0].edition_id) if failures else 0
    row = [
        (edition_id, at)
        for edition_id, at in failures
        if (since is None or at > since) and edition_id > taken
    ]
    if len(row) < rules.soft_failures:
        return None
    last, first = row[0][1], row[-1][1]
    if last - first < rules.soft_span or has_moved_since(session, subscriber_id, first):
        return None
    note = f"{len(row)} editions in a row failed from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return Verdict(Reason.BOUNCED, last, note)


def _last_delivery(session: Session, subscriber_id: int) -> datetime | None:
    """Return when a copy last reached a reader."""
    arrived = [rank for kind, rank in RANKS.items() if kind in _ARRIVED]
    return session.scalar(
        select(func.max(Feedback.at)).where(
            # By edition, so that the table is read by its key.
            Feedback.edition_id.in_(select(Edition.id).order_by(Edition.id.desc()).limit(EDITIONS_LOOKED_AT)),
            Feedback.subscriber_id == subscriber_id,
            Feedback.kind.in_(arrived),
        )
    )


def _last_taken(session: Session, subscriber_id: int, *, before: int) -> int:
    """Return the last edition before a failure that a mail server took, and of which nothing came back.

    Over SMTP that is all one hears of a copy that arrives. Editions since the failure say nothing yet: what
    became of them may still come back. Where a provider tells of every delivery, only its word counts.
    """
    some = select(Edition.id).where(Edition.id < before).order_by(Edition.id.desc()).limit(EDITIONS_LOOKED_AT)
    came_back = exists().where(
        Feedback.edition_id == Delivery.edition_id,
        Feedback.subscriber_id == Delivery.subscriber_id,
        Feedback.kind.in_([Kind.DROPPED, Kind.BLOCKED, Kind.BOUNCED]),
    )
    newest = session.scalar(
        select(func.max(Delivery.edition_id))
        .join(Call, Call.id == Delivery.call_id)
        .where(
            Delivery.edition_id.in_(some),
            Delivery.subscriber_id == subscriber_id,
            Delivery.state == State.ACCEPTED,
            Call.transport == "smtp",
            ~came_back,
        )
    )
    return newest or 0


EDITIONS_LOOKED_AT = 200
_ARRIVED = (Kind.DELIVERED, Kind.UNSUBSCRIBED, Kind.COMPLAINED)
