"""One-time links: to become the first admin, to choose a first password, to choose another one.

A link is shown once, when it is made, and is worth nothing once it was used or another was made for the
same person. Opening it changes nothing; the password that is chosen on its page uses it up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.people import secret
from newsletter.people.tables import Invitation, InvitationKind, Person

FIRST_FOR = timedelta(hours=1)
LASTING = {
    InvitationKind.FIRST: FIRST_FOR,
    InvitationKind.JOIN: timedelta(days=3),
    InvitationKind.RESET: timedelta(hours=1),
}


def first(session: Session, *, now: datetime) -> str | None:
    """Return a link's secret for whoever is to be the first admin; None when somebody is there.

    Each process that starts prints one of its own; the first that is used makes the others worthless.
    """
    if session.scalar(select(Person.id).limit(1)) is not None:
        return None
    return _make(session, InvitationKind.FIRST, None, now=now)


def invite(session: Session, person: Person, *, now: datetime) -> str:
    """Return a link's secret with which a person chooses a password; an older link is worth nothing."""
    session.execute(delete(Invitation).where(Invitation.person_id == person.id))
    return _make(session, kind_for(person), person.id, now=now)


def kind_for(person: Person) -> InvitationKind:
    """Return what a link of a person is good for."""
    return InvitationKind.JOIN if person.password_hash is None else InvitationKind.RESET


def find(session: Session, shown: str, *, now: datetime) -> tuple[Invitation, Person | None] | None:
    """Return what a link is good for and whose it is, while it holds. Reads only."""
    found = session.get(Invitation, secret.digest(shown))
    if found is None or found.ends_at <= now:
        return None
    if found.kind is InvitationKind.FIRST:
        return (found, None) if session.scalar(select(Person.id).limit(1)) is None else None
    person = session.get(Person, found.person_id)
    return (found, person) if person is not None and person.disabled_at is None else None


def use(session: Session, shown: str, *, now: datetime) -> tuple[InvitationKind, Person | None] | None:
    """Use a link up and return what it was good for; None when it is worth nothing. Once, ever."""
    found = find(session, shown, now=now)
    if found is None:
        return None
    kind, person = found[0].kind, found[1]
    which = (
        Invitation.kind == InvitationKind.FIRST  # of two who come first at once, one waits here
        if kind is InvitationKind.FIRST
        else Invitation.secret_hash == secret.digest(shown)
    )
    taken = session.scalars(delete(Invitation).where(which).returning(Invitation.secret_hash)).all()
    return (kind, person) if secret.digest(shown) in taken else None


def revoke(session: Session, person_id: int) -> None:
    """Let the links of a person be worth nothing."""
    session.execute(delete(Invitation).where(Invitation.person_id == person_id))


def forget(session: Session, *, now: datetime) -> None:
    """Remove the links that are over."""
    session.execute(delete(Invitation).where(Invitation.ends_at <= now))


def _make(session: Session, kind: InvitationKind, person_id: int | None, *, now: datetime) -> str:
    fresh = secret.new()
    session.add(
        Invitation(
            secret_hash=secret.digest(fresh),
            kind=kind,
            person_id=person_id,
            created_at=now,
            ends_at=now + LASTING[kind],
        )
    )
    session.flush()
    return fresh
