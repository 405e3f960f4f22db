"""A small HTTP/1.1 server on 127.0.0.1, one thread per connection, that can misbehave on the wire."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol, cast

from newsletter.testing.faults import Answer, Fault, Wire


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it arrived; ``body`` is empty when it was not read."""

    method: str
    path: str
    headers: Message  # looked up without regard to case
    body: bytes


class Service(Protocol):
    """What answers the requests. Called from many threads."""

    longest_body: int  # bytes; a longer one is refused before it is read

    def fault_for(self, method: str, path: str) -> Fault | None:
        """Return what shall go wrong with this request, if anything."""
        ...

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """Return the answer of a healthy server, having carried out what it says.

        When the fault does not keep the request, nothing may be carried out.
        """
        ...


class Loopback:
    """Serves ``service`` on a port of its own, from ``open`` to ``close``; may be opened again."""

    def __init__(self, service: Service, *, tls: ssl.SSLContext | None = None) -> None:
        self.service = service
        self.tls = tls
        self._server: _Server | None = None
        self._port = 0
        self.connections = 0  # so far

    @property
    def url(self) -> str:
        """Where the server is, or was before it closed."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def end_connections(self) -> None:
        """End the connections there are, as a server does with idle ones."""
        if self._server:
            self._server.end_connections()

    def close(self) -> None:
        """Refuse new connections and end those there are."""
        if self._server:
            self._server.shutdown()
            self._server.end_connections()
            self._server.server_close()
            self._server = None


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    # Not daemons, so that server_close waits for them and no thread outlives a test.
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], loopback: Loopback) -> None:
        self.loopback = loopback
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        with self._lock:
            self._open.add(sock)
            self.loopback.connections += 1
        return sock, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        tls = self.loopback.tls
        if not tls:
            super().finish_request(request, client_address)
            return
        with tls.wrap_socket(request, server_side=True) as wrapped:
            with self._lock:
                self._open.add(wrapped)
            super().finish_request(wrapped, client_address)
            with self._lock:
                self._open.discard(wrapped)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        with self._lock:
            for sock in self._open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients of a server that misbehaves go away in every possible way."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Read one request, and answer it or do what the fault says."""
        self.raw_requestline = self.rfile.readline(65537)
        is_request = bool(self.raw_requestline) and self.parse_request()
        self.close_connection = True
        if not is_request:
            return
        service = cast(_Server, self.server).loopback.service
        wire = Wire(self.connection)
        fault = service.fault_for(self.command, self.path)
        length = int(self.headers.get("Content-Length", 0))
        if fault and fault.before_body:
            fault.act(wire, Answer(status=202))
            return
        # A front end refuses a large body by its announced length, before reading any of it.
        is_too_long = length > service.longest_body
        body = b"" if is_too_long else self.rfile.read(length)
        if not is_too_long and len(body) < length:
            return  # the client hung up in the middle
        request = Request(method=self.command, path=self.path, headers=self.headers, body=body)
        answer = service.answer(request, fault)
        if fault:
            fault.act(wire, answer)
        else:
            wire.send(answer.wire())
        if is_too_long:
            wire.linger()
        self.close_connection = wire.is_over or self._asks_to_close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """Say nothing: what clients send is in the exchanges."""

    def _asks_to_close(self) -> bool:
        return self.headers.get("Connection", "").lower() == "close"
