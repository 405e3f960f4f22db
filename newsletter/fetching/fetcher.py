"""The fetcher: one request, its redirects, and an answer within a time and a size, or an error."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote, urljoin

from newsletter import __version__
from newsletter.errors import ConfigError
from newsletter.fetching.errors import FetchError, FetchFailed, FetchRefused, Reason
from newsletter.fetching.line import Deadline, Dialler, Resolver, resolve
from newsletter.fetching.networks import Network
from newsletter.fetching.reading import HEADER_BYTES, Answer, read_answer
from newsletter.fetching.target import Target, target

MOST_REDIRECTS = 5
_REDIRECTS = frozenset([301, 302, 303, 307, 308])
# What may follow a redirect to another origin. Keys and cookies were meant for the first.
_HARMLESS = frozenset("accept accept-language range if-none-match if-modified-since".split())
_OURS = frozenset("host connection content-length transfer-encoding accept-encoding user-agent".split())
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer, whatever its status."""

    status: int
    url: str  # where it came from in the end
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches from the public internet, and from ``allow``. May be used by many threads at once.

    Every call ends within ``timeout``, however many redirects there are and however slowly the far side
    answers. It keeps no connection, sends no cookie and reads no proxy from the environment.
    """

    allow: tuple[Network, ...] = ()  # networks inside that may be reached all the same
    ports: frozenset[int] = frozenset([80, 443])
    timeout: timedelta = timedelta(seconds=20)
    max_bytes: int = 10_000_000
    resolve: Resolver = field(default=resolve, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.timeout <= timedelta(0):
            raise ConfigError("fetching.timeout_seconds must be above zero")
        if self.max_bytes <= 0:
            raise ConfigError("fetching.max_bytes must be above zero")

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, first_bytes: int | None = None
    ) -> Fetched:
        """Get ``url``; with ``first_bytes``, read only that much of a body of any size.

        Raise ``FetchRefused`` or ``FetchFailed``.
        """
        return self._follow("GET", url, headers or {}, first_bytes)

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """Ask only for the headers of ``url``. Raise ``FetchRefused`` or ``FetchFailed``."""
        return self._follow("HEAD", url, headers or {}, None)

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Fetched:
        """Post ``body``. A redirect is the answer and is not followed.

        Raise ``FetchRefused`` or ``FetchFailed``; after the latter it may have arrived all the same.
        """
        deadline = Deadline.after(self.timeout.total_seconds())
        place = target(url, ports=self.ports)
        return _fetched(place, self._ask("POST", place, headers or {}, deadline, body=body))

    def _follow(self, method: str, url: str, headers: Mapping[str, str], first_bytes: int | None) -> Fetched:
        deadline = Deadline.after(self.timeout.total_seconds())
        place = target(url, ports=self.ports)
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask(method, place, headers, deadline, first_bytes=first_bytes)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return _fetched(place, answer)
            following = self._redirected(place, location)
            if following.origin != place.origin:
                headers = {name: value for name, value in headers.items() if name.lower() in _HARMLESS}
            place = following
        raise FetchRefused(f"{place.origin} redirects more than {MOST_REDIRECTS} times")

    def _redirected(self, place: Target, location: str) -> Target:
        # http.client reads headers as latin-1; most servers that are not in ASCII mean UTF-8.
        there = quote(location.encode("latin-1", "replace"), safe="/%:@!$&'()*+,;=~-._?#[]|\\")
        try:
            following = target(urljoin(place.url, there), ports=self.ports)
        except (FetchRefused, ValueError) as error:
            raise FetchRefused(f"{place.origin} redirects to where we do not go: {error}") from error
        if (place.scheme, following.scheme) == ("https", "http"):
            raise FetchRefused(f"{place.origin} redirects from https to http")
        return following

    def _ask(
        self,
        method: str,
        place: Target,
        headers: Mapping[str, str],
        deadline: Deadline,
        *,
        body: bytes | None = None,
        first_bytes: int | None = None,
    ) -> Answer:
        request = _request(method, place, headers, body)
        dialler = Dialler(allow=self.allow, resolve=self.resolve, tls=self.tls)
        try:
            line = dialler.dial(place, deadline, allowance=HEADER_BYTES)
            try:
                line.send_all(request)
                return read_answer(line, method, max_bytes=self.max_bytes, first_bytes=first_bytes)
            finally:
                line.hang_up()
        except FetchFailed as error:
            raise FetchFailed(_named(place, error), reason=error.reason) from error
        except FetchRefused as error:
            raise FetchRefused(_named(place, error)) from error
        except TimeoutError as error:
            seconds = f"{self.timeout.total_seconds():g}"
            raise FetchFailed(
                f"{place.origin} did not answer within {seconds} seconds", reason=Reason.TIMEOUT
            ) from error
        except ssl.SSLError as error:
            problem = getattr(error, "verify_message", "") or error.reason or "the handshake failed"
            raise FetchFailed(f"{place.origin} has no valid TLS: {problem}", reason=Reason.TLS) from error
        except OSError as error:
            raise FetchFailed(
                f"{place.origin} broke the connection off ({error.strerror or type(error).__name__})",
                reason=Reason.UNREACHABLE,
            ) from error


def _named(place: Target, error: FetchError) -> str:
    words = str(error)
    return words if place.host in words else f"{place.origin}: {words}"


def _fetched(place: Target, answer: Answer) -> Fetched:
    return Fetched(status=answer.status, url=place.url, headers=answer.headers, body=answer.body)


def _request(method: str, place: Target, headers: Mapping[str, str], body: bytes | None) -> bytes:
    lines = [
        f"{method} {place.path} HTTP/1.1",
        f"Host: {place.authority}",
        f"User-Agent: newsletter/{__version__}",
        "Accept-Encoding: gzip",
        "Connection: close",
    ]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or name.lower() in _OURS:
            raise FetchRefused(f"a request may not have the header {name[:40]!r}, or not with this value")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body or b"")
