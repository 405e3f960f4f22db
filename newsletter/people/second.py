"""The second factor of a person: a code from an app, or one from paper when the phone is lost.

The app's secret is not in the database: it is made from a salt that is, and the installation's keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from newsletter.people import audit, secret, totp
from newsletter.people.audit import Actor, What
from newsletter.people.people import actor_of, name_of
from newsletter.people.tables import Person, RecoveryCode

CODES = 10
CODE_BYTES = 10  # 80 bits, so a fast hash is enough
SECRET_BYTES = 20


def secret_of(key: bytes, person: Person) -> bytes:
    """Return what a person's app makes codes from. ``prepare`` was called once."""
    salt = person.second_salt or b""
    return hmac.digest(key, b"second factor\0" + salt, hashlib.sha256)[:SECRET_BYTES]


def prepare(session: Session, person: Person) -> None:
    """Choose what a person's app is to be shown. Nothing is asked of them before ``turn_on``."""
    if person.second_on_at is None and person.second_salt is None:
        person.second_salt = secrets.token_bytes(16)
        session.flush()


def turn_on(
    session: Session, person: Person, typed: str, *, key: bytes, by: Actor, now: datetime
) -> list[str] | None:
    """Ask for codes from now on, once the app has shown that it can; return the codes for paper."""
    if person.second_on_at is not None or person.second_salt is None:
        return None
    step = totp.matching_step(secret_of(key, person), typed, now=now, after=None)
    if step is None:
        return None
    person.second_on_at, person.second_step = now, step
    audit.write(session, by, What.SECOND_ON, about=name_of(person), now=now)
    return _fresh_codes(session, person)


def turn_off(session: Session, person: Person, *, by: Actor, now: datetime) -> bool:
    """Ask for no code any more; say whether one was asked for."""
    was_on = person.second_on_at is not None
    person.second_on_at = person.second_salt = person.second_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    if was_on:
        audit.write(session, by, What.SECOND_OFF, about=name_of(person), now=now)
    return was_on


def new_codes(session: Session, person: Person, *, by: Actor, now: datetime) -> list[str]:
    """Return other codes for paper; those from before are worth nothing."""
    audit.write(session, by, What.CODES_MADE, about=name_of(person), now=now)
    return _fresh_codes(session, person)


def codes_left(session: Session, person: Person) -> int:
    """Return how many codes on paper are not spent."""
    counted = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.person_id == person.id)
    return session.scalar(counted) or 0


def accept(session: Session, person: Person, typed: str, *, key: bytes, now: datetime) -> bool:
    """Say whether a code is right, and let it be worth nothing afterwards: none is taken twice."""
    step = totp.matching_step(secret_of(key, person), typed, now=now, after=person.second_step)
    if step is not None:
        # Of two that bring the same code at once, one finds it used.
        mine = session.execute(
            update(Person)
            .where(Person.id == person.id, or_(Person.second_step.is_(None), Person.second_step < step))
            .values(second_step=step)
            .returning(Person.id)
        )
        return mine.first() is not None
    spent = session.execute(
        delete(RecoveryCode)
        .where(RecoveryCode.code_hash == _digest(person, typed))
        .returning(RecoveryCode.person_id)
    )
    if spent.first() is None:
        return False
    audit.write(session, actor_of(person), What.CODE_SPENT, about=name_of(person), now=now)
    return True


def _fresh_codes(session: Session, person: Person) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    made = [base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower() for _ in range(CODES)]
    session.add_all(RecoveryCode(code_hash=_digest(person, code), person_id=person.id) for code in made)
    session.flush()
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in made]


def _digest(person: Person, typed: str) -> bytes:
    letters = "".join(letter for letter in typed.lower() if letter.isalnum())
    return secret.digest(f"{person.id}\0{letters}")
