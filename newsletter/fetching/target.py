"""Where a URL leads: scheme, host, port and path, or a refusal.

Strict, because two programs that read one URL differently are how a check is walked around: what browsers
mend silently (a backslash, a blank, 0x7f.1 for 127.0.0.1) is refused here.
Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urlsplit

from newsletter.fetching.errors import FetchRefused

LONGEST_URL = 4096  # characters
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSEEN = re.compile(r"[\x00-\x20\x7f\\]")  # what urlsplit drops silently, and what browsers take for a slash
_SAFE = "/%:@!$&'()*+,;=~-._?[]|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One place to connect to, and what to ask for there."""

    scheme: str
    host: str  # ASCII, lower case; an IPv6 address without its brackets
    port: int
    path: str  # with the query; ASCII

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what an error may name."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The whole address, in ASCII."""
        return self.origin + self.path


def target(url: str, *, ports: frozenset[int]) -> Target:
    """Read a URL, or raise ``FetchRefused``."""
    if len(url) > LONGEST_URL:
        raise FetchRefused(f"the address is longer than {LONGEST_URL} characters")
    if _UNSEEN.search(url):
        raise FetchRefused("the address holds a blank, a backslash or a control character")
    try:
        parts = urlsplit(url)
        port, name = parts.port, parts.hostname or ""
    except ValueError as error:
        raise FetchRefused("the address is not a URL") from error
    if parts.scheme not in _PORTS:
        raise FetchRefused(f"the address must start with https:// or http://, not {parts.scheme[:20]!r}")
    if "@" in parts.netloc:
        raise FetchRefused("the address holds a user name or password before its host")
    host = _ipv6(name) if parts.netloc.startswith("[") else _host(name)
    port = _PORTS[parts.scheme] if port is None else port
    if port not in ports:
        raise FetchRefused(f"port {port} of {host} is not among fetching.ports")
    path = quote(parts.path or "/", safe=_SAFE) + (
        f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    )
    return Target(scheme=parts.scheme, host=host, port=port, path=path)


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError as error:
        raise FetchRefused("the address holds an IPv6 address that is none") from error
    if address.scope_id is not None:
        raise FetchRefused("the address names a network interface of this machine")
    return str(address)


def _host(name: str) -> str:
    """Return a host name in ASCII, or a canonical IPv4 address."""
    try:
        # Also turns 。and full-width digits into plain ones, so that what follows sees them.
        host = name.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise FetchRefused("the address holds a host name that is none") from error
    host = host.removesuffix(".")
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise FetchRefused("the address holds a host name that is none")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        # 2130706433, 0177.0.0.1 and 127.1 are 127.0.0.1 to a resolver; nobody writes a server so.
        try:
            return str(IPv4Address(host))
        except AddressValueError as error:
            raise FetchRefused("the address writes an IPv4 address in an unusual way") from error
    return host
