"""Logins: where a person is logged in. Each can be ended at once, from anywhere.

A login ends when it was not used for a while, at a fixed time whatever happens, when it is revoked, and
when its person is disabled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from newsletter.people import secret
from newsletter.people.tables import NAME_LENGTH, Login, Person

SEEN_EVERY = timedelta(minutes=1)  # a row is not written for every click


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """How long a login lasts, and whether the device keeps it when the browser is closed."""

    idle: timedelta = timedelta(hours=12)
    in_all: timedelta = timedelta(days=7)
    is_remembered: bool = False


def begin(
    session: Session, person: Person, *, device: str, lasting: Lasting, now: datetime, instead_of: str = ""
) -> str:
    """Log a person in and return the secret for their browser; what it had before is worth nothing."""
    if instead_of:
        end(session, instead_of, now=now)
    fresh = secret.new()
    session.add(
        Login(
            secret_hash=secret.digest(fresh),
            person_id=person.id,
            device=device[:NAME_LENGTH],
            created_at=now,
            seen_at=now,
            idle_ends_at=now + lasting.idle,
            ends_at=now + lasting.in_all,
            is_remembered=lasting.is_remembered,
        )
    )
    session.flush()
    return fresh


def of(session: Session, shown: str, *, now: datetime) -> tuple[Login, Person] | None:
    """Return the login that a secret belongs to and its person, while it holds."""
    row = session.execute(
        select(Login, Person)
        .join(Person, Person.id == Login.person_id)
        .where(Login.secret_hash == secret.digest(shown), *_holds(now), Person.disabled_at.is_(None))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def is_to_be_touched(login: Login, *, now: datetime) -> bool:
    """Say whether the use of a login is to be noted: not every click is."""
    return now - login.seen_at >= SEEN_EVERY


def touch(session: Session, login_id: int, *, idle: timedelta, now: datetime) -> None:
    """Note that a login was used, unless it was ended meanwhile."""
    session.execute(
        update(Login)
        .where(Login.id == login_id, Login.revoked_at.is_(None))
        .values(seen_at=now, idle_ends_at=now + idle)
    )


def current(session: Session, person_id: int, *, now: datetime) -> Sequence[Login]:
    """Return where a person is logged in, the one used last first."""
    return session.scalars(
        select(Login).where(Login.person_id == person_id, *_holds(now)).order_by(Login.seen_at.desc())
    ).all()


def is_shown_by(login: Login, shown: str) -> bool:
    """Say whether a login is the one that a secret belongs to."""
    return login.secret_hash == secret.digest(shown)


def end(session: Session, shown: str, *, now: datetime) -> int:
    """Log out on the device that shows this secret; return on how many, which is one or none."""
    return _revoke(session, Login.secret_hash == secret.digest(shown), now=now)


def end_one(session: Session, person_id: int, login_id: int, *, now: datetime) -> int:
    """Log a person out on one device of theirs, by its number."""
    return _revoke(session, Login.person_id == person_id, Login.id == login_id, now=now)


def end_all(session: Session, person_id: int, *, but: str = "", now: datetime) -> int:
    """Log a person out everywhere, ``but`` on the device that shows this secret; return on how many."""
    return _revoke(session, Login.person_id == person_id, Login.secret_hash != secret.digest(but), now=now)


def forget(session: Session, *, now: datetime) -> None:
    """Remove the logins that are over."""
    over = or_(Login.ends_at <= now, Login.idle_ends_at <= now, Login.revoked_at.is_not(None))
    session.execute(delete(Login).where(over))


def _holds(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Login.revoked_at.is_(None), Login.ends_at > now, Login.idle_ends_at > now)


def _revoke(session: Session, *which: ColumnElement[bool], now: datetime) -> int:
    ended = session.execute(
        update(Login).where(*which, *_holds(now)).values(revoked_at=now).returning(Login.id)
    )
    return len(ended.all())
