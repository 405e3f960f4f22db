"""API tokens: what a program shows to act for a person, within scopes, until a day.

A token is shown once, when it is made. What it may do is its scopes as far as its person may do them, at
the moment it is shown: whoever loses a right or is disabled loses it in their tokens too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.errors import NewsletterError
from newsletter.people import audit, secret
from newsletter.people.audit import Actor, What
from newsletter.people.rights import Right
from newsletter.people.tables import NAME_LENGTH, ApiToken, Person

PREFIX = "nl_"  # so that a scanner for leaked secrets can tell what it found
USED_EVERY = timedelta(minutes=1)
LONGEST = timedelta(days=366)


class NoSuchToken(NewsletterError):
    """There is no token of this number. `newsletter tokens list` shows those there are."""


class BadToken(NewsletterError):
    """A token has a name, at least one scope, and lasts from a day to a year."""


def add(
    session: Session,
    person: Person,
    *,
    name: str,
    scopes: Collection[Right],
    newsletters: Collection[str] = (),
    lasting: timedelta,
    by: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which is not kept. Raises ``BadToken``."""
    called = " ".join(name.split())
    if not called or "@" in called or not called.isprintable():
        raise BadToken(
            "a token has a name that says what it is for, without an address: it is kept in the log"
        )
    if not scopes:
        raise BadToken("a token has at least one scope")
    if not timedelta(0) < lasting <= LONGEST:
        raise BadToken(f"a token lasts 1 to {LONGEST.days} days")
    fresh = secret.new(PREFIX)
    token = ApiToken(
        secret_hash=secret.digest(fresh),
        person_id=person.id,
        name=called[:NAME_LENGTH],
        scopes=sorted(scope.value for scope in scopes),
        newsletters=sorted(newsletters),
        created_at=now,
        expires_at=now + lasting,
    )
    session.add(token)
    session.flush()
    facts = {
        "person": person.id,
        "scopes": token.scopes,
        "newsletters": token.newsletters,
        "days": lasting.days,
    }
    audit.write(session, by, What.TOKEN_ADDED, about=f"token {token.id}", facts=facts, now=now)
    return token, fresh


def of(session: Session, shown: str, *, now: datetime) -> tuple[ApiToken, Person] | None:
    """Return the token that was shown and whom it acts for, while it holds."""
    row = session.execute(
        select(ApiToken, Person)
        .join(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.secret_hash == secret.digest(shown),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            Person.disabled_at.is_(None),
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def scopes_of(token: ApiToken) -> frozenset[Right]:
    """Return the rights of a token; one that a later release took away is none."""
    known = {right.value for right in Right}
    return frozenset(Right(scope) for scope in token.scopes if scope in known)


def state_of(token: ApiToken, *, now: datetime) -> str:
    """Return how a token stands: good, expired or revoked."""
    if token.revoked_at is not None:
        return "revoked"
    return "good" if token.expires_at > now else "expired"


def is_to_be_touched(token: ApiToken, *, now: datetime) -> bool:
    """Say whether the use of a token is to be noted: not every call is."""
    return token.used_at is None or now - token.used_at >= USED_EVERY


def touch(session: Session, token_id: int, *, now: datetime) -> None:
    """Note that a token was used."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=now))


def every(session: Session, *, person_id: int | None = None) -> Sequence[ApiToken]:
    """Return all tokens, or those of one person, oldest first."""
    query = select(ApiToken).order_by(ApiToken.id)
    if person_id is not None:
        query = query.where(ApiToken.person_id == person_id)
    return session.scalars(query).all()


def revoke(session: Session, token_id: int, *, by: Actor, now: datetime) -> bool:
    """Let a token be worth nothing; say whether it was worth something. Raises ``NoSuchToken``."""
    token = session.get(ApiToken, token_id)
    if token is None:
        raise NoSuchToken(f"there is no token {token_id}; `newsletter tokens list` shows those there are")
    if token.revoked_at is not None:
        return False
    token.revoked_at = now
    audit.write(session, by, What.TOKEN_REVOKED, about=f"token {token.id}", now=now)
    return True
