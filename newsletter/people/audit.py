"""The audit log: who did what, to what, when. Entries are only added, and hold no secret.

An address in what is written is masked: the log outlives the people it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.people.tables import NAME_LENGTH, AuditEntry
from subscribers import mask

COMMAND_LINE = "command line"
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")


class What(StrEnum):
    """What people do to each other and to themselves. Other stories have words of their own."""

    PERSON_ADDED = "person.added"
    ROLE_GRANTED = "person.role-granted"
    ROLE_REVOKED = "person.role-revoked"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    LINK_MADE = "person.link-made"
    LOGGED_IN = "login.begun"
    LOGGED_OUT = "login.ended"
    LOGGED_OUT_EVERYWHERE = "login.ended-everywhere"
    PASSWORD_SET = "password.set"  # noqa: S105  # the name of an act
    SECOND_ON = "second-factor.on"
    SECOND_OFF = "second-factor.off"
    CODES_MADE = "second-factor.codes-made"
    CODE_SPENT = "second-factor.code-spent"
    TOKEN_ADDED = "token.added"  # noqa: S105  # the name of an act
    TOKEN_REVOKED = "token.revoked"  # noqa: S105  # the name of an act


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something: a person, perhaps by an API token, or somebody at the command line."""

    name: str
    person_id: int | None = None
    via: str = ""


def at_the_command_line(name: str) -> Actor:
    """Return who acts, by the name the machine knows them by."""
    return Actor(name=name, via=COMMAND_LINE)


def write(
    session: Session,
    actor: Actor,
    what: str,
    *,
    about: str = "",
    newsletter: str = "",
    facts: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write down what ``actor`` does, in the transaction that does it. ``facts`` is plain JSON."""
    session.add(
        AuditEntry(
            at=now,
            person_id=actor.person_id,
            by=_masked(actor.name)[:NAME_LENGTH],
            via=_masked(actor.via)[:NAME_LENGTH],
            what=what,
            about=_masked(about)[:NAME_LENGTH],
            newsletter=newsletter,
            facts=_masked(dict(facts or {})),
        )
    )


def latest(
    session: Session,
    *,
    newsletters: Collection[str] | None = None,
    person_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[AuditEntry]:
    """Return the newest entries, newest first: of some newsletters, of one person, or all."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if newsletters is not None:
        query = query.where(AuditEntry.newsletter.in_(newsletters))
    if person_id is not None:
        query = query.where(AuditEntry.person_id == person_id)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return session.scalars(query).all()


def as_json(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as programs read it."""
    return {
        "id": entry.id,
        "at": entry.at.isoformat(timespec="seconds"),
        "person": entry.person_id,
        "by": entry.by,
        "via": entry.via,
        "what": entry.what,
        "about": entry.about,
        "newsletter": entry.newsletter,
        "facts": entry.facts,
    }


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub(lambda found: mask(found[0]), value)
    if isinstance(value, Mapping):
        return {str(name): _masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(each) for each in value]
    return value
