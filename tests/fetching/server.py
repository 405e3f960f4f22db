"""A server on loopback that says, byte for byte, what a test tells it to."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, cast

Script = Callable[[str], Iterable[bytes]]  # from a request's first line to what goes over the wire


class Server:
    """Listens while the ``with`` lasts, and keeps every request as it arrived."""

    def __init__(
        self, script: Script | bytes, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.script: Script = script if callable(script) else lambda _: [script]
        self.requests: list[str] = []
        self.connections = 0
        self.tls = tls
        self.over = threading.Event()  # set when the test is done: whoever dallies may stop
        self._server = _Listener((host, 0), self)
        self._server.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], server: Server) -> None:
        self.server = server
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients go away in the middle, and should."""


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Read one request and follow the script."""
        ours = cast(_Listener, self.server).server
        ours.connections += 1
        sock = self.request
        if ours.tls:
            sock = ours.tls.wrap_socket(sock, server_side=True)
        with sock:
            sock.settimeout(5)
            data = b""
            while b"\r\n\r\n" not in data:
                piece = sock.recv(65536)
                if not piece:
                    return
                data += piece
            head, _, body = data.partition(b"\r\n\r\n")
            text = head.decode()
            length = next(
                (int(line[15:]) for line in text.split("\r\n") if line.startswith("Content-Length:")), 0
            )
            while len(body) < length:
                body += sock.recv(65536)
            ours.requests.append(f"{text}\r\n\r\n{body.decode()}")
            for piece in ours.script(text.split(" ")[1]):
                sock.sendall(piece)
            if ours.tls:
                sock.unwrap()


def answer(body: bytes = b"hello", status: str = "200 OK", **headers: str) -> bytes:
    """Return a proper answer; ``Content_Type`` as a keyword becomes ``Content-Type``."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(to: str, status: str = "302 Found") -> bytes:
    """Return a redirect."""
    return answer(b"", status, Location=to)
