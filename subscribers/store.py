"""Changing and finding subscriptions. The caller opens the transaction and brings the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import consent
from subscribers.addresses import Address, AddressHasher
from subscribers.consent import Consent
from subscribers.lasting import OF_EVENTS, Fact, Lasting, remember
from subscribers.states import Event, Status, TransitionNotAllowed, next_status
from subscribers.subscriber import Cadence, Subscriber, Subscription
from subscribers.suppression import Suppression, lift_bounce


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where an act of consent came from and what the person was shown."""

    origin: str
    wording: str | None = None
    notice_version: str | None = None
    language: str | None = None
    ip: str | None = None
    user_agent: str | None = None

    def __post_init__(self) -> None:
        if not self.origin.strip():
            raise ValueError("consent needs an origin: where and how was it given?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of a list: a person on one newsletter."""

    subscriber_id: int
    address: str | None
    status: Status
    cadence: Cadence
    language: str | None
    created_at: datetime


def find(session: Session, hasher: AddressHasher, address: Address) -> Subscriber | None:
    """Return the person behind an address, if we know them."""
    return session.scalars(
        select(Subscriber).where(Subscriber.address_hash == hasher.digest(address))
    ).one_or_none()


def apply(
    session: Session,
    hasher: AddressHasher,
    address: Address,
    *,
    newsletter: str,
    event: Event,
    evidence: Evidence,
    now: datetime,
) -> Subscription:
    """Let ``event`` happen to a person on a newsletter and keep the evidence.

    A person we did not know is made first. Raises ``TransitionNotAllowed``; then nothing changed.
    """
    person = find(session, hasher, address)
    listed = session.get(Subscription, (newsletter, person.id)) if person else None
    status = next_status(listed.status if listed else None, event)
    if person is None:
        person = Subscriber(address_hash=hasher.digest(address), attributes={}, created_at=now)
        session.add(person)
    if person.address is None:  # new, or erased and come back by their own act
        person.address, person.domain, person.erased_at = address.value, address.domain, None
    if evidence.language:
        person.language = evidence.language
    session.flush()
    if listed is None:
        listed = Subscription(
            newsletter=newsletter,
            subscriber_id=person.id,
            cadence=Cadence.DAILY,
            created_at=now,
            status=status,
        )
        session.add(listed)
    happen(session, listed, event, evidence=evidence, now=now)
    return listed


def happen(
    session: Session, listed: Subscription, event: Event, *, evidence: Evidence, now: datetime
) -> None:
    """Let ``event`` happen to a subscription and keep the evidence. Raises ``TransitionNotAllowed``."""
    if event is Event.ENROLLED and listed.left_at is not None:
        # They left once and have not come back: a stranger's form in between does not change that.
        raise TransitionNotAllowed(Status.LEFT, event)
    _move(listed, next_status(listed.status, event), now)
    consent.append(
        session,
        Consent(
            subscriber_id=listed.subscriber_id,
            newsletter=listed.newsletter,
            event=event,
            at=now,
            origin=evidence.origin,
            wording=evidence.wording,
            notice_version=evidence.notice_version,
            language=evidence.language,
            ip=evidence.ip,
            user_agent=evidence.user_agent,
        ),
    )
    if what := OF_EVENTS.get(event):
        _note(session, what, listed, now)
    session.flush()


def _note(session: Session, what: Lasting, listed: Subscription, now: datetime) -> None:
    person = session.get_one(Subscriber, listed.subscriber_id)
    about = {"newsletter": listed.newsletter, "id": person.id, "hash": person.address_hash.hex()}
    remember(session, Fact(what=what, at=now, about=about))


def _move(listed: Subscription, status: Status, now: datetime) -> None:
    if status is Status.ACTIVE and (listed.status is not Status.ACTIVE or listed.confirmed_at is None):
        listed.confirmed_at, listed.left_at = now, None
    if status is Status.LEFT and listed.left_at is None:
        listed.left_at = now
    listed.status = status


def page(
    session: Session, newsletter: str, *, after_id: int = 0, limit: int = 50, status: Status | None = None
) -> Sequence[Listed]:
    """Return up to ``limit`` people after ``after_id``, by id: the last id asks for the next page."""
    query = (
        select(Subscriber, Subscription)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.newsletter == newsletter, Subscriber.id > after_id)
        .order_by(Subscriber.id)
        .limit(limit)
    )
    if status:
        query = query.where(Subscription.status == status)
    return [
        Listed(
            subscriber_id=person.id,
            address=person.address,
            status=listed.status,
            cadence=listed.cadence,
            language=person.language,
            created_at=listed.created_at,
        )
        for person, listed in session.execute(query)
    ]


def subscriptions(session: Session, subscriber_id: int) -> Sequence[Subscription]:
    """Return every list a person is or was on."""
    return session.scalars(
        select(Subscription)
        .where(Subscription.subscriber_id == subscriber_id)
        .order_by(Subscription.newsletter)
    ).all()


def history(session: Session, subscriber_id: int) -> Sequence[Consent]:
    """Return the evidence about a person, oldest first."""
    return session.scalars(
        select(Consent).where(Consent.subscriber_id == subscriber_id).order_by(Consent.id)
    ).all()


def suppression_of(session: Session, person: Subscriber) -> Suppression | None:
    """Return why a person is never mailed, if they are not."""
    return session.scalars(
        select(Suppression).where(
            (Suppression.address_hash == person.address_hash)
            | (Suppression.domain.is_not(None) & (Suppression.domain == person.domain))
        )
    ).first()


def lift(session: Session, person: Subscriber, *, reason: str, now: datetime) -> bool:
    """Let a person whose address bounced be mailed again, once they have confirmed anew.

    ``reason`` is kept as evidence. False when they were not suppressed; raises ``CannotLift`` for a
    complaint and whatever else is not a bounce.
    """
    evidence = Evidence(origin=f"bounce lifted: {reason}")
    if not lift_bounce(session, person.address_hash):
        return False
    remember(session, Fact(what=Lasting.LIFTED, at=now, about={"hash": person.address_hash.hex()}))
    for listed in subscriptions(session, person.id):
        happen(session, listed, Event.LIFTED, evidence=evidence, now=now)
    return True
