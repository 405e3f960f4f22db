"""A connection to an SMTP server, greeted, secured and logged in; after that its socket does not block.

smtplib opens it, with its checks of certificates and its AUTH; the conversation about messages is
ours, see ``smtp_conversation``.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from newsletter.transports.base import Misconfigured, Unavailable, discreet

Security = Literal["starttls", "tls", "none"]

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
# A whole message goes to the kernel at once; and it still does its own tuning above that.
_SEND_BUFFER_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server: how to reach it, and its share of the mail.

    ``security`` is ``starttls`` or ``tls``, both with the certificate checked, or ``none``, and a
    password is never sent in the clear to another machine.
    """

    host: str
    port: int = 587
    security: Security = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    connections: int = 8  # at once
    weight: int = 1  # its share; 0: only when the others are away

    def __post_init__(self) -> None:
        if not (self.username.isascii() and self.password.isascii()):
            raise Misconfigured("transport.smtp.username and password must be ASCII")
        if self.username and self.security == "none" and self.host not in _LOCAL:
            raise Misconfigured("transport.smtp.security must be starttls or tls where there is a password")

    @property
    def where(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    """An open connection. It belongs to one thread, or to the pool."""

    server: Server
    sock: socket.socket
    has_pipelining: bool
    has_size: bool
    largest_message_bytes: int  # 0: not told
    messages: int = 0  # begun on it so far
    idle_since: float = 0.0  # monotonic
    is_reused: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether the server has neither hung up nor said anything since the last reply."""
        try:
            said = self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        del said  # its end, or a goodbye
        return False

    def quit(self) -> None:
        """Take leave and close, without waiting for an answer."""
        with contextlib.suppress(OSError):
            self.sock.send(b"QUIT\r\n")
        self.sock.close()


def connect(server: Server, *, hello: str, timeout: timedelta, context: ssl.SSLContext) -> Connection:
    """Return an open connection, or raise ``Unavailable`` or ``Misconfigured``."""
    client: smtplib.SMTP | None = None
    try:
        seconds = timeout.total_seconds()
        if server.security == "tls":
            client = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=hello, timeout=seconds, context=context
            )
        else:
            client = smtplib.SMTP(server.host, server.port, local_hostname=hello, timeout=seconds)
        if server.security == "starttls":
            client.starttls(context=context)
        client.ehlo_or_helo_if_needed()
        if server.username:
            _log_in(client, server)
        return _opened(client, server)
    except (OSError, smtplib.SMTPException) as error:
        if client:
            client.close()
        raise _translated(error, server.where) from error


def _opened(client: smtplib.SMTP, server: Server) -> Connection:
    sock = client.sock
    if sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is closed")
    if client.file:
        client.file.close()
    client.file = client.sock = None
    sock.setblocking(False)
    # A command is a small packet of its own, which must not wait for the one before.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    size = client.esmtp_features.get("size", "").strip()
    return Connection(
        server=server,
        sock=sock,
        has_pipelining="pipelining" in client.esmtp_features,
        has_size="size" in client.esmtp_features,
        largest_message_bytes=int(size) if size.isdecimal() else 0,
    )


def _log_in(client: smtplib.SMTP, server: Server) -> None:
    # smtplib's own login tries one mechanism after the other; some servers hang up on the
    # second try, and the reason is lost.
    offered = client.esmtp_features.get("auth", "").upper().split()
    client.user, client.password = server.username, server.password
    for mechanism, answer in (
        ("PLAIN", client.auth_plain),
        ("LOGIN", client.auth_login),
        ("CRAM-MD5", client.auth_cram_md5),
    ):
        if mechanism in offered:
            client.auth(mechanism, answer)
            return
    raise smtplib.SMTPNotSupportedError("the server offers no way to log in that is known here")


def _translated(error: Exception, where: str) -> Unavailable | Misconfigured:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Misconfigured(f"the certificate of {where} is not good: {error.verify_message}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Misconfigured(f"{where}: {error} (see transport.smtp)")
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        words = discreet(f"{error.smtp_code} {' '.join(text.split())}"[:500])
        if error.smtp_code == 530 or (
            isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500
        ):
            return Misconfigured(f"{where} refuses transport.smtp.username: {words}")
        return Unavailable(f"{where} answers {words}")
    return Unavailable(f"{where} was not reached: {type(error).__name__}: {error}"[:300])
