"""The SMTP transport: one message per copy, over one connection per call.

What the server has before the final dot it may not deliver (RFC 5321, 4.1.1.4), so a connection
lost before the dot hands nothing over, and one lost after it leaves exactly that copy in doubt.
The copies after it get a new connection.

A refusal of RCPT or of the message is about one copy. A refusal of MAIL, a missing login or a
denied relay would be the same for every reader: that is ``Misconfigured``, and nobody is refused.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from newsletter.clock import Clock, utc_now
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing, ValueRefused
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict, discreet, whole
from newsletter.transports.mime import Prepared

Security = Literal["starttls", "tls", "none"]

_LOST_IN_A_ROW = 2  # connections, after which the rest of a call waits
_LONGEST_WORDS = 500
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_QUEUE_ID = re.compile(r"queued as ([A-Za-z0-9_.,-]*[A-Za-z0-9])|\bid=([A-Za-z0-9-]+)", re.IGNORECASE)
_NO_RELAY = re.compile(r"relay\w* (?:access )?(?:is )?(?:denied|not|prohibited)|to relay\b", re.IGNORECASE)


class SmtpTransport:
    """Hands copies to one SMTP server. Threads may share it: every call connects for itself.

    ``security`` is ``starttls`` or ``tls``, both with the certificate checked, or ``none``, and a
    password is never sent in the clear to another machine. ``timeout`` is for each step of the
    conversation; a call that has taken ``longest_call`` starts no further copy, so that it ends
    before its lease does. ``context`` trusts other authorities than the system's.
    """

    name = "smtp"
    copies_per_call = 50  # so that a worker that dies leaves few in doubt
    streams = False

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: Security = "starttls",
        username: str = "",
        password: str = "",
        timeout: timedelta = timedelta(seconds=60),
        longest_call: timedelta = timedelta(seconds=60),
        clock: Clock = utc_now,
        context: ssl.SSLContext | None = None,
    ) -> None:
        if not (username.isascii() and password.isascii()):
            raise Misconfigured("transport.smtp.username and password must be ASCII")
        if username and security == "none" and host not in _LOCAL:
            raise Misconfigured("transport.smtp.security must be starttls or tls where there is a password")
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._timeout = timeout
        self._longest_call = longest_call
        self._clock = clock
        self._context = context or ssl.create_default_context()

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Yield one outcome per copy; the provider's name for a copy is the server's queue id.

        Raises ``Unavailable`` or ``Misconfigured`` when there is no connection or no session.
        """
        given = whole(copies)
        prepared = Prepared(mailing)
        sender = mailing.sender.address
        client: smtplib.SMTP | None = None
        lost_in_a_row = 0
        started = time.monotonic()
        try:
            for number, copy in enumerate(given):
                try:
                    message = prepared.message(copy, self._clock())
                except ValueRefused as error:
                    yield Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=str(error))
                    continue
                if lost_in_a_row == _LOST_IN_A_ROW:
                    raise Unavailable(f"{self._host} hangs up on one copy after the other")
                if number and time.monotonic() - started >= self._longest_call.total_seconds():
                    raise Unavailable(f"{self._host} is slow: it took {number} of {len(given)} copies")
                client = client or self._connect(hello=sender.rpartition("@")[2])
                reply = _hand_over(client, sender, copy.address, message)
                lost_in_a_row = lost_in_a_row + 1 if reply.is_last else 0
                if reply.is_last:
                    client.close()
                    client = None
                yield Outcome(
                    ref=copy.ref,
                    verdict=reply.verdict,
                    provider_id=reply.queue_id,
                    reply=reply.words,
                )
        finally:
            if client:
                _quit(client)

    def close(self) -> None:
        """Nothing is kept between calls."""

    def _connect(self, *, hello: str) -> smtplib.SMTP:
        """Return a greeted, secured and logged-in connection, or raise ``TransportError``."""
        where = f"{self._host}:{self._port}"
        client: smtplib.SMTP | None = None
        try:
            seconds = self._timeout.total_seconds()
            if self._security == "tls":
                client = smtplib.SMTP_SSL(
                    self._host, self._port, local_hostname=hello, timeout=seconds, context=self._context
                )
            else:
                client = smtplib.SMTP(self._host, self._port, local_hostname=hello, timeout=seconds)
            # The final dot is a small packet of its own, which must not wait for the one before.
            _socket(client).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._security == "starttls":
                client.starttls(context=self._context)
            client.ehlo_or_helo_if_needed()
            if self._username:
                self._log_in(client)
        except (OSError, smtplib.SMTPException) as error:
            if client:
                client.close()
            if isinstance(error, ssl.SSLCertVerificationError):
                raise Misconfigured(
                    f"the certificate of {where} is not good: {error.verify_message}"
                ) from error
            if isinstance(error, smtplib.SMTPNotSupportedError):
                raise Misconfigured(f"{where}: {error} (see transport.smtp)") from error
            if isinstance(error, smtplib.SMTPResponseException):
                words = discreet(_words(error.smtp_code, error.smtp_error))
                if error.smtp_code == 530 or (
                    isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500
                ):
                    raise Misconfigured(f"{where} refuses transport.smtp.username: {words}") from error
                raise Unavailable(f"{where} answers {words}") from error
            raise Unavailable(f"{where} was not reached: {type(error).__name__}: {error}"[:300]) from error
        return client

    def _log_in(self, client: smtplib.SMTP) -> None:
        # smtplib's own login tries one mechanism after the other; some servers hang up on the
        # second try, and the reason is lost.
        offered = client.esmtp_features.get("auth", "").upper().split()
        client.user, client.password = self._username, self._password
        for mechanism, answer in (
            ("PLAIN", client.auth_plain),
            ("LOGIN", client.auth_login),
            ("CRAM-MD5", client.auth_cram_md5),
        ):
            if mechanism in offered:
                client.auth(mechanism, answer)
                return
        raise smtplib.SMTPNotSupportedError("the server offers no way to log in that is known here")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What became of one message."""

    verdict: Verdict
    words: str
    queue_id: str | None = None
    is_last: bool = False  # the connection is of no more use


def _hand_over(client: smtplib.SMTP, sender: str, address: str, message: bytes) -> _Reply:
    """Hand one message over, or raise ``Misconfigured`` when the server wants none of ours."""
    try:
        for step, expected, ask in (
            ("MAIL", (250,), lambda: client.mail(sender)),
            ("RCPT", (250, 251), lambda: client.rcpt(address)),
            ("DATA", (354,), lambda: client.docmd("DATA")),
        ):
            code, said = ask()
            if code not in expected:
                return _not_taken(client, step, code, _words(code, said))
        _send_before_dot(client, message)
        _socket(client).sendall(b".\r\n")
    except (OSError, smtplib.SMTPException) as error:
        words = f"the connection was lost before the message was handed over: {error}"
        return _Reply(verdict=Verdict.DEFERRED, words=words[:_LONGEST_WORDS], is_last=True)
    try:
        code, said = client.getreply()
    except (OSError, smtplib.SMTPException) as error:
        words = f"the connection was lost before the server answered: {error}"
        return _Reply(verdict=Verdict.IN_DOUBT, words=words[:_LONGEST_WORDS], is_last=True)
    words = _words(code, said)
    if 200 <= code < 300:
        found = _QUEUE_ID.search(words)
        return _Reply(
            verdict=Verdict.ACCEPTED, words=words, queue_id=(found[1] or found[2]) if found else None
        )
    if 400 <= code < 600:
        return _Reply(
            verdict=Verdict.DEFERRED if code < 500 else Verdict.REFUSED, words=words, is_last=code == 421
        )
    return _Reply(verdict=Verdict.IN_DOUBT, words=f"not an answer: {words}", is_last=True)


def _not_taken(client: smtplib.SMTP, step: str, code: int, words: str) -> _Reply:
    """Return the reply for a message that was turned away before its content, and start anew."""
    if code in (530, 535) or (step == "MAIL" and 500 <= code < 600):
        raise Misconfigured(f"the SMTP server refuses this sender or login: {discreet(words)}")
    if 500 <= code < 600 and _NO_RELAY.search(words):
        raise Misconfigured(
            "the SMTP server does not relay for us: set transport.smtp.username, or its rules"
        )
    is_last = code == 421 or not 400 <= code < 600
    if not is_last:
        try:
            is_last = client.rset()[0] != 250
        except (OSError, smtplib.SMTPException):
            is_last = True
    verdict = Verdict.REFUSED if 500 <= code < 600 else Verdict.DEFERRED
    return _Reply(verdict=verdict, words=words, is_last=is_last)


def _send_before_dot(client: smtplib.SMTP, message: bytes) -> None:
    """Send all of a message but the dot, and raise ``OSError`` when the server has hung up."""
    if b"\n." in message:
        message = message.replace(b"\n.", b"\n..")
    sock = _socket(client)
    sock.sendall(message)
    # A server has nothing to say before the dot. If it did, or if the connection has ended, the
    # dot must not go out: without it nothing was handed over.
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        said = sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        sock.settimeout(timeout)
        return
    raise ConnectionAbortedError("the server spoke too early" if said else "the server hung up")


def _quit(client: smtplib.SMTP) -> None:
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        client.close()


def _socket(client: smtplib.SMTP) -> socket.socket:
    if client.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is closed")
    return client.sock


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"[:_LONGEST_WORDS]
