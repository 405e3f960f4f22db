"""An SMTP server in a process of its own that waits before it takes a message, as a far away one does.

``python -m tests.bench.waiting_sink 0.05`` says on which port, takes messages on any number of
connections, and at the end of its standard input says how many came, to how many addresses, and when.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

DOT = b"\r\n.\r\n"


class Sink:
    """What all conversations share."""

    def __init__(self, wait_seconds: float) -> None:
        self.wait_seconds = wait_seconds
        self.messages = 0
        self.addresses: set[bytes] = set()
        self.first_at = self.last_at = 0.0

    def took(self, address: bytes) -> None:
        """Count a message."""
        self.last_at = time.monotonic()
        self.first_at = self.first_at or self.last_at
        self.messages += 1
        self.addresses.add(address)


class Conversation(asyncio.Protocol):
    """One connection; commands may come in a bunch (RFC 2920)."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._recipient = b""
        self._in_message = self._is_waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink.invalid ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while not self._is_waiting:
            end = self._buffer.find(DOT if self._in_message else b"\r\n")
            if end < 0:
                return
            if self._in_message:
                del self._buffer[: end + len(DOT)]
                self._in_message, self._is_waiting = False, True
                asyncio.get_running_loop().call_later(self._sink.wait_seconds, self._take)
                return
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            self._transport.write(self._answer(line))

    def _answer(self, line: bytes) -> bytes:
        match line[:4].upper():
            case b"EHLO":
                return b"250-sink.invalid\r\n250 PIPELINING\r\n"
            case b"RCPT":
                self._recipient = line
            case b"DATA":
                self._in_message = True
                return b"354 go on\r\n"
            case b"QUIT":
                return b"221 bye\r\n"
        return b"250 ok\r\n"

    def _take(self) -> None:
        self._sink.took(self._recipient)
        self._is_waiting = False
        self._transport.write(b"250 2.0.0 Ok: queued as W%d\r\n" % self._sink.messages)
        self._go_on()


async def main() -> None:
    """Serve until standard input ends."""
    sink = Sink(float(sys.argv[1]))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(sink), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    took = sink.last_at - sink.first_at
    counts = {"messages": sink.messages, "addresses": len(sink.addresses), "seconds": took}
    sys.stdout.write(json.dumps(counts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
