"""Facts that must outlast the database: a backup that is restored must not bring back who has left since.

The functions of this package note them in the session. Whoever keeps a journal takes them before the
commit; where nobody does, they go with the session. A fact names an address by its keyed hash only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from subscribers.states import Event

_NOTED = "lasting facts"


class Lasting(StrEnum):
    """What happened."""

    LEFT = "left"  # a person left a list
    RETURNED = "returned"  # by their own act: what was said before of leaving counts no longer
    ERASED = "erased"  # a person was forgotten
    MOVED = "moved"  # a person has another address
    SUPPRESSED = "suppressed"  # an address or a domain is never mailed
    LIFTED = "lifted"  # a bounce was lifted
    BEGUN = "begun"  # an edition began to go out


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened; ``about`` holds only text and numbers, and never an address."""

    what: Lasting
    at: datetime
    about: Mapping[str, str | int] = field(default_factory=dict)


OF_EVENTS = {
    Event.LEFT: Lasting.LEFT,
    Event.CONFIRMED: Lasting.RETURNED,
    Event.UNDONE: Lasting.RETURNED,
}


def remember(session: Session, *facts: Fact) -> None:
    """Note what the transaction of ``session`` does that must not be forgotten."""
    session.info.setdefault(_NOTED, []).extend(facts)


def noted(session: Session) -> Sequence[Fact]:
    """Return what was noted and is not yet taken, and leave it there."""
    return tuple(session.info.get(_NOTED, ()))


def take(session: Session) -> Sequence[Fact]:
    """Return what was noted and is not yet taken."""
    return session.info.pop(_NOTED, [])
