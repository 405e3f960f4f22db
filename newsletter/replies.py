"""What the far side means by a reply, at the door or in a bounce. Pure."""

from __future__ import annotations

from enum import StrEnum


class Meaning(StrEnum):
    """What a refusal says of us, of the reader, or of the message."""

    HARD = "hard"  # there is no such mailbox
    SOFT = "soft"  # full, or away for now
    THROTTLED = "throttled"  # we come too fast: nothing about the reader
    POLICY = "policy"  # our address, our domain or our standing is refused
    CONTENT = "content"  # this message is refused
    UNKNOWN = "unknown"
