"""What every section of the settings is made of: kinds of values, and a strict model."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def iana_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Asia/Shanghai") from error
    return name


def _one_line(value: str) -> str:
    if any(character in value for character in "\r\n\0"):
        raise ValueError("must be one line")
    return value


def _ascii_address(value: str) -> str:
    if value and not re.fullmatch(r"[!#$%&'*+/=?^_`{|}~A-Za-z0-9.-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+", value):
        raise ValueError("must be an ASCII email address such as news@example.com")
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?", value):
        raise ValueError("must be an origin such as https://blog.example.com, without a path")
    return value


OneLine = Annotated[str, AfterValidator(_one_line)]
Origin = Annotated[str, AfterValidator(_origin)]
Network = IPv4Network | IPv6Network
Port = Annotated[int, Field(ge=1, le=65535)]
Email = Annotated[str, AfterValidator(_ascii_address)]


class Section(BaseModel):
    """A section refuses keys it does not know, so that a typo is an error and not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
