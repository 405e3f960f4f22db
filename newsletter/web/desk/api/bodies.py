"""What programs send to the desk. A key that is not known is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from newsletter.desk import trial

_LONGEST = 1_000_000
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Text(BaseModel):
    """A digest, in Markdown."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=_LONGEST)


class NewText(Text):
    """A digest that goes out in the place of the source."""

    after: int = Field(
        ge=0, le=2**31 - 1, description="The number of the revision you have seen; 0 for none."
    )
    note: str = Field(default="", max_length=500)


class LeftOut(BaseModel):
    """Which stories do not go out; all others do."""

    model_config = ConfigDict(extra="forbid")

    places: list[int] = Field(max_length=500, description="Places of stories, counted from 0.")
    after: int = Field(ge=0, le=2**31 - 1)


class Choice(BaseModel):
    """Which text goes out."""

    model_config = ConfigDict(extra="forbid")

    choice: Literal["source", "revision"] | Number = Field(description="Or the number of an older revision.")
    after: int = Field(ge=0, le=2**31 - 1)


class TestMail(BaseModel):
    """A test to a few addresses."""

    model_config = ConfigDict(extra="forbid")

    to: list[str] = Field(min_length=1, max_length=trial.AT_ONCE)
    language: Literal["", "zh-CN", "en"] = ""
    marked: bool = True


class Decision(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    because: str = Field(default="", max_length=2_000)
    at: datetime | None = Field(default=None, description="For `move`: an aware moment on the edition's day.")
    owed: int | None = Field(default=None, description="For `send`: the number of readers, as it is now.")
    digest_hash: str | None = Field(
        default=None, max_length=64, description="For `approve`: of what you saw."
    )


class Answer(BaseModel):
    """Plain names and values; what they are stands in docs/desk.md."""

    model_config = ConfigDict(extra="allow")
