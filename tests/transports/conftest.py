"""Every transport over a real far side, and a stub whose traffic is held to Twilio's own schema."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.testing.smtp_sink import SmtpSink, Step
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.transports.base import Transport
from newsletter.transports.console import ConsoleTransport
from newsletter.transports.file import FileTransport
from newsletter.transports.memory import MemoryTransport
from newsletter.transports.sendgrid import SendGridTransport
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_connection import Server
from tests.transports.schema import check_exchange
from tests.transports.support import (
    LONG,
    NOW,
    Seen,
    seen_by_stub,
    seen_in_bytes,
    seen_in_memory,
    seen_on_screen,
)

KEY = "SG.stub-key.not-a-secret"
PASSWORD = "correct-horse-battery"


@dataclass
class Route:
    """A transport, what reached the readers through it, and how its far side refuses an address."""

    transport: Transport
    arrived: Callable[[], list[Seen]]
    refuse: Callable[[str], None] | None = None


@pytest.fixture
def stub() -> Iterator[StubSendGrid]:
    """A stub SendGrid; every exchange with it is checked against Twilio's schema afterwards."""
    with StubSendGrid(keys={KEY: ["mail.send"]}, domains=["news.example.com"], clock=lambda: NOW) as stub:
        yield stub
    for exchange in stub.exchanges:
        check_exchange(exchange)


@pytest.fixture
def sendgrid(stub: StubSendGrid) -> Iterator[SendGridTransport]:
    transport = SendGridTransport(KEY, host=stub.url, timeout=LONG, clock=lambda: NOW)
    yield transport
    transport.close()


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink(login=("daily", PASSWORD)) as sink:
        yield sink


@pytest.fixture
def smtp(sink: SmtpSink) -> Iterator[SmtpTransport]:
    server = Server(host=sink.host, port=sink.port, security="none", username="daily", password=PASSWORD)
    transport = SmtpTransport([server], timeout=LONG, clock=lambda: NOW)
    yield transport
    transport.close()


@pytest.fixture(params=["memory", "file", "console", "smtp", "sendgrid"])
def route(request: pytest.FixtureRequest, tmp_path: Path) -> Route:
    """Every transport in turn."""
    match request.param:
        case "smtp":
            sink: SmtpSink = request.getfixturevalue("sink")
            return Route(
                request.getfixturevalue("smtp"),
                lambda: [seen_in_bytes(one.content) for one in sink.messages],
                lambda address: sink.answer(address, Step.RCPT, "550 5.1.1 no such user"),
            )
        case "sendgrid":
            stub: StubSendGrid = request.getfixturevalue("stub")
            return Route(
                request.getfixturevalue("sendgrid"),
                lambda: [seen_by_stub(one) for one in stub.messages],
                stub.refused.add,
            )
        case "file":
            return Route(
                FileTransport(tmp_path / "outbox", lambda: NOW),
                lambda: [seen_in_bytes(path.read_bytes()) for path in sorted(tmp_path.rglob("*.eml"))],
            )
        case "console":
            stream = io.StringIO()
            return Route(ConsoleTransport(stream), lambda: seen_on_screen(stream.getvalue()))
        case _:
            memory = MemoryTransport()
            return Route(memory, lambda: [seen_in_memory(kept) for kept in memory.kept])
