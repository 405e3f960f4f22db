"""How somebody looks at an email: how wide, in which light, which part, through whose eyes.

It stands in the address, so that a look can be passed on, and works without scripts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request

from newsletter.config import LANGUAGES
from newsletter.desk.lights import Light

Choice = TypeVar("Choice", bound=StrEnum)


class Part(StrEnum):
    """What is shown of a message."""

    EMAIL = "email"
    TEXT = "text"
    HEADERS = "headers"
    INBOX = "inbox"
    LINKS = "links"


class Width(StrEnum):
    """How wide a window is, in CSS pixels."""

    PHONE = "390"
    DESKTOP = "600"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to look. ``language`` empty: the newsletter's own."""

    part: Part = Part.EMAIL
    width: Width = Width.PHONE
    light: Light = Light.LIGHT
    images: str = "on"
    reader: str = ""

    @classmethod
    def of(cls, request: Request) -> View:
        """Read the address; what it does not say, or says wrongly, is as usual."""
        asked = request.query_params
        return cls(
            part=_one(Part, asked.get("part"), Part.EMAIL),
            width=_one(Width, asked.get("width"), Width.PHONE),
            light=_one(Light, asked.get("light"), Light.LIGHT),
            images="off" if asked.get("images") == "off" else "on",
            reader=asked.get("reader", "") if asked.get("reader") in LANGUAGES else "",
        )

    def but(self, **changes: str) -> str:
        """Return the query of this view with something else in it; only what is unusual is said."""
        usual = View()
        changed = replace(self, **changes)
        said = {
            field.name: str(getattr(changed, field.name))
            for field in fields(changed)
            if str(getattr(changed, field.name)) != str(getattr(usual, field.name))
        }
        return urlencode(said)


def _one(choices: type[Choice], asked: str | None, usual: Choice) -> Choice:
    return choices(asked) if asked in tuple(choices) else usual
