"""What a person may change about how they are written to: cadence, pause, language, address."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary, String, delete, exists, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from subscribers.addresses import Address, AddressHasher
from subscribers.base import Base, BigId, UtcDateTime
from subscribers.consent import Consent
from subscribers.lasting import Fact, Lasting, remember
from subscribers.states import Event, Status
from subscribers.subscriber import Cadence, Subscriber, Subscription
from subscribers.suppression import Suppression

CHANGE_LIFETIME = timedelta(days=2)  # both ends must have confirmed by then
LONGEST_PAUSE = timedelta(days=366)


class AddressChange(Base):
    """A wish to be reached elsewhere. It happens once both addresses have confirmed it."""

    __tablename__ = "address_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(BigId, ForeignKey("subscriber.id"))
    address: Mapped[str] = mapped_column(String(320))
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    old_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    new_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "subscriber_id"),)


def prefer(
    session: Session,
    newsletter: str,
    subscriber_id: int,
    *,
    cadence: Cadence | None = None,
    language: str | None = None,
) -> Subscription | None:
    """Change how often and in which language; None when they are not on the list."""
    listed = session.get(Subscription, (newsletter, subscriber_id))
    if listed is None:
        return None
    if cadence is not None:
        listed.cadence = cadence
    if language is not None:
        session.get_one(Subscriber, subscriber_id).language = language
    return listed


def pause(
    session: Session, newsletter: str, subscriber_id: int, *, until: date | None, today: date
) -> Subscription | None:
    """Send nothing before ``until`` (None: go on at once); None when they are not on the list.

    Raises ``ValueError`` for a day that has gone or is more than a year away.
    """
    if until is not None and not today < until <= today + LONGEST_PAUSE:
        raise ValueError("a pause ends on a coming day, at most a year away")
    listed = session.get(Subscription, (newsletter, subscriber_id))
    if listed is not None:
        listed.paused_until = until
    return listed


def ask_to_move(
    session: Session, hasher: AddressHasher, subscriber_id: int, to: Address, *, now: datetime
) -> AddressChange:
    """Write down that a person wants to be reached at ``to``; nothing changes yet."""
    change = AddressChange(
        subscriber_id=subscriber_id, address=to.value, address_hash=hasher.digest(to), requested_at=now
    )
    session.add(change)
    session.flush()
    return change


def confirm_move(session: Session, change_id: int, *, new_end: bool, now: datetime) -> AddressChange | None:
    """Let one end confirm; once both have, move the person. Twice is success twice.

    None when there is no such wish, it is too old, or the address cannot be theirs: somebody
    else's, or one we never mail.
    """
    change = session.get(AddressChange, change_id, with_for_update=True)
    if change is None or (change.done_at is None and now - change.requested_at > CHANGE_LIFETIME):
        return None
    if change.done_at is not None:
        return change
    if new_end:
        change.new_confirmed_at = change.new_confirmed_at or now
    else:
        change.old_confirmed_at = change.old_confirmed_at or now
    if change.old_confirmed_at is None or change.new_confirmed_at is None:
        return change
    domain = change.address.rpartition("@")[2]
    taken = select(Subscriber.id).where(
        Subscriber.address_hash == change.address_hash, Subscriber.id != change.subscriber_id
    )
    never = select(Suppression.id).where(
        (Suppression.address_hash == change.address_hash) | (Suppression.domain == domain)
    )
    if session.scalars(taken).first() is not None or session.scalars(never).first() is not None:
        return None
    person = session.get_one(Subscriber, change.subscriber_id)
    about = {"id": person.id, "hash": person.address_hash.hex(), "to": change.address_hash.hex()}
    remember(session, Fact(what=Lasting.MOVED, at=now, about=about))
    person.address, person.address_hash, person.domain = change.address, change.address_hash, domain
    change.done_at = now
    return change


def has_moved_since(session: Session, subscriber_id: int, moment: datetime | None) -> bool:
    """Say whether a person has changed their address since a moment; None is before all."""
    moved = select(AddressChange.id).where(
        AddressChange.subscriber_id == subscriber_id, AddressChange.done_at.is_not(None)
    )
    if moment is not None:
        moved = moved.where(AddressChange.done_at >= moment)
    return session.scalars(moved).first() is not None


def forget_unconfirmed(session: Session, *, before: datetime, limit: int = 1000) -> int:
    """Forget people who were last asked for before a moment, never confirmed and never left a list.

    Returns how many were forgotten, about ``limit`` at most. Their evidence goes with them: there was
    no consent, so there is nothing to prove. Whoever once left is not forgotten here: their leaving
    is what keeps them from being brought back.
    """
    waiting = (Subscription.status == Status.PENDING, Subscription.confirmed_at.is_(None))
    asked_lately = exists().where(
        Consent.subscriber_id == Subscription.subscriber_id,
        Consent.event == Event.ASKED,
        Consent.at >= before,
    )
    other = aliased(Subscription)
    stays = exists().where(
        other.subscriber_id == Subscription.subscriber_id,
        or_(
            other.status != Status.PENDING,
            other.confirmed_at.is_not(None),
            other.left_at.is_not(None),
            other.created_at >= before,
        ),
    )
    listed = session.scalars(
        select(Subscription)
        .where(*waiting, Subscription.created_at < before, ~stays, ~asked_lately)
        .order_by(Subscription.subscriber_id)
        .limit(limit)
        # Whoever is confirming at this moment is passed over.
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    ids = {row.subscriber_id for row in listed}
    if ids:
        for table in (AddressChange, Consent, Subscription):
            session.execute(delete(table).where(table.subscriber_id.in_(ids)))
        session.execute(delete(Subscriber).where(Subscriber.id.in_(ids)))
    return len(ids)
