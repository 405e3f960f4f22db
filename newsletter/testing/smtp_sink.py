"""A real SMTP server on 127.0.0.1 that keeps what it is given, and fails as it is told::

    with SmtpSink() as sink:
        sink.answer("r3@example.com", Step.RCPT, "550 5.1.1 no such user")
        sink.hang_up("r5@example.com", Step.DOT)
        ...
        assert sink.messages[0].content.startswith(b"From: ")

It is aiosmtpd with its own, faster way to read a message; aiosmtpd comes with the development
dependencies. Lines over 998 bytes are refused, as RFC 5321 allows and some servers do.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, syntax

_LONGEST_LINE = 998
_LONGEST_MESSAGE = 32 * 1024 * 1024
_DOT = b"\r\n.\r\n"
_ANGLED = re.compile(r"<([^<>\s\"\\]+@[^<>\s]+)>\s*(.*)")


class Step(StrEnum):
    """Where in the conversation about one message something goes wrong."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"  # the command, before any content
    CONTENT = "content"  # when content has begun to arrive, before the dot
    DOT = "dot"  # after all of it, and after the message was kept if it is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message as it arrived. ``content`` is without the final dot and without dot-stuffing."""

    sender: str
    recipient: str
    content: bytes
    queue_id: str
    connection: int  # the first connection is 1


@dataclass(slots=True)
class _Order:
    step: Step
    reply: str | None  # None: hang up
    is_kept: bool
    times: int | None  # None: for ever
    is_silent: bool = False


class SmtpSink:
    """Listens from ``__enter__`` to ``__exit__`` on a port of its own.

    ``tls`` offers STARTTLS, or speaks TLS from the first byte with ``is_wrapped``. ``login``
    requires a name and a password. With ``keeps_content=False`` a message's bytes are counted and
    dropped, for runs of ten thousand. ``has_pipelining`` and ``largest_message_bytes`` are what EHLO
    offers; a message that is larger is taken all the same.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        is_wrapped: bool = False,
        login: tuple[str, str] | None = None,
        keeps_content: bool = True,
        has_pipelining: bool = True,
        largest_message_bytes: int = _LONGEST_MESSAGE,
    ) -> None:
        self.messages: list[Received] = []
        self.bytes = 0  # of all messages
        self.connections = 0
        self.greeting: str | None = None  # said in the place of 220, and the connection is ended
        self._tls = tls
        self._is_wrapped = is_wrapped
        self._login = login
        self._keeps_content = keeps_content
        self._has_pipelining = has_pipelining
        self._largest_message_bytes = largest_message_bytes
        self._orders: dict[str, list[_Order]] = {}
        self._conversations: list[_Conversation] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self.host = "127.0.0.1"
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse_connections()
        self.end_connections()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def answer(self, address: str, step: Step, reply: str, *, times: int | None = None) -> None:
        """Give ``reply`` at ``step`` of messages to ``address``, and keep none that it refuses."""
        self._order(address, _Order(step, reply, is_kept=reply.startswith("2"), times=times))

    def hang_up(self, address: str, step: Step, *, is_kept: bool = True, times: int | None = None) -> None:
        """End the connection at ``step`` without a word; after the dot the message is kept, or not."""
        self._order(address, _Order(step, None, is_kept=is_kept, times=times))

    def fall_silent(
        self, address: str, step: Step, *, is_kept: bool = True, times: int | None = None
    ) -> None:
        """Answer nothing at ``step``, until the client goes away."""
        self._order(address, _Order(step, None, is_kept=is_kept, times=times, is_silent=True))

    def refuse_connections(self) -> None:
        """Close the port until ``listen``; conversations under way go on."""
        asyncio.run_coroutine_threadsafe(self._refuse(), self._loop).result(5)

    def listen(self) -> None:
        """Open the port, the same as before if there was one."""
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _listen(self) -> asyncio.Server:
        wrapped = self._tls if self._is_wrapped else None
        return await self._loop.create_server(self._conversation, self.host, self.port, ssl=wrapped)

    async def _refuse(self) -> None:
        if self._server:
            # asyncio loses the socket of a connection that it accepts while its server closes.
            for listening in self._server.sockets:
                self._loop.remove_reader(listening.fileno())
            await _accepted()
            self._server.close()
            self._server = None

    def end_connections(self) -> None:
        """End the connections there are, as a server does with idle ones."""
        asyncio.run_coroutine_threadsafe(self._end_conversations(), self._loop).result(5)

    async def _end_conversations(self) -> None:
        await _accepted()
        for conversation in self._conversations:
            conversation.abort()
        self._conversations.clear()
        tasks = _other_tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(3):  # what closing a transport still has to do
            await asyncio.sleep(0)

    def _conversation(self) -> SMTP:
        with self._lock:
            self.connections += 1
        options: dict[str, Any] = {"hostname": "sink.invalid", "ident": "sink", "loop": self._loop}
        if self._tls and not self._is_wrapped:
            options |= {"tls_context": self._tls, "require_starttls": True}
        if self._login:
            options |= {"authenticator": self._authenticate, "auth_required": True}
        conversation = _Conversation(self, self.connections, self._extensions(), **options)
        self._conversations.append(conversation)
        return conversation

    def _extensions(self) -> list[str]:
        size = [f"250-SIZE {self._largest_message_bytes}"]
        return [*size, "250-PIPELINING"] if self._has_pipelining else size

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        expected = LoginPassword(*(part.encode() for part in self._login or ()))
        return AuthResult(success=data == expected, handled=False)

    def _order(self, address: str, order: _Order) -> None:
        with self._lock:
            self._orders.setdefault(address, []).append(order)

    def order_for(self, address: str, step: Step) -> _Order | None:
        """Return what shall happen now, and count it as done."""
        with self._lock:
            for order in self._orders.get(address, []):
                if order.step is step and order.times != 0:
                    if order.times is not None:
                        order.times -= 1
                    return order
        return None

    def keep(self, sender: str, recipient: str, content: bytes, connection: int) -> str:
        """Keep one message and return its queue id."""
        with self._lock:
            queue_id = f"SINK{next(self._ids):06d}"
            self.bytes += len(content)
            self.messages.append(
                Received(
                    sender=sender,
                    recipient=recipient,
                    content=content if self._keeps_content else b"",
                    queue_id=queue_id,
                    connection=connection,
                )
            )
        return queue_id


def _other_tasks() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def _accepted() -> None:
    """Wait for the connections that are being accepted; they can be ended only when they are there."""
    accepting = [task for task in _other_tasks() if "accept" in repr(task.get_coro())]
    if accepting:
        await asyncio.wait(accepting, timeout=1)


class _Conversation(SMTP):
    # The reader's limit: a whole message is read at once, where aiosmtpd reads line by line.
    line_length_limit = _LONGEST_MESSAGE

    def __init__(self, sink: SmtpSink, number: int, extensions: list[str], **options: Any) -> None:
        super().__init__(_Greeter(extensions), **options)
        # A login in the clear is fine on loopback; as an argument aiosmtpd would warn of it.
        self._auth_require_tls = bool(options.get("require_starttls"))
        self._sink = sink
        self._number = number

    async def push(self, status: Any) -> None:
        if self._sink.greeting and isinstance(status, str) and status.startswith("220 sink.invalid"):
            await super().push(self._sink.greeting)
            self.hang_up()
            raise asyncio.CancelledError
        await super().push(status)

    @syntax("MAIL FROM: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd's name
        # The recipient is not known yet, so orders for MAIL go by the sender.
        address = self._getaddr(self._strip_command_keyword("FROM:", arg or "") or "")[0]
        if not await self._obeys(address or "", Step.MAIL):
            await super().smtp_MAIL(arg)

    @syntax("RCPT TO: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd's name
        address = self._getaddr(self._strip_command_keyword("TO:", arg or "") or "")[0]
        if not await self._obeys(address or "", Step.RCPT):
            await super().smtp_RCPT(arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802  # aiosmtpd's name
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if arg or not self.envelope or not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        recipient = self.envelope.rcpt_tos[0]
        if await self._obeys(recipient, Step.DATA):
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        if self._sink.order_for(recipient, Step.CONTENT):
            await self._reader.readexactly(1)
            self.hang_up()
            return
        content = (await self._reader.readuntil(_DOT))[: -len(_DOT) + 2]
        order = self._sink.order_for(recipient, Step.DOT)
        if max(map(len, content.split(b"\n"))) > _LONGEST_LINE + 1:
            await self.push("500 Line too long (see RFC5321 4.5.3.1.6)")
        elif content.count(b"\n") != content.count(b"\r\n"):
            await self.push("550 Lines end with CRLF (see RFC5321 2.3.8)")
        else:
            queue_id = ""
            if order is None or order.is_kept:
                plain = content.replace(b"\r\n..", b"\r\n.")
                sender = self.envelope.mail_from or ""
                queue_id = self._sink.keep(sender, recipient, plain, self._number)
            if order:
                await self._obey(order)
            else:
                await self.push(f"250 2.0.0 Ok: queued as {queue_id}")
        self._set_post_data_state()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # aiosmtpd's own takes the standard library's header parser, half a millisecond a time.
        plain = _ANGLED.fullmatch(arg)
        return (plain[1], plain[2]) if plain else super()._getaddr(arg)

    async def _obeys(self, address: str, step: Step) -> bool:
        order = self._sink.order_for(address, step)
        if order:
            await self._obey(order)
        return order is not None

    async def _obey(self, order: _Order) -> None:
        if order.is_silent:
            await self._reader.read()
        if order.reply is None:
            self.hang_up()
        else:
            await self.push(order.reply)
            if order.reply.startswith("421"):
                self.hang_up()

    def abort(self) -> None:
        """End the connection, whatever is still to be said."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    def hang_up(self) -> None:
        """End the connection without a word."""
        if self.transport:
            self.transport.close()


class _Greeter:
    """Answers EHLO with our extensions in the place of aiosmtpd's own SIZE."""

    def __init__(self, extensions: list[str]) -> None:
        self._extensions = extensions

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        others = [line for line in responses if not line.startswith("250-SIZE")]
        return [others[0], *self._extensions, *others[1:]]
