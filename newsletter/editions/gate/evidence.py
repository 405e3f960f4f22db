"""What the gate looks at: a digest, the email it became, and what is known around it.

Pure: values only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from newsletter.digests.digest import Digest
from newsletter.editions.gate.passages import Passage, passages_of
from newsletter.editions.gate.policy import Policy
from newsletter.editions.gate.probe import ProbeResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentEdition:
    """An edition of the same newsletter that has gone out."""

    day: date
    subject: str
    links: frozenset[str]  # of its stories, as written
    story_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderDns:
    """What the name system said of the sender's domain when somebody last asked."""

    domain: str
    checked_at: datetime
    faults: tuple[str, ...] = ()  # each a sentence for a person; none when all is well


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A digest, and what is known of its email and around it. None is "not known", and is not checked."""

    digest: Digest
    policy: Policy = field(default_factory=Policy)
    day: date | None = None  # it goes out
    now: datetime | None = None
    language: str | None = None  # of the newsletter
    own_site: str = ""  # the newsletter's public address: links to it are its own business
    subject: str | None = None
    preheader: str | None = None
    html_bytes: int | None = None  # decoded, as a mail client counts
    text_part: str | None = None
    story_bytes: tuple[int, ...] | None = None  # each story's share of html_bytes, as in digest.stories
    recent: tuple[RecentEdition, ...] | None = None  # newest first; empty when none has gone out
    probes: Mapping[str, ProbeResult] | None = None  # by address, as the digest writes it
    audience: int | None = None  # who would be owed it now
    usual_audience: int | None = None  # on days like this one
    sender_dns: SenderDns | None = None
    dropped: int = 0  # stories that were left out of ``digest`` by on_hold = "drop_stories"

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """All running text, in reading order."""
        return passages_of(self.digest)
