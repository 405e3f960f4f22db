"""People and their roles: who is one, what they may do, and every change of it, written down.

Passwords come hashed: see ``passwords``. Nobody can take away the last one who manages everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.errors import NewsletterError
from newsletter.people import audit, invitations, logins
from newsletter.people.audit import Actor, What
from newsletter.people.rights import ALL, Right, Role, rights_on
from newsletter.people.tables import NAME_LENGTH, Grant, Person
from subscribers import Address

Held = tuple[tuple[str, Role], ...]  # grants, as (newsletter, role)

FIRST_ADMIN = Actor(name="first admin", via="one-time link")


class NoSuchPerson(NewsletterError):
    """Nobody has this address. `newsletter users list` shows who there is."""


class AlreadyThere(NewsletterError):
    """Somebody has this address already. Grant them a role, or name another address."""


class BadName(NewsletterError):
    """A person has a name, and it is no address: what they do is kept under it."""


class LastAdmin(NewsletterError):
    """Nobody would be left to manage people. Make somebody else an admin of everything first."""

    def __init__(self) -> None:
        super().__init__(
            "nobody would be left to manage people; make somebody else an admin of all newsletters first"
        )


def add(
    session: Session,
    email: Address,
    *,
    name: str,
    language: str | None = None,
    password_hash: str | None = None,
    by: Actor,
    now: datetime,
) -> Person:
    """Write a person down, who may do nothing yet. Raises ``AlreadyThere`` and ``BadName``."""
    person = Person(
        email=email.value,
        name=checked_name(name),
        language=language,
        password_hash=password_hash,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        raise AlreadyThere("somebody has this address already; `newsletter users list` shows who") from None
    audit.write(session, by, What.PERSON_ADDED, about=name_of(person), now=now)
    return person


def checked_name(name: str) -> str:
    """Return a name as it is kept, or raise ``BadName``."""
    kept = " ".join(name.split())
    if not kept or "@" in kept or not kept.isprintable():
        raise BadName("a person has a name, and it is no address: what they do is kept under it")
    return kept[:NAME_LENGTH]


def find(session: Session, email: Address) -> Person | None:
    """Return the person who has an address, disabled or not."""
    return session.scalars(select(Person).where(Person.email == email.value)).one_or_none()


def need(session: Session, email: Address) -> Person:
    """Return the person who has an address, or raise ``NoSuchPerson``."""
    person = find(session, email)
    if person is None:
        raise NoSuchPerson("nobody here has this address; `newsletter users list` shows who there is")
    return person


def every(session: Session) -> Sequence[Person]:
    """Return all people, oldest first."""
    return session.scalars(select(Person).order_by(Person.id)).all()


def held(session: Session, person_id: int) -> Held:
    """Return a person's grants, those for all newsletters first."""
    found = select(Grant.newsletter, Grant.role).where(Grant.person_id == person_id)
    rows = session.execute(found.order_by(Grant.newsletter, Grant.role))
    return tuple((newsletter, role) for newsletter, role in rows)


def held_by_all(session: Session) -> dict[int, Held]:
    """Return everybody's grants by their number."""
    found: dict[int, Held] = {}
    rows = session.execute(select(Grant).order_by(Grant.newsletter, Grant.role)).scalars()
    for row in rows:
        found[row.person_id] = (*found.get(row.person_id, ()), (row.newsletter, row.role))
    return found


def rights(session: Session, person_id: int, newsletter: str) -> frozenset[Right]:
    """Return what a person may do on a newsletter: nothing when they are disabled or unknown."""
    person = session.get(Person, person_id)
    if person is None or person.disabled_at is not None:
        return frozenset()
    return rights_on(newsletter, held(session, person_id))


def grant(session: Session, person: Person, role: Role, newsletter: str, *, by: Actor, now: datetime) -> bool:
    """Give a person a role, on ``rights.ALL`` or one newsletter; say whether that is new."""
    if session.get(Grant, (person.id, newsletter, role)) is not None:
        return False
    session.add(Grant(person_id=person.id, newsletter=newsletter, role=role))
    session.flush()
    _write(session, by, What.ROLE_GRANTED, person, newsletter, role, now)
    return True


def revoke(
    session: Session, person: Person, role: Role, newsletter: str, *, by: Actor, now: datetime
) -> bool:
    """Take a role from a person; say whether they had it. Raises ``LastAdmin``. It holds at once."""
    row = session.get(Grant, (person.id, newsletter, role))
    if row is None:
        return False
    if (newsletter, role) == (ALL, Role.ADMIN):
        _need_another_admin(session, person)
    session.delete(row)
    session.flush()
    _write(session, by, What.ROLE_REVOKED, person, newsletter, role, now)
    return True


def set_password(
    session: Session, person: Person, password_hash: str, *, but: str = "", by: Actor, now: datetime
) -> int:
    """Keep a new password and log the person out everywhere, ``but`` where it was changed."""
    person.password_hash = password_hash
    invitations.revoke(session, person.id)
    ended = logins.end_all(session, person.id, but=but, now=now)
    audit.write(session, by, What.PASSWORD_SET, about=name_of(person), facts={"logged_out": ended}, now=now)
    return ended


def disable(session: Session, person: Person, *, by: Actor, now: datetime) -> bool:
    """Let a person do nothing more, themselves or by a token; say whether they could.

    Raises ``LastAdmin``.
    """
    if person.disabled_at is not None:
        return False
    if (ALL, Role.ADMIN) in held(session, person.id):
        _need_another_admin(session, person)
    person.disabled_at = now
    invitations.revoke(session, person.id)
    ended = logins.end_all(session, person.id, now=now)
    audit.write(
        session, by, What.PERSON_DISABLED, about=name_of(person), facts={"logged_out": ended}, now=now
    )
    return True


def enable(session: Session, person: Person, *, by: Actor, now: datetime) -> bool:
    """Let a disabled person back in; say whether they were disabled."""
    if person.disabled_at is None:
        return False
    person.disabled_at = None
    audit.write(session, by, What.PERSON_ENABLED, about=name_of(person), now=now)
    return True


def actor_of(person: Person, *, via: str = "") -> Actor:
    """Return a person as the audit log names who acts."""
    return Actor(name=person.name, person_id=person.id, via=via)


def name_of(person: Person) -> str:
    """Return a person as the audit log names what something is done to."""
    return f"person {person.id}"


def _need_another_admin(session: Session, person: Person) -> None:
    # Of two admins who take the role from each other at once, one waits here and is refused.
    admins = (
        select(Grant.person_id).where(Grant.newsletter == ALL, Grant.role == Role.ADMIN).with_for_update()
    )
    others = [each for each in session.scalars(admins) if each != person.id]
    left = select(func.count()).where(Person.id.in_(others), Person.disabled_at.is_(None))
    if not session.scalar(left):
        raise LastAdmin


def _write(
    session: Session, by: Actor, what: What, person: Person, newsletter: str, role: Role, now: datetime
) -> None:
    facts = {"role": role.value}
    audit.write(session, by, what, about=name_of(person), newsletter=newsletter, facts=facts, now=now)
