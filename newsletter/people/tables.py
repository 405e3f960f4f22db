"""The rows of people: persons, their grants, where they are logged in, their tokens, and what was done.

No secret is here as it is: a password is an argon2id hash; a login, a link and a token are SHA-256 of random
bits; the secret of the second factor is made from a salt and the installation's keys, which lie elsewhere.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.people.rights import Role
from subscribers import Base, BigId, Choice, UtcDateTime

NAME_LENGTH = 80


class Person(Base):
    """Somebody who works on this installation. Never removed: what they did is kept under their number."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)  # normalised
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    language: Mapped[str | None] = mapped_column(String(16))
    password_hash: Mapped[str | None] = mapped_column(String(200))  # None: has not chosen one yet
    second_salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))  # of the second factor
    second_on_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: not asked for
    second_step: Mapped[int | None] = mapped_column(BigInteger)  # of the code used last: none is taken twice
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Grant(Base):
    """One role of a person, on one newsletter or on all of them."""

    __tablename__ = "person_grant"  # GRANT is a word of SQL

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True)
    newsletter: Mapped[str] = mapped_column(String(40), primary_key=True)  # empty: all
    role: Mapped[Role] = mapped_column(Choice(Role), primary_key=True)


class Login(Base):
    """One device on which a person is logged in."""

    __tablename__ = "login"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    device: Mapped[str] = mapped_column(String(NAME_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    idle_ends_at: Mapped[datetime] = mapped_column(UtcDateTime)  # unless it is used
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)  # whatever happens
    is_remembered: Mapped[bool]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "person_id"), Index(None, "ends_at"))


class InvitationKind(StrEnum):
    """What a one-time link lets its holder do."""

    FIRST = "first"  # become the first admin, while there is nobody
    JOIN = "join"  # choose the first password of a person who was added
    RESET = "reset"  # choose another password


class Invitation(Base):
    """A link that is good for one thing, once, and not for long."""

    __tablename__ = "invitation"

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    kind: Mapped[InvitationKind] = mapped_column(Choice(InvitationKind))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))  # None: whoever is first
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "person_id"), Index(None, "ends_at"))


class RecoveryCode(Base):
    """A code on paper that stands in for the second factor, once."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)


class ApiToken(Base):
    """What a program shows to act for a person: never more than the person may do."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))  # what it is for
    scopes: Mapped[list[str]] = mapped_column(JSON)  # rights
    newsletters: Mapped[list[str]] = mapped_column(JSON)  # empty: all that the person has
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # to the minute
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index(None, "person_id"),)


class ApiCall(Base):
    """The answer to a call that named an ``Idempotency-Key``: the same call again gets it again."""

    __tablename__ = "api_call"

    caller: Mapped[str] = mapped_column(String(40), primary_key=True)  # a token's or a person's number
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    call_hash: Mapped[bytes] = mapped_column(LargeBinary(32))  # method, path and body
    status: Mapped[int | None]  # None: being answered
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AuditEntry(Base):
    """One thing that somebody did. Only ever added."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[int | None] = mapped_column(BigId)  # None: at the command line
    by: Mapped[str] = mapped_column(String(NAME_LENGTH))
    via: Mapped[str] = mapped_column(String(NAME_LENGTH))  # an API token's name, "command line", or empty
    what: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(String(NAME_LENGTH))
    newsletter: Mapped[str] = mapped_column(String(40))  # empty: none, or all
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index(None, "newsletter", "id"), Index(None, "person_id", "id"))
