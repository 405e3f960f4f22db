"""What people type into forms, and how it is answered.

A web request only writes down what was asked and says "check your mail": the same work for an address
that is known, unknown, suppressed or left, so nobody can learn which. ``answer`` decides afterwards,
within limits that count every mail we send a person on request, whatever form it came by.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import String, Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

import subscribers
from newsletter import limits
from newsletter.lanes import Lane, lane_of
from newsletter.limits import Limit
from newsletter.signup.evidence import fitting
from newsletter.signup.mail import Mail, Mailer
from subscribers import (
    Address,
    Base,
    BigId,
    Choice,
    Event,
    Evidence,
    Status,
    Subscriber,
    Subscription,
    UtcDateTime,
)

# All mails one address gets on request, whatever was asked for and on whichever newsletter.
PER_ADDRESS = (
    Limit(name="mail.address.day", times=3, window=timedelta(days=1)),
    Limit(name="mail.address.week", times=6, window=timedelta(days=7)),
)
PER_DOMAIN = Limit(name="mail.domain.hour", times=100, window=timedelta(hours=1))
# A sixth of China has its mailbox at one of these: one limit for all of them would lock readers out.
PER_PROVIDER = Limit(name="mail.provider.hour", times=2000, window=timedelta(hours=1))
REMIND_AFTER = timedelta(hours=24)
AT_ONCE = 100


class Wish(StrEnum):
    """What was asked for."""

    SUBSCRIBE = "subscribe"
    LINK = "link"
    ERASE = "erase"


class Request(Base):
    """One form that was sent, waiting for its answer."""

    __tablename__ = "signup_request"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40))
    wish: Mapped[Wish] = mapped_column(Choice(Wish))
    address: Mapped[str] = mapped_column(String(320))  # normalised
    language: Mapped[str | None] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(200))
    wording: Mapped[str | None] = mapped_column(Text)
    notice_version: Mapped[str | None] = mapped_column(String(40))
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    # An answered request is removed, and its number must not come again: mails are posted once for each.
    __table_args__ = ({"sqlite_autoincrement": True},)


def ask(
    session: Session, newsletter: str, address: Address, *, wish: Wish, evidence: Evidence, now: datetime
) -> None:
    """Write down what was asked: one row, the same for everybody."""
    evidence = fitting(evidence)
    session.add(
        Request(
            newsletter=newsletter,
            wish=wish,
            address=address.value,
            language=evidence.language,
            origin=evidence.origin,
            wording=evidence.wording,
            notice_version=evidence.notice_version,
            ip=evidence.ip,
            user_agent=evidence.user_agent,
            at=now,
        )
    )


def waiting(session: Session) -> set[str]:
    """Return the newsletters that have requests to answer."""
    return set(session.scalars(select(Request.newsletter).distinct()))


def answer(session: Session, mailer: Mailer, *, now: datetime) -> int:
    """Answer up to ``AT_ONCE`` requests of the mailer's newsletter; return how many there were.

    The same wish for the same address is answered once: people press twice.
    """
    requests = session.scalars(
        select(Request)
        .where(Request.newsletter == mailer.slug)
        .order_by(Request.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for request in {(request.wish, request.address): request for request in requests}.values():
        _answer(session, mailer, request, now)
    if requests:
        session.execute(delete(Request).where(Request.id.in_([request.id for request in requests])))
    return len(requests)


def forget(session: Session, *, before: datetime) -> None:
    """Remove requests that nobody answers: those of a newsletter that is no longer configured."""
    session.execute(delete(Request).where(Request.at < before))


def may_mail(session: Session, mailer: Mailer, address: Address, *, at: datetime) -> bool:
    """Count one mail that ``address`` is to get on request at a moment, and say whether it may."""
    digest = mailer.keys.addresses.digest(address)
    # The week counts only what the day let through: an attack must not use up more than it gets.
    return all(limits.allow(session, limit, digest, now=at) for limit in PER_ADDRESS) and limits.allow(
        session, _limit_of(address.domain), address.domain, now=at
    )


def _limit_of(domain: str) -> Limit:
    return PER_DOMAIN if lane_of(domain) is Lane.OTHER else PER_PROVIDER


def _answer(session: Session, mailer: Mailer, request: Request, now: datetime) -> None:
    address = Address(request.address)
    person = subscribers.find(session, mailer.keys.addresses, address)
    listed = session.get(Subscription, (mailer.slug, person.id)) if person else None
    if subscribers.is_suppressed(session, mailer.keys.addresses.digest(address), address.domain):
        return
    if request.wish is not Wish.SUBSCRIBE and (listed is None or not person or person.address is None):
        return
    if not may_mail(session, mailer, address, at=now):
        return
    if person and request.wish is not Wish.SUBSCRIBE:
        mail = Mail.LINK if request.wish is Wish.LINK else Mail.ERASE
        mailer.post(session, mail, person, occasion=str(request.id), now=now)
    elif person and listed and listed.status is Status.ACTIVE:
        mailer.post(session, Mail.ALREADY, person, occasion=str(request.id), now=now)
    else:
        _ask_to_confirm(session, mailer, request, address, now)


def _ask_to_confirm(
    session: Session, mailer: Mailer, request: Request, address: Address, now: datetime
) -> None:
    known = subscribers.find(session, mailer.keys.addresses, address)
    language = known.language if known else None
    listed = subscribers.apply(
        session,
        mailer.keys.addresses,
        address,
        newsletter=mailer.slug,
        event=Event.ASKED,
        evidence=Evidence(
            origin=request.origin,
            wording=request.wording,
            notice_version=request.notice_version,
            language=request.language,
            ip=request.ip,
            user_agent=request.user_agent,
        ),
        now=request.at,
    )
    person = session.get_one(Subscriber, listed.subscriber_id)
    if any(other.status is Status.ACTIVE for other in subscribers.subscriptions(session, person.id)):
        person.language = language  # whoever typed the address is perhaps not this reader
    asked_in = request.language
    mailer.post(session, Mail.CONFIRM, person, occasion=str(request.id), now=now, language=asked_in)
    # One reminder a month, however often they ask; withdrawn when it is no longer needed. It counts
    # among tomorrow's mails, before anybody asks for more of them.
    due_at = now + REMIND_AFTER
    reminder = f"{person.id}-{now:%Y%m}"
    if mailer.post(
        session, Mail.REMIND, person, occasion=reminder, now=now, due_at=due_at, language=asked_in
    ):
        may_mail(session, mailer, address, at=due_at)
