"""Ways an HTTP request can go wrong, each told by what the wire does and what the server keeps.

A client sees only the wire. Whether the request was *kept* is what it must not guess: most of
these look the same from outside, kept or not.
"""

from __future__ import annotations

import json
import select
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        """Return the answer as SendGrid's front end would write it."""
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            "Server: nginx",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


def json_answer(status: int, document: Any, **headers: str) -> Answer:
    """Return an answer in JSON; ``X_Message_Id`` as a keyword becomes ``X-Message-Id``."""
    return Answer(
        status=status,
        body=json.dumps(document).encode(),
        content_type="application/json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def errors(status: int, *told: tuple[str | None, str], **headers: str) -> Answer:
    """Return a refusal in SendGrid's shape, from (field, message) pairs."""
    return json_answer(
        status, {"errors": [{"message": message, "field": name} for name, message in told]}, **headers
    )


def html(status: int, **headers: str) -> Answer:
    """Return what the gateway says when it answers by itself."""
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>nginx</body></html>"
    return Answer(status=status, body=page.encode(), content_type="text/html", headers=headers)


class Wire:
    """The server's end of one connection. ``is_over`` when it can carry no further request."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.is_over = False

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def hang_up(self) -> None:
        """End the connection in good order, so the client reads its end."""
        self.is_over = True
        self._sock.shutdown(socket.SHUT_RDWR)

    def linger(self) -> None:
        """Hear the client out after the last word, so that a reset does not overtake it."""
        self._sock.shutdown(socket.SHUT_WR)
        self.fall_silent()
        self.is_over = True

    def reset(self) -> None:
        """End the connection so that the client gets a reset."""
        self.is_over = True
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def stop_reading(self) -> None:
        """Read nothing more until the client goes away, so that what it sends fills every buffer."""
        poll = select.poll()
        # Linux tells of half a farewell too; elsewhere the connection's end must do.
        poll.register(self._sock, getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR)
        poll.poll()
        self.is_over = True

    def fall_silent(self, seconds: float | None = None) -> bool:
        """Say nothing until the client goes away or ``seconds`` are over; tell if it is still there."""
        self._sock.settimeout(seconds)
        try:
            while self._sock.recv(65536):
                pass
        except TimeoutError:
            return True
        except OSError:
            pass
        self.is_over = True
        return False


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to go wrong. ``act`` gets the wire and the answer a healthy server would give."""

    name: str
    is_kept: bool  # whether the request is carried out all the same
    act: Callable[[Wire, Answer], None]
    before_body: bool = False  # whether it happens before the body is read

    def kept(self) -> Fault:
        """Return the same sight, with the request carried out."""
        return replace(self, name=f"{self.name}, kept", is_kept=True)


def answers(answer: Answer) -> Fault:
    """Answer with ``answer``, and do nothing."""
    return Fault(name=f"{answer.status}", is_kept=False, act=lambda wire, _: wire.send(answer.wire()))


def rate_limited(**headers: str) -> Fault:
    """Answer 429, with such headers as ``Retry_After`` or ``X_RateLimit_Reset`` when given."""
    return answers(errors(429, (None, "too many requests"), **headers))


def drips(seconds: float) -> Fault:
    """Accept, then send the answer a byte at a time, ``seconds`` apart."""

    def act(wire: Wire, answer: Answer) -> None:
        for byte in answer.wire():
            wire.send(bytes([byte]))
            if not wire.fall_silent(seconds):
                return

    return Fault(name="drips", is_kept=True, act=act)


def slow(seconds: float) -> Fault:
    """Accept, and answer after ``seconds``."""

    def act(wire: Wire, answer: Answer) -> None:
        if wire.fall_silent(seconds):
            wire.send(answer.wire())

    return Fault(name="slow", is_kept=True, act=act)


def _reset(wire: Wire, _: Answer) -> None:
    wire.reset()


def _hang_up(wire: Wire, _: Answer) -> None:
    wire.hang_up()


def _fall_silent(wire: Wire, _: Answer) -> None:
    wire.fall_silent()


def _stop_reading(wire: Wire, _: Answer) -> None:
    wire.stop_reading()


def _sends_then_hangs_up(change: Callable[[Answer], bytes]) -> Callable[[Wire, Answer], None]:
    def act(wire: Wire, answer: Answer) -> None:
        wire.send(change(answer))
        wire.hang_up()

    return act


def _without_id(wire: Wire, answer: Answer) -> None:
    wire.send(replace(answer, headers={}).wire())


RESET_BEFORE_BODY = Fault(name="reset before body", is_kept=False, act=_reset, before_body=True)
NEVER_READS = Fault(name="never reads", is_kept=False, act=_stop_reading, before_body=True)
TIMEOUT_BEFORE_ACCEPT = Fault(name="timeout before accept", is_kept=False, act=_fall_silent)
TIMEOUT_AFTER_ACCEPT = Fault(name="timeout after accept", is_kept=True, act=_fall_silent)
RESET_AFTER_ACCEPT = Fault(name="reset after accept", is_kept=True, act=_reset)
CLOSE_AFTER_ACCEPT = Fault(name="close after accept", is_kept=True, act=_hang_up)
HALF_STATUS = Fault(
    name="half status", is_kept=True, act=_sends_then_hangs_up(lambda answer: answer.wire()[:16])
)
BAD_STATUS_LINE = Fault(
    name="bad status line", is_kept=True, act=_sends_then_hangs_up(lambda _: b"lo and behold\r\n\r\n")
)
HALF_BODY = Fault(
    name="half body",
    is_kept=True,
    act=_sends_then_hangs_up(lambda answer: replace(answer, body=b"half and half").wire()[:-7]),
)
WITHOUT_ID = Fault(name="202 without id", is_kept=True, act=_without_id)
OK_PAGE = answers(html(200))
REDIRECT = answers(Answer(status=302, headers={"Location": "/login"}))
UNAVAILABLE = answers(errors(503, (None, "Service Unavailable")))
GATEWAY_UNAVAILABLE = answers(html(503))
BROKEN = answers(errors(500, (None, "Internal Server Error")))
BAD_GATEWAY = answers(html(502))
GATEWAY_TIMEOUT = answers(html(504))
IDLE_CLOSE = Fault(
    name="answers, then closes without a word",
    is_kept=True,
    act=_sends_then_hangs_up(lambda answer: answer.wire()),
)
