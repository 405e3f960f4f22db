"""What keeps every answer safe: headers, the visitor's true address, and other sites' forms.

``Security`` stands outside everything, so an error page has the headers too. Nothing of ours runs
scripts or styles that are not files of ours; an answer is not stored and not indexed unless the
page itself says that it may be. A page says so by setting the header: what is set stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY = 64 * 1024  # bytes
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# The one page that asks for a proof of work, and only while it does.
POLICY_WITH_SCRIPTS = f"{POLICY}; script-src 'self'; worker-src 'self'; connect-src 'self'"
# The pages of those who work here: htmx from our own files, and previews of ours in a frame.
POLICY_OF_STAFF = f"{POLICY}; script-src 'self'; connect-src 'self'; frame-src 'self'"
HEADERS = {
    "content-security-policy": POLICY,
    # Tokens are in addresses, and must not travel on. Browsers then say ``Origin: null`` of our own forms.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
TRANSPORT_SECURITY = "max-age=31536000"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Security:
    """Wraps the whole site. ``trusted`` are the proxies whose word about a visitor is believed."""

    def __init__(
        self, app: ASGIApp, *, base_url: str, trusted: Iterable[IPv4Network | IPv6Network] = ()
    ) -> None:
        base = urlsplit(base_url)
        self._app = app
        self._prefix = base.path.rstrip("/")
        self._trusted = tuple(trusted)
        self._headers = dict(HEADERS)
        if base.scheme == "https":
            self._headers["strict-transport-security"] = TRANSPORT_SECURITY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and the answer back with its headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        inner = dict(scope)
        inner["path"] = path = self._path(scope["path"])
        inner["raw_path"] = path.encode()
        inner["client"] = self._client(scope)
        await self._app(inner, receive, send_safely)

    def _path(self, path: str) -> str:
        # A proxy may keep the prefix of our public address or cut it off. A slash too many is no reason
        # for a redirect: mailbox providers do not follow one (RFC 8058).
        if self._prefix and (path == self._prefix or path.startswith(f"{self._prefix}/")):
            path = path[len(self._prefix) :]
        return path.rstrip("/") or "/"

    def _client(self, scope: Scope) -> tuple[str, int] | None:
        client = scope.get("client")
        if client is None or not self._is_trusted(client[0]):
            return client
        # Each proxy adds whom it heard: read from the right, as far as the proxies are ours.
        heard = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
        found: str = client[0]
        for word in reversed(heard):
            address = _address(word)
            if address is None:
                break
            found = address
            if not self._is_trusted(address):
                break
        return found, client[1]

    def _is_trusted(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._trusted if network.version == address.version)


def open_to_other_sites(endpoint: Endpoint) -> Endpoint:
    """Mark a handler that a form on another site, or no site at all, may post to."""
    endpoint.is_open_to_other_sites = True  # type: ignore[attr-defined]  # read below
    return endpoint


class OtherSites:
    """Refuses what another site makes a visitor's browser send, unless the handler is open to it.

    Asked of the handler that was found, never of the path.
    """

    def __init__(self, base_url: str) -> None:
        self._host = urlsplit(base_url).netloc

    async def __call__(self, request: Request) -> None:
        """Raise 403 for a forged request. It is ``async`` only to stay out of the thread pool."""
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        if getattr(request.scope.get("endpoint"), "is_open_to_other_sites", False):
            return
        if self.sent(request):
            raise HTTPException(403)

    def sent(self, request: Request) -> bool:
        """Say whether a browser sends this on behalf of another site."""
        site = request.headers.get("sec-fetch-site")
        if site:
            return site not in ("same-origin", "none")
        origin = request.headers.get("origin")
        if origin is None or origin == "null":  # null: we ask browsers to name no referrer
            return "cookie" in request.headers
        return urlsplit(origin).netloc not in (self._host, request.headers.get("host"))


def _address(word: str) -> str | None:
    """Return the address in a word of X-Forwarded-For, without its port; None when it is none."""
    text = word.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
