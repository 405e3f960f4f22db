"""What the calls about people bring and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from newsletter.config import Language
from newsletter.people.rights import Right, Role


class Strict(BaseModel):
    """What a call brings. A key that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Allowed(BaseModel):
    """One newsletter, and what one may do on it."""

    newsletter: str
    name: str
    rights: list[Right]


class Me(BaseModel):
    """Who a token acts for."""

    person: int
    name: str
    token: str | None = None
    newsletters: list[Allowed]


class RoleOn(BaseModel):
    """One role of a person."""

    newsletter: str | None = Field(description="null: all, also those to come.")
    role: Role


class PersonOut(BaseModel):
    """Somebody who works here."""

    id: int
    address: str
    name: str
    roles: list[RoleOn]
    has_password: bool
    second_factor: bool
    disabled: bool
    created_at: datetime


class People(BaseModel):
    """Everybody."""

    people: list[PersonOut]


class NewPerson(Strict):
    """Somebody to be added, with a first role."""

    address: str = Field(max_length=320, examples=["zhang@example.com"])
    name: str = Field(max_length=80, examples=["张三"])
    role: Role
    newsletter: str | None = Field(default=None, max_length=40, description="null: all of them.")
    language: Language | None = None


class Link(BaseModel):
    """A one-time link, shown once."""

    person: int
    url: str
    ends_at: datetime


class RoleChange(Strict):
    """A role to be given or taken."""

    newsletter: str | None = Field(default=None, max_length=40, description="null: all of them.")
    role: Role
    held: bool = Field(description="true gives it, false takes it.")


class TokenOut(BaseModel):
    """A token; what it opens is not kept."""

    id: int
    name: str
    person: int
    scopes: list[str]
    newsletters: list[str] = Field(description="Empty: all that its person has.")
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    state: Literal["good", "expired", "revoked"]


class Tokens(BaseModel):
    """One's own tokens; everybody's, for whoever manages people everywhere."""

    tokens: list[TokenOut]


class NewToken(Strict):
    """A token to be made."""

    name: str = Field(max_length=80, examples=["morning script"])
    scopes: list[Right] = Field(min_length=1)
    newsletters: list[str] = Field(default=[], max_length=100)
    days: int = Field(default=90, ge=1, le=366)
    password: str = Field(max_length=1000, description="Of the person, once more: a token outlasts a login.")


class MadeToken(BaseModel):
    """A token with its secret, shown once."""

    id: int
    secret: str
    expires_at: datetime


class Entry(BaseModel):
    """One thing that somebody did."""

    id: int
    at: datetime
    person: int | None
    by: str
    via: str
    what: str
    about: str
    newsletter: str
    facts: dict[str, object]


class Log(BaseModel):
    """The newest entries first; ask on with ``before`` = ``more``."""

    entries: list[Entry]
    more: int | None
