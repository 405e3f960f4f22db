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
from newsletter.limits import Limit
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

PER_ADDRESS = (
    Limit(name="mail.address.day", times=3, window=timedelta(days=1)),
    Limit(name="mail.address.week", times=6, window=timedelta(days=7)),
)
PER_DOMAIN = Limit(name="mail.domain.hour", times=500, window=timedelta(hours=1))
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


def answer(session: Session, mailer: Mailer, *, now: datetime) -> int:
    """Answer up to ``AT_ONCE`` requests of the mailer's newsletter; return how many there were."""
    requests = session.scalars(
        select(Request)
        .where(Request.newsletter == mailer.slug)
        .order_by(Request.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for request in requests:
        _answer(session, mailer, request, now)
    if requests:
        session.execute(delete(Request).where(Request.id.in_([request.id for request in requests])))
    return len(requests)


def _answer(session: Session, mailer: Mailer, request: Request, now: datetime) -> None:
    address = Address(request.address)
    hasher = mailer.keys.addresses
    person = subscribers.find(session, hasher, address)
    listed = session.get(Subscription, (mailer.slug, person.id)) if person else None
    if subscribers.is_suppressed(session, hasher.digest(address), address.domain):
        return
    if request.wish is not Wish.SUBSCRIBE and (person is None or listed is None):
        return
    if not _within_limits(session, hasher.digest(address), address.domain, now):
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
    mailer.post(session, Mail.CONFIRM, person, occasion=str(request.id), now=now)
    # One reminder a month, however often they ask; withdrawn when it is no longer needed.
    due_at = now + REMIND_AFTER
    mailer.post(session, Mail.REMIND, person, occasion=f"{person.id}-{now:%Y%m}", now=now, due_at=due_at)


def _within_limits(session: Session, address_hash: bytes, domain: str, now: datetime) -> bool:
    # Each of them counts, also when another has already said no.
    within = [limits.allow(session, limit, address_hash, now=now) for limit in PER_ADDRESS]
    return all(within) and limits.allow(session, PER_DOMAIN, domain, now=now)
