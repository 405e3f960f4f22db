"""A kept HTTP connection with one deadline per request, which tells how far a failed request got.

Standard ``http.client`` with two things added. The time that is left is set before every step on
the socket, so a far side that drips a byte now and then cannot hold a request beyond its deadline.
And a failure says whether the whole request had left: before that nothing came of it, after it
nobody here can know.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message
from typing import Any

_IDLE = 10.0  # seconds after which a kept connection is not trusted again
_LONGEST_ANSWER = 1 << 20  # bytes
_FAILURES = (OSError, http.client.HTTPException, UnicodeError)


class NotSent(Exception):
    """The request has not wholly left this machine, so nothing came of it."""


class AnswerLost(Exception):
    """The request left and its answer did not arrive whole: what came of it is unknown here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the far side said."""

    status: int
    headers: Message  # looked up without regard to case
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON, or None: gateways answer in HTML."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Deadline:
    """A moment by which all must be over, however many steps it takes."""

    def __init__(self, timeout: timedelta) -> None:
        self._ends = time.monotonic() + timeout.total_seconds()

    def left(self) -> float:
        """Return the seconds left, or raise ``TimeoutError``."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the request has passed")
        return left


class Connection(http.client.HTTPConnection):
    """One connection, for one request at a time. ``deadline`` is the present request's."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None, deadline: Deadline) -> None:
        super().__init__(host, port)
        self.deadline = deadline
        self.is_reusable = False  # whether the last answer left the connection fit for another request
        self._tls = tls
        self._used_at = 0.0

    def connect(self) -> None:
        """Connect within the deadline, trying every address of the host."""
        sock = _dial(self.host, self.port, self.deadline)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                sock.settimeout(self.deadline.left())
                sock = self._tls.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise
        self.sock = _TimedSocket(sock, self)

    def exchange(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Send one request and read its answer, or raise ``NotSent`` or ``AnswerLost``."""
        self.is_reusable = False
        try:
            self.request(method, target, body=body, headers=headers)
        except _FAILURES as error:
            early = self._early_refusal()
            if early is None:
                raise NotSent(_words(error)) from error
            return early
        try:
            answer = self._answer()
        except _FAILURES as error:
            raise AnswerLost(_words(error)) from error
        self._used_at = time.monotonic()
        return answer

    def is_alive(self) -> bool:
        """Tell whether this idle connection may be used again.

        A request into a connection that the far side has closed meanwhile would end as
        ``AnswerLost``, although it would have been safe to ask in the first place.
        """
        fresh = time.monotonic() - self._used_at <= _IDLE
        return fresh and isinstance(self.sock, _TimedSocket) and self.sock.is_quiet()

    def _answer(self) -> Answer:
        response = self.getresponse()
        promised = response.length
        try:
            body = response.read(_LONGEST_ANSWER)
            if promised is not None and len(body) < min(promised, _LONGEST_ANSWER):
                raise http.client.IncompleteRead(body, promised - len(body))
        except _FAILURES:
            # A refusal is told by its status line; the words after it are only for people.
            if response.status < 400:
                raise
            body = b""
        # After a body it did not want, or a failure, a server may hang up without saying so.
        is_sound = response.status < 500 and response.status != 413
        self.is_reusable = is_sound and response.isclosed() and not response.will_close
        return Answer(status=response.status, headers=response.headers, body=body)

    def _early_refusal(self) -> Answer | None:
        """Return what a server said that hung up on a body it did not want (413, 401), or None.

        Only a refusal is believed: half a request cannot have been accepted.
        """
        if self.sock is None:
            return None
        try:
            answer = self._answer()
        except _FAILURES:
            return None
        self.is_reusable = False
        return answer if 400 <= answer.status < 500 else None


class _TimedSocket:
    """The part of a socket that http.client uses, with the time that is left before every step."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self._sock = sock
        self._connection = connection

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._sock.settimeout(self._connection.deadline.left())
            view = view[self._sock.send(view[:65536]) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._connection))

    def is_quiet(self) -> bool:
        """Tell whether nothing has arrived, not even the end."""
        try:
            self._sock.settimeout(0)
            self._sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        self._sock.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self._sock = sock
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._connection.deadline.left())
        return self._sock.recv_into(buffer)


def _dial(host: str, port: int, deadline: Deadline) -> socket.socket:
    failure: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(deadline.left())
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure or OSError("the host has no address")


def _words(error: BaseException) -> str:
    # Errors of these kinds hold neither a header nor a byte of the body that was sent.
    return f"{type(error).__name__}: {error}"[:300]
