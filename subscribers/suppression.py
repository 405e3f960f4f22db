"""The one table that says which addresses and domains are never mailed, and why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from subscribers.base import Base, BigId, Choice, UtcDateTime
from subscribers.lasting import Fact, Lasting, remember


class Reason(StrEnum):
    """Why an address is never mailed."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    REFUSED = "refused"  # the person never signed up, or asked never to be written to
    BLOCKED = "blocked"  # an admin's decision


class CannotLift(Exception):
    """Only a bounce may be lifted by an admin."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"an address that is suppressed because it {reason} stays so")


class Suppression(Base):
    """An address, by its keyed hash, or a whole domain. Exactly one of the two is set."""

    __tablename__ = "suppression"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    address_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    domain: Mapped[str | None] = mapped_column(String(255), unique=True)
    reason: Mapped[Reason] = mapped_column(Choice(Reason))
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def suppress_address(
    session: Session, address_hash: bytes, *, reason: Reason, now: datetime, note: str | None = None
) -> None:
    """Never mail this address again. The first reason stays; a complaint replaces any other."""
    note_suppressed(session, address_hash, reason, now)
    known = session.scalars(select(Suppression).where(Suppression.address_hash == address_hash)).one_or_none()
    if known is None:
        session.add(Suppression(address_hash=address_hash, reason=reason, note=note, created_at=now))
    elif reason is Reason.COMPLAINED and known.reason is not Reason.COMPLAINED:
        known.reason, known.note, known.created_at = reason, note, now


def note_suppressed(session: Session, address_hash: bytes, reason: Reason, at: datetime) -> None:
    """Note that an address is never mailed again, for a journal."""
    about = {"hash": address_hash.hex(), "reason": reason.value}
    remember(session, Fact(what=Lasting.SUPPRESSED, at=at, about=about))


def suppress_domain(
    session: Session, domain: str, *, reason: Reason, now: datetime, note: str | None = None
) -> None:
    """Never mail this domain again. Its subdomains are not covered."""
    about = {"domain": domain, "reason": reason.value}
    remember(session, Fact(what=Lasting.SUPPRESSED, at=now, about=about))
    if session.scalars(select(Suppression).where(Suppression.domain == domain)).one_or_none() is None:
        session.add(Suppression(domain=domain, reason=reason, note=note, created_at=now))


def is_suppressed(session: Session, address_hash: bytes, domain: str) -> bool:
    """Say whether this address, or its whole domain, is never mailed."""
    query = select(Suppression.id).where(
        (Suppression.address_hash == address_hash) | (Suppression.domain == domain)
    )
    return session.scalars(query).first() is not None


def lift_bounce(session: Session, address_hash: bytes) -> bool:
    """Let an address that bounced be tried again; False when it was not suppressed.

    Raises ``CannotLift`` for any other reason: a complaint or a person's own word stands.
    """
    known = session.scalars(select(Suppression).where(Suppression.address_hash == address_hash)).one_or_none()
    if known is None:
        return False
    if known.reason is not Reason.BOUNCED:
        raise CannotLift(known.reason)
    session.delete(known)
    return True
