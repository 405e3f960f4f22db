"""One row of any file: what another system says about one person, in our words.

Every format becomes this type, so that what follows knows no format. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from subscribers.states import Event, Status
from subscribers.subscriber import Cadence
from subscribers.suppression import Reason


class Standing(StrEnum):
    """Where a person stands, in one word: a status, or why they are never mailed."""

    ACTIVE = "active"
    PENDING = "pending"
    LEFT = "left"
    BOUNCED = "bounced"
    REFUSED = "refused"
    BLOCKED = "blocked"
    COMPLAINED = "complained"

    @property
    def severity(self) -> int:
        """How strongly it speaks against mailing; of two, the higher counts."""
        return _SEVERITY[self]

    def overrules(self, earlier: Standing) -> bool:
        """Say whether a later row that says this counts, and not the first one about the person."""
        if earlier in _SUPPRESSED:  # the first reason stays, but a complaint replaces any other
            return self is Standing.COMPLAINED and earlier is not Standing.COMPLAINED
        return self.severity > max(earlier.severity, Standing.PENDING.severity)

    @property
    def reason(self) -> Reason | None:
        """Why the address is never mailed, if it is not."""
        return Reason(self) if self in _SUPPRESSED else None

    @property
    def status(self) -> Status:
        """The status of a subscription that is made for it: never active for who is never mailed."""
        return Status.LEFT if self in _SUPPRESSED else Status(self)


_SEVERITY = {standing: rank for rank, standing in enumerate(Standing)}
_SUPPRESSED = frozenset({Standing.BOUNCED, Standing.REFUSED, Standing.BLOCKED, Standing.COMPLAINED})


class Act(NamedTuple):
    """One piece of evidence, as ``Consent`` keeps it."""

    event: Event
    at: datetime
    origin: str
    wording: str | None = None
    notice_version: str | None = None
    language: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    details: Mapping[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Row:
    """What one line of a file says about one person. Times are aware UTC."""

    email: str  # as it stands in the file
    standing: Standing
    listed: bool = True  # False: the file only says who is never mailed, not who is on a list
    language: str | None = None
    cadence: Cadence = Cadence.DAILY
    paused_until: date | None = None
    tags: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    created_at: datetime | None = None
    confirmed_at: datetime | None = None
    left_at: datetime | None = None
    suppressed_at: datetime | None = None
    note: str | None = None  # why they are never mailed, in the other system's words
    ip: str | None = None
    recorded: str = ""  # the other system's proof, as a JSON object
    history: Sequence[Act] = ()


class Ending(NamedTuple):
    """What a row says of somebody who is not to be mailed. Moments are text, as in ``Entry``."""

    left_at: str
    suppressed_at: str
    note: str | None  # why


class Entry(NamedTuple):
    """What is written about a person: rows of the tables, without the number the person gets there.

    Everything is as the databases hold it (see ``pouring``), so a process can hand it to another as it is.
    """

    digest: bytes
    domain: str
    said: str  # a ``Standing``
    listed: bool
    subscriber: tuple[Any, ...]
    subscription: tuple[Any, ...]
    evidence: tuple[Any, ...]  # of moving in, or of leaving because the file says so
    history: Sequence[tuple[Any, ...]]  # evidence that the file brings along
    ending: Ending | None


class Unsaid(Exception):
    """This row cannot be taken in. The message says why, and never repeats an address."""


class UnreadableList(Exception):
    """This file cannot be taken in. The message names the place and says what to do."""
