"""What a source holds for a day: the digest that may go out, and why the others do not.

Nothing is skipped silently that claims the day: it is chosen, passed over with a reason, or an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from newsletter.digests.digest import Digest
from newsletter.errors import DigestError, SourceUnreachable


class Reason(StrEnum):
    """Why something is not the digest to send."""

    ABSENT = "absent"  # its address leads to nothing yet
    UNSETTLED = "unsettled"  # changed only just now
    DRAFT = "draft"
    NOT_YET = "not_yet"  # publishDate lies ahead
    EXPIRED = "expired"  # expiryDate is past
    TOO_OLD = "too_old"
    SENT = "sent"
    MISSED = "missed"  # it was there for the edition before, which did not take it
    OTHER_DAY = "other_day"  # its name says the day, its front matter another
    UNDATED = "undated"
    OUTSIDE = "outside"  # a link that leads out of the folder
    OLDER = "older"  # another one is newer


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A digest that may go out."""

    key: str  # its place in the source, which no other digest has
    origin: str  # the same, as a person is told: a path or an address
    path: Path | None = None  # where its file lies, when it is one
    hash: str  # SHA-256 of its bytes, hex
    modified_at: datetime
    digest: Digest
    contested: bool = False  # another text claims to be the same, and a person must choose

    @property
    def day(self) -> date:
        """The day it is for."""
        return self.digest.day


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """What claims the day and does not go out. ``str`` of it tells a person why."""

    key: str
    origin: str
    reason: Reason
    detail: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a source holds for a day.

    While ``errors`` is not empty, somebody's digest for this day cannot be read, and sending
    another one in its place, unattended, would be wrong.
    """

    chosen: Candidate | None
    passed_over: tuple[PassedOver, ...] = ()
    errors: tuple[DigestError, ...] = ()

    @property
    def is_unreachable(self) -> bool:
        """Whether the source, or a part of it, could not be asked."""
        return any(isinstance(error, SourceUnreachable) for error in self.errors)
