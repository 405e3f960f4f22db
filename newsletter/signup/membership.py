"""What a person does with a link from our mail: confirm, leave, undo, prefer, move, be forgotten.

Every act takes the token that was mailed, and changes only what that token is for. A token that is
wrong, of another purpose or too old gives None, without saying which. Pressed twice, it is success
twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

import subscribers
from newsletter.config import LANGUAGES
from newsletter.keys import Keys
from newsletter.signup.evidence import fitting
from newsletter.signup.mail import Mail, Mailer
from newsletter.signup.requests import may_mail
from subscribers import (
    Address,
    Cadence,
    Event,
    Evidence,
    Purpose,
    Reason,
    Status,
    Subscriber,
    Subscription,
)

UNDO_WITHIN = timedelta(hours=1)
# One question for both, made once: mailbox providers press one-click buttons by the thousand.
_MEMBER = (
    select(Subscriber, Subscription)
    .join(Subscription, Subscription.subscriber_id == Subscriber.id)
    .where(
        Subscription.newsletter == bindparam("newsletter"),
        Subscription.subscriber_id == bindparam("subscriber_id"),
    )
)


@dataclass(frozen=True, slots=True)
class Member:
    """A person on one newsletter, as a token names them."""

    person: Subscriber
    subscription: Subscription


def whose(session: Session, keys: Keys, purpose: Purpose, token: str, *, now: datetime) -> Member | None:
    """Return whom a token is about; changes nothing, so a page may ask for it."""
    claim = keys.tokens.verify(purpose, token, now=now)
    if claim is None:
        return None
    found = session.execute(
        _MEMBER, {"newsletter": claim.newsletter, "subscriber_id": claim.subscriber_id}
    ).one_or_none()
    if found is None:
        return None
    if purpose is Purpose.DISOWN and subscribers.has_moved_since(session, claim.subscriber_id, claim.made_at):
        return None  # the mail went to an address that is theirs no longer
    return Member(*found)


def confirm(session: Session, keys: Keys, token: str, *, evidence: Evidence, now: datetime) -> Member | None:
    """Make the person who holds the mail a reader."""
    member = whose(session, keys, Purpose.CONFIRM, token, now=now)
    if member is None or member.person.address is None or subscribers.suppression_of(session, member.person):
        return None
    if member.subscription.status is Status.LEFT:
        return None  # they left after this mail was sent; only a newer one counts
    if member.subscription.status is not Status.ACTIVE:
        subscribers.happen(session, member.subscription, Event.CONFIRMED, evidence=fitting(evidence), now=now)
    return member


def leave(
    session: Session, keys: Keys, token: str, *, evidence: Evidence, now: datetime, everything: bool = False
) -> Member | None:
    """Take a person off the list, or off every list."""
    member = whose(session, keys, Purpose.LEAVE, token, now=now)
    if member is None:
        return None
    for listed in (
        subscribers.subscriptions(session, member.person.id) if everything else [member.subscription]
    ):
        if listed.status is not Status.LEFT:
            subscribers.happen(session, listed, Event.LEFT, evidence=fitting(evidence), now=now)
    return member


def undo(session: Session, keys: Keys, token: str, *, evidence: Evidence, now: datetime) -> Member | None:
    """Take leaving back, within an hour: whoever was a reader before is one again."""
    member = whose(session, keys, Purpose.UNDO, token, now=now)
    if member is None or subscribers.suppression_of(session, member.person):
        return None
    listed = member.subscription
    if listed.status is Status.LEFT:
        if listed.left_at is None or now - listed.left_at > UNDO_WITHIN or not _was_reader(session, listed):
            return None
        subscribers.happen(session, listed, Event.UNDONE, evidence=fitting(evidence), now=now)
    return member


def disown(session: Session, keys: Keys, token: str, *, evidence: Evidence, now: datetime) -> Member | None:
    """Believe a person who never signed up: leave every list and never mail the address again."""
    member = whose(session, keys, Purpose.DISOWN, token, now=now)
    if member is None:
        return None
    for listed in subscribers.subscriptions(session, member.person.id):
        if listed.status is not Status.LEFT:
            subscribers.happen(session, listed, Event.LEFT, evidence=fitting(evidence), now=now)
    subscribers.suppress_address(session, member.person.address_hash, reason=Reason.REFUSED, now=now)
    return member


def prefer(
    session: Session,
    keys: Keys,
    token: str,
    *,
    now: datetime,
    cadence: Cadence | None = None,
    language: str | None = None,
) -> Member | None:
    """Change how often and in which language. Raises ``ValueError`` for a language we do not have."""
    if language is not None and language not in LANGUAGES:
        raise ValueError(f"the language must be one of {', '.join(LANGUAGES)}")
    member = whose(session, keys, Purpose.MANAGE, token, now=now)
    if member:
        subscribers.prefer(
            session, member.subscription.newsletter, member.person.id, cadence=cadence, language=language
        )
    return member


def pause(
    session: Session, keys: Keys, token: str, *, until: date | None, today: date, now: datetime
) -> Member | None:
    """Send nothing before ``until`` (None: go on at once). Raises ``ValueError`` for an unfit day."""
    member = whose(session, keys, Purpose.MANAGE, token, now=now)
    if member:
        subscribers.pause(session, member.subscription.newsletter, member.person.id, until=until, today=today)
    return member


def ask_to_move(session: Session, mailer: Mailer, token: str, to: Address, *, now: datetime) -> Member | None:
    """Mail both ends of a move; nothing changes until both have confirmed.

    Nothing is mailed when either end has had its share of mails, and the answer is the same.
    """
    member = whose(session, mailer.keys, Purpose.MANAGE, token, now=now)
    if member is None or member.subscription.newsletter != mailer.slug:
        return None
    if member.person.address in (None, to.value):
        return member
    at = Address(member.person.address)
    within = [may_mail(session, mailer, end, at=now) for end in (at, to)]
    if not all(within):
        return member
    change = subscribers.ask_to_move(session, mailer.keys.addresses, member.person.id, to, now=now)
    for mail, purpose in ((Mail.MOVE_OLD, Purpose.MOVE_OLD), (Mail.MOVE_NEW, Purpose.MOVE_NEW)):
        mailer.post(
            session,
            mail,
            member.person,
            occasion=f"{change.id}-{int(now.timestamp())}",
            now=now,
            to=to.value if mail is Mail.MOVE_NEW else None,
            links={"move_url": mailer.urls.move(mailer.token(purpose, change.id, now))},
        )
    return member


def be_forgotten(session: Session, keys: Keys, token: str, *, now: datetime) -> Member | None:
    """Forget the person who holds the mail; they leave every list. What is kept is that they left."""
    member = whose(session, keys, Purpose.ERASE, token, now=now)
    if member and member.person.address is not None:
        subscribers.erase(session, keys.addresses, Address(member.person.address), now=now)
    return member


def confirm_move(session: Session, keys: Keys, token: str, *, now: datetime) -> bool | None:
    """Let the end that holds the mail confirm a move; True once the person has moved."""
    for purpose in (Purpose.MOVE_OLD, Purpose.MOVE_NEW):
        claim = keys.tokens.verify(purpose, token, now=now)
        if claim:
            change = subscribers.confirm_move(
                session, claim.subscriber_id, new_end=purpose is Purpose.MOVE_NEW, now=now
            )
            return None if change is None else change.done_at is not None
    return None


def _was_reader(session: Session, listed: Subscription) -> bool:
    """Say whether somebody who left was a reader until then, and not still to confirm."""
    acts = [
        act.event
        for act in subscribers.history(session, listed.subscriber_id)
        if act.newsletter == listed.newsletter and act.event is not Event.LEFT
    ]
    return listed.confirmed_at is not None and (not acts or acts[-1] not in (Event.ASKED, Event.LIFTED))
