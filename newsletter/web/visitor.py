"""Who asks: the address, the program and the language, as far as a request tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from fastapi import Request

from newsletter.config import LANGUAGES
from subscribers import Evidence

_LONGEST_AGENT = 300
_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]{1,150}")
_QUALITY = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What one request tells about who sent it."""

    ip: str | None
    user_agent: str | None
    origin: str | None  # the site a form was on, where it was not ours

    @property
    def network(self) -> str:
        """What limits count: the address, or the half of an IPv6 address that one household has."""
        if self.ip is None:
            return "unknown"
        address = ip_address(self.ip)
        return self.ip if address.version == 4 else str(ip_network((address, 64), strict=False))

    def evidence(
        self,
        origin: str,
        *,
        language: str | None = None,
        wording: str | None = None,
        notice_version: str | None = None,
    ) -> Evidence:
        """Return the evidence of an act of this visitor."""
        return Evidence(
            origin=origin,
            language=language,
            wording=wording,
            notice_version=notice_version,
            ip=self.ip,
            user_agent=self.user_agent,
        )


def visitor_of(request: Request) -> Visitor:
    """Read who asks. ``Security`` has put the true address in its place."""
    try:
        ip = str(ip_address(request.client.host)) if request.client else None
    except ValueError:
        ip = None
    agent = "".join(c for c in request.headers.get("user-agent", "") if c.isprintable())
    origin = request.headers.get("origin", "")
    return Visitor(
        ip=ip,
        user_agent=agent[:_LONGEST_AGENT] or None,
        origin=origin if _ORIGIN.fullmatch(origin) else None,
    )


def language_of(request: Request, *, reader: str | None, default: str) -> str:
    """Return the language of a page: what was asked for, else the reader's, the browser's, the default."""
    wanted = request.query_params.get("lang")
    for known in (wanted, reader):
        if known in LANGUAGES:
            return known
    return accepted(request.headers.get("accept-language", "")) or default


def accepted(header: str) -> str | None:
    """Return the language of ours that an Accept-Language likes best, if any."""
    best, most = None, 0.0
    for part in header[:500].split(","):
        tag, _, rest = part.partition(";")
        quality = _QUALITY.fullmatch(rest) if rest else None
        weight = float(quality[1]) if quality else 1.0
        primary = tag.strip().lower().partition("-")[0]
        ours = next((known for known in LANGUAGES if known.lower().partition("-")[0] == primary), None)
        if ours and weight > most:
            best, most = ours, weight
    return best
