"""The connections of one process: kept between calls, shared by its threads, within each server's limit.

A server that failed rests, 30 seconds first and 5 minutes at most, while another can do its work;
where there is none it is asked again at once, because whoever calls us waits between calls.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from newsletter.transports.base import Misconfigured, TransportError, Unavailable
from newsletter.transports.smtp_connection import Connection, Server, connect

# Servers close a connection that says nothing for some minutes, and some firewalls do so silently.
_LONGEST_IDLE = timedelta(seconds=60)
_FIRST_REST = timedelta(seconds=30)
_LONGEST_REST = timedelta(minutes=5)


@dataclass(slots=True, eq=False)
class _Host:
    """A server, and what we have of it."""

    server: Server
    connections: int = 0  # in use, idle or being opened
    idle: list[Connection] = field(default_factory=list)
    failures: int = 0  # in a row
    rests_until: float = 0.0  # monotonic

    @property
    def has_room(self) -> bool:
        return bool(self.idle) or self.connections < self.server.connections

    @property
    def load(self) -> float:
        """How much of its share is in use, with one connection more."""
        used = self.connections - len(self.idle) + 1
        return used / (self.server.weight or 1)


class Pool:
    """Lends connections. Every method may be called from any thread."""

    def __init__(self, servers: Sequence[Server], *, timeout: timedelta, context: ssl.SSLContext) -> None:
        self._hosts = [_Host(server) for server in servers]
        self._timeout = timeout
        self._context = context
        self._lock = threading.Lock()
        self._calls = 0
        self._is_closed = False

    def begin_call(self) -> None:
        """Count a call among those that share the connections."""
        with self._lock:
            self._calls += 1
            self._is_closed = False

    def end_call(self) -> None:
        """Take a call from the count."""
        with self._lock:
            self._calls -= 1

    @property
    def share(self) -> int:
        """How many connections one call may have while all that are under way want some."""
        return max(1, sum(host.server.connections for host in self._hosts) // max(1, self._calls))

    def take(self, *, avoid: Collection[Server]) -> Connection | Server | None:
        """Return an idle connection, or the server to ``dial``, or None when there is no room now.

        Raises ``LookupError`` when every server is to be avoided.
        """
        with self._lock:
            while True:
                host = self._choose(avoid)
                if host is None:
                    return None
                if not host.idle:
                    host.connections += 1
                    return host.server
                connection = host.idle.pop()
                is_fresh = time.monotonic() - connection.idle_since < _LONGEST_IDLE.total_seconds()
                if is_fresh and connection.is_alive:
                    return connection
                connection.sock.close()
                host.connections -= 1

    def _choose(self, avoid: Collection[Server]) -> _Host | None:
        left = [host for host in self._hosts if host.server not in avoid]
        if not left:
            raise LookupError("no server is left")
        now = time.monotonic()
        rested = [host for host in left if host.rests_until <= now]
        if not rested:
            soonest = min(left, key=lambda host: host.rests_until)
            return soonest if soonest.has_room else None
        weighted = [host for host in rested if host.server.weight] or rested
        with_room = [host for host in weighted if host.has_room]
        return min(with_room, key=lambda host: host.load) if with_room else None

    def dial(self, server: Server, *, hello: str, done: Callable[[TransportError | None], None]) -> None:
        """Open a connection in the background; it is then idle here. ``done`` is told, mostly from there."""

        def run() -> None:
            try:
                connection = connect(server, hello=hello, timeout=self._timeout, context=self._context)
            except TransportError as error:
                self.failed(server)
                self._forget(server)
                done(error)
            except Exception as error:  # noqa: BLE001 - told, not swallowed
                # Whatever it was, the call that waits must hear of it. What it says may quote a login.
                self._forget(server)
                what = f"{server.where} cannot be reached as transport.smtp describes it"
                done(Misconfigured(f"{what} ({type(error).__name__})"))
            else:
                self.give_back(connection, is_reused=False)
                done(None)

        try:
            threading.Thread(target=run, name=f"smtp-dial-{server.host}", daemon=True).start()
        except RuntimeError as error:
            self._forget(server)
            done(Unavailable(f"{server.where} was not asked: {error}"))

    def give_back(self, connection: Connection, *, is_reused: bool = True) -> None:
        """Keep a connection on which nothing is under way, unless we were closed meanwhile."""
        connection.idle_since = time.monotonic()
        connection.is_reused = is_reused
        with self._lock:
            host = self._host(connection.server)
            if not self._is_closed:
                host.idle.append(connection)
                return
            host.connections -= 1
        connection.quit()

    def drop(self, connection: Connection) -> None:
        """Close a connection that is of no more use."""
        connection.sock.close()
        self._forget(connection.server)

    def failed(self, server: Server) -> None:
        """Let a server rest: longer each time, until it has taken a message again."""
        with self._lock:
            host = self._host(server)
            rest = min(_FIRST_REST * 2**host.failures, _LONGEST_REST)
            host.rests_until = time.monotonic() + rest.total_seconds()
            host.failures = min(host.failures + 1, 10)

    def served(self, server: Server) -> None:
        """Remember that a server has taken a message."""
        host = self._host(server)
        if host.failures:
            host.failures, host.rests_until = 0, 0.0

    def close(self) -> None:
        """Take leave on all idle connections."""
        with self._lock:
            self._is_closed = True
            idle = [connection for host in self._hosts for connection in host.idle]
            for host in self._hosts:
                host.connections -= len(host.idle)
                host.idle.clear()
        for connection in idle:
            connection.quit()

    def _forget(self, server: Server) -> None:
        with self._lock:
            self._host(server).connections -= 1

    def _host(self, server: Server) -> _Host:
        return next(host for host in self._hosts if host.server is server)
