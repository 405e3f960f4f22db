"""What programs send to the console: a body for each call, checked before anything is done."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from newsletter.replies import Meaning


def _storable(text: str) -> str:
    if "\0" in text or not text.strip():
        raise ValueError("must be words that can be stored")
    return text


Words = Annotated[str, AfterValidator(_storable)]


class Deed(BaseModel):
    """What to do, and why."""

    verb: Words = Field(max_length=20)
    because: Words = Field(min_length=1, max_length=300)


class BulkDeed(Deed):
    """What to do to all whom a segment means."""

    segment: Words = Field(min_length=1, max_length=2000)


class Number(BaseModel):
    """How many people a job is about: who says so knows what they approve."""

    number: int = Field(ge=0, le=10**12)


class NamedSegment(BaseModel):
    """A segment to keep."""

    name: Words = Field(min_length=1, max_length=80)
    segment: Words = Field(min_length=1, max_length=2000)


class Block(BaseModel):
    """An address, or a domain, that is never to be mailed again."""

    what: Words = Field(min_length=1, max_length=320)
    because: Words = Field(min_length=1, max_length=300)


class Retry(BaseModel):
    """Which refused copies to try once more."""

    meaning: Meaning


class Settle(BaseModel):
    """What became of the copies in doubt: ``settle`` (they arrived) or ``resend``."""

    how: str = Field(pattern="^(settle|resend)$")
    because: Words = Field(min_length=1, max_length=300)
