"""What a reply may mean, and a row of the tables that say so. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from newsletter.lanes import Lane


class Meaning(StrEnum):
    """What a refusal says of us, of the reader, or of the message."""

    HARD = "hard"  # there is no such mailbox
    SOFT = "soft"  # full, or away for now
    THROTTLED = "throttled"  # we come too fast: nothing about the reader
    POLICY = "policy"  # our address, our domain or our standing is refused
    CONTENT = "content"  # this message is refused
    UNKNOWN = "unknown"


class Source(StrEnum):
    """How we know what a row says."""

    DOCUMENTED = "documented"  # by the provider itself, or by an RFC
    REPORTED = "reported"  # by people who send there
    OURS = "ours"  # our own reading of the words


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table: what replies it is for, and what they mean. An empty pattern fits all.

    ``words`` is a regular expression over the reply in lower case, without addresses. A provider
    answers for its customers' domains too, which travel in the lane ``OTHER``: a row whose words
    nobody else would use is read there as well, and says so by ``hosts``.
    """

    meaning: Meaning
    words: str = ""
    code: str = ""  # of SMTP, from its beginning: "4", "45", "550"
    enhanced: str = ""  # a regular expression over the whole of RFC 3463's code
    lane: Lane | None = None  # None: whoever says it
    hosts: bool = False  # also read in OTHER
    source: Source
    note: str = ""
    example: str  # a reply that this row decides; the tests read every one

    def __post_init__(self) -> None:
        re.compile(self.words)
        re.compile(self.enhanced)
        if not (self.words or self.code or self.enhanced):
            raise ValueError("a row must say which replies it is for")

    def heeds(self, lane: Lane) -> bool:
        """Whether this row is read for a reply from ``lane``."""
        return self.lane in (None, lane) or (lane is Lane.OTHER and self.hosts)

    def fits(self, words: str, code: str, enhanced: str) -> bool:
        """Whether a reply, taken apart and made plain, is one of this row's."""
        return (
            (not self.code or code.startswith(self.code))
            and (not self.enhanced or re.fullmatch(self.enhanced, enhanced) is not None)
            and (not self.words or re.search(self.words, words) is not None)
        )
