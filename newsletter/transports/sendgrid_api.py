"""The door to the ``sendgrid`` library: one request to an account, and its answer.

The library builds the URL and the headers. The request is ours, because the library's own opens a
connection for each, knows no deadline, follows redirects with the key, and writes the key and the
payload to its log (python_http_client 3.3.7). Here a redirect is an answer like any other, and
nothing of a request is ever logged.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import sendgrid
from sendgrid.helpers.eventwebhook import EventWebhook

from newsletter.errors import ConfigError
from newsletter.transports.keepalive import Answer, Connection, Deadline
from newsletter.transports.sendgrid_accounts import Account

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
HOST = "https://api.sendgrid.com"
EU_HOST = "https://api.eu.sendgrid.com"

# A filter, because it holds whatever level a program gives the library's logger later.
logging.getLogger("python_http_client.client").addFilter(lambda record: record.levelno >= logging.WARNING)


class SendGridApi:
    """One account. Many threads may use it: each request has a connection of its own.

    ``host`` is also how an account in the EU is reached (``EU_HOST``). ``timeout`` is for a whole
    request, from the first connect to the last byte of the answer (only the look-up of the host's
    name is outside it). ``context`` trusts other authorities than the system's. Raises
    ``ConfigError`` for a host that cannot be one.
    """

    def __init__(
        self,
        account: Account,
        *,
        host: str = HOST,
        timeout: timedelta = timedelta(seconds=60),
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, is_secure = _place(host)
        # Loading the authorities takes 23 ms, so they are loaded once.
        self._tls = (context or ssl.create_default_context()) if is_secure else None
        self._timeout = timeout
        self._library = sendgrid.SendGridAPIClient(
            api_key=account.api_key.strip(),
            host=host.rstrip("/"),
            impersonate_subuser=account.subuser or None,
        )
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def post(self, *path: str, body: bytes) -> Answer:
        """POST JSON to ``/v3/<path>``, or raise ``NotSent`` or ``AnswerLost``."""
        return self._request("POST", path, body=body)

    def get(self, *path: str, query: Mapping[str, str] | None = None) -> Answer:
        """GET ``/v3/<path>``, or raise ``NotSent`` or ``AnswerLost``."""
        return self._request("GET", path, query=query)

    def delete(self, *path: str) -> Answer:
        """DELETE ``/v3/<path>``, or raise ``NotSent`` or ``AnswerLost``."""
        return self._request("DELETE", path)

    def close(self) -> None:
        """Close the kept connections. The next request opens a new one."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _request(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        client: Any = self._library.client
        for segment in path:
            client = client._(segment)
        url = urlsplit(client._build_url(query))
        target = f"{url.path}?{url.query}" if url.query else url.path
        # A copy, for the library shares its dict between all requests and threads.
        headers = dict(client.request_headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = self._connection(Deadline(self._timeout))
        try:
            answer = connection.exchange(method, target, body, headers)
        finally:
            if connection.is_reusable:
                with self._lock:
                    self._idle.append(connection)
            else:
                connection.close()
        return answer

    def _connection(self, deadline: Deadline) -> Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return Connection(self._host, self._port, tls=self._tls, deadline=deadline)
            if connection.is_alive():
                connection.deadline = deadline
                return connection
            connection.close()


class EventSignatures:
    """Tells whether a post of the Event Webhook is SendGrid's, by any of the keys it shows.

    Raises ``ConfigError`` for what cannot be a key.
    """

    def __init__(self, public_keys: Sequence[str]) -> None:
        try:
            self._verifiers = [EventWebhook(public_key="".join(key.split())) for key in public_keys]
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigError(
                "feedback.sendgrid_keys: this is no verification key; copy it from SendGrid's settings of "
                "the Event Webhook (it begins with MFkw)"
            ) from error

    def are_genuine(self, body: bytes, *, signature: str | None, timestamp: str | None) -> bool:
        """Say whether a key of ours signed exactly these bytes at that time."""
        if not signature or not timestamp:
            return False
        try:
            payload = body.decode()
        except UnicodeDecodeError:
            return False
        return any(_agrees(verifier, payload, signature, timestamp) for verifier in self._verifiers)


def _agrees(verifier: EventWebhook, payload: str, signature: str, timestamp: str) -> bool:
    try:
        return bool(verifier.verify_signature(payload, signature, timestamp))
    except (ValueError, TypeError, AttributeError):
        return False  # the library raises for what is no signature at all


def _place(host: str) -> tuple[str, int, bool]:
    try:
        place = urlsplit(host)
        is_secure = place.scheme == "https"
        port = place.port or (443 if is_secure else 80)
    except ValueError:
        place, is_secure, port = None, False, 0
    if (
        not place
        or place.scheme not in ("http", "https")
        or not place.hostname
        or place.path not in ("", "/")
    ):
        raise ConfigError(f"transport.sendgrid.host must be a URL such as {HOST}")
    return place.hostname, port, is_secure
