"""What feedback finds that a person must know. Pure: whoever calls tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Sort(StrEnum):
    """What is the matter."""

    ACCOUNT = "account"  # how our account with the provider stands has changed
    DROPPED = "dropped"  # the provider drops copies for a reason that is ours
    BLOCKED = "blocked"  # mailbox providers refuse what we send, or us
    SILENT = "silent"  # a call was resent because nothing was heard of it
    QUIET = "quiet"  # no report comes in at all
    HEARD = "heard"  # reports come in again: the all-clear
    QUEUED = "queued"  # mails wait for a person
    DECIDED = "decided"  # none does any more: the all-clear
    FAILED = "failed"  # a post could not be applied: a fault of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing to tell. The same ``sort``, edition and ``about`` are told once."""

    sort: Sort
    words: str
    edition_id: int | None = None
    day: date | None = None  # where it is about no edition; None: today
    about: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
