"""A connection to an address that was checked, and reading from it under one deadline and one allowance.

A name is resolved once and connected to by number, so that nothing can change between the check and the
use; the far end of the socket is checked once more.
"""

from __future__ import annotations

import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from newsletter.fetching.errors import FetchFailed, FetchRefused, Reason
from newsletter.fetching.networks import Network, may_connect
from newsletter.fetching.target import Target

Resolver = Callable[[str], Sequence[str]]  # a host name to IP addresses; raises socket.gaierror

MOST_ADDRESSES = 4  # of one name, tried one after the other
# EAI_NODATA: the name exists and has no address. Not everywhere a constant of its own.
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


def resolve(host: str) -> Sequence[str]:
    """Ask the system where a name leads."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment by which a whole fetch must have ended, redirects and all."""

    at: float  # of time.monotonic

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Return the seconds that are left, or raise ``TimeoutError``."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Line(io.RawIOBase):
    """An open connection. ``http.client`` reads from it as from a socket."""

    def __init__(self, sock: socket.socket, deadline: Deadline, *, allowance: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self.allowance = allowance  # bytes that may still arrive

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the reading end; only for ``http.client``, which asks for "rb"."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Say yes: the reading end is this."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub says Buffer
        """Read what there is, until the deadline."""
        # However slowly the far side drips, every read has only what is left of the whole.
        self._sock.settimeout(self._deadline.left())
        count = self._sock.recv_into(buffer)
        self.allowance -= count
        if self.allowance < 0:
            raise FetchRefused("the answer is larger than fetching.max_bytes, or its headers are too large")
        return count

    def send_all(self, data: bytes) -> None:
        """Write everything, until the deadline."""
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(self._deadline.left())
            rest = rest[self._sock.send(rest) :]

    def hang_up(self) -> None:
        """Let the connection go."""
        self._sock.close()


@dataclass(frozen=True, kw_only=True)
class Dialler:
    """Opens connections to allowed addresses."""

    allow: tuple[Network, ...]
    resolve: Resolver
    tls: ssl.SSLContext | None  # None: the system's certificates

    def dial(self, target: Target, deadline: Deadline, *, allowance: int) -> Line:
        """Connect to where ``target`` leads. Raise ``FetchRefused`` or ``FetchFailed``."""
        addresses = [one for one in self._addresses(target, deadline) if may_connect(one, self.allow)]
        if not addresses:
            raise FetchRefused(
                f"{target.origin} leads to an address that is not on the public internet; "
                "if it is yours, add its network to fetching.allow"
            )
        sock = self._connect(target, _mixed(addresses)[:MOST_ADDRESSES], deadline)
        try:
            if target.scheme == "https":
                sock = self._encrypt(sock, target, deadline)
        except BaseException:
            sock.close()
            raise
        return Line(sock, deadline, allowance=allowance)

    def _addresses(self, target: Target, deadline: Deadline) -> Sequence[str]:
        try:
            return [str(ip_address(target.host))]
        except ValueError:
            pass
        answers: queue.SimpleQueue[Sequence[str] | OSError | UnicodeError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.resolve(target.host))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        # The system's resolver knows no deadline. A daemon: a slow one must not keep the process from ending.
        threading.Thread(target=ask, daemon=True, name="resolve").start()
        try:
            answer = answers.get(timeout=deadline.left())
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(answer, Exception):
            missing = isinstance(answer, socket.gaierror) and answer.errno in _NO_SUCH_NAME
            raise FetchFailed(
                f"there is no host {target.host}" if missing else f"the DNS did not find {target.host}",
                reason=Reason.NO_SUCH_NAME if missing else Reason.NAME_UNKNOWN,
            ) from answer
        return answer

    def _connect(self, target: Target, addresses: Sequence[str], deadline: Deadline) -> socket.socket:
        last: OSError | None = None
        for tried, address in enumerate(addresses):
            # One that swallows everything must not use up the time of the others.
            patience = deadline.left() / (len(addresses) - tried)
            try:
                sock = socket.create_connection((address, target.port), timeout=patience)
            except OSError as error:
                last = error
                continue
            try:
                peer = str(sock.getpeername()[0])
            except OSError as error:  # gone again already
                sock.close()
                last = error
                continue
            if not may_connect(peer, self.allow):
                sock.close()
                raise FetchRefused(f"{target.origin} was reached at an address that is not allowed")
            return sock
        if isinstance(last, TimeoutError):
            raise last
        reason = last.strerror if last and last.strerror else "no answer"
        raise FetchFailed(
            f"{target.origin} cannot be reached ({reason})", reason=Reason.UNREACHABLE
        ) from last

    def _encrypt(self, sock: socket.socket, target: Target, deadline: Deadline) -> socket.socket:
        context = self.tls or ssl.create_default_context()
        sock.settimeout(deadline.left())  # of the whole handshake
        # A body that only the end of the connection ends is cut off if TLS was not closed in good order.
        return context.wrap_socket(sock, server_hostname=target.host, suppress_ragged_eofs=False)


def _mixed(addresses: Sequence[str]) -> list[str]:
    """Put the first address of the other family second: often only one of the two really works."""
    first, *others = addresses
    others.sort(key=lambda one: (":" in one) == (":" in first))
    return [first, *others]
