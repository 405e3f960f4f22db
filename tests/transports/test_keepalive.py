"""The kept connection: one deadline for all of a request, and how far it got when it failed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest

from newsletter.testing import faults
from newsletter.testing.certificate import loopback_tls
from newsletter.testing.stub_sendgrid import StubSendGrid
from newsletter.transports.base import Unavailable, Verdict
from newsletter.transports.keepalive import Answer, AnswerLost, Connection, Deadline, NotSent
from newsletter.transports.sendgrid import SendGridTransport
from tests.transports.support import LONG, SHORT, a_mailing, copies

LARGE = b"x" * 20_000_000  # more than any buffer on the way holds


@contextmanager
def server(talk: Callable[[socket.socket], object]) -> Iterator[int]:
    """Serve one connection with ``talk`` and yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                talk(sock)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def ask(port: int, *, body: bytes = b"{}", timeout: timedelta = LONG) -> Answer:
    with closing(Connection("127.0.0.1", port, tls=None, deadline=Deadline(timeout))) as connection:
        return connection.exchange("POST", "/", body, {})


def until_it_ends(sock: socket.socket) -> None:
    while sock.recv(65536):
        pass


def test_a_server_that_never_answers_loses_the_answer() -> None:
    with server(until_it_ends) as port, pytest.raises(AnswerLost, match="Timeout"):
        ask(port, timeout=SHORT)


def test_a_server_that_never_reads_was_not_sent_to() -> None:
    done = threading.Event()

    with server(lambda _: done.wait(5)) as port:
        started = time.monotonic()
        with pytest.raises(NotSent, match="Timeout"):
            ask(port, body=LARGE, timeout=SHORT)
        done.set()

    assert time.monotonic() - started < 5


def test_a_server_that_hangs_up_on_the_body_was_not_sent_to() -> None:
    with server(lambda sock: sock.recv(1)) as port, pytest.raises(NotSent):
        ask(port, body=LARGE)


def test_an_early_refusal_is_heard() -> None:
    # As a gateway does with a body it will not take: it answers, and hangs up on the rest.
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"

    with server(lambda sock: (sock.recv(1), sock.sendall(refusal))) as port:
        answer = ask(port, body=LARGE)

    assert (answer.status, answer.body) == (413, b"big")


def test_an_early_success_is_not_believed() -> None:
    success = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 0\r\n\r\n"

    with server(lambda sock: (sock.recv(1), sock.sendall(success))) as port, pytest.raises(NotSent):
        ask(port, body=LARGE)


def test_a_refusal_counts_although_its_words_are_cut_off() -> None:
    half = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 900\r\n\r\n{"

    with server(lambda sock: (sock.recv(65536), sock.sendall(half))) as port:
        assert ask(port).status == 400


def test_nobody_there_was_not_sent_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(NotSent, match="refused"):
        ask(port)


def test_a_server_that_does_not_shake_hands_was_not_sent_to() -> None:
    with server(until_it_ends) as port:
        connection = Connection("127.0.0.1", port, tls=loopback_tls().client, deadline=Deadline(SHORT))
        with closing(connection), pytest.raises(NotSent, match="timed out"):
            connection.exchange("POST", "/", b"{}", {})


# --- over TLS, as in earnest ---------------------------------------------------


@pytest.fixture
def stub() -> Iterator[StubSendGrid]:
    with StubSendGrid(tls=loopback_tls().server) as stub:
        yield stub


def transport_to(stub: StubSendGrid, *, timeout: timedelta = LONG) -> SendGridTransport:
    return SendGridTransport(stub.key, host=stub.url, timeout=timeout, context=loopback_tls().client)


def test_a_tls_connection_is_kept(stub: StubSendGrid) -> None:
    with closing(transport_to(stub)) as transport:
        for number in range(4):
            outcomes = list(transport.send(a_mailing(), copies(300), call_id=f"c{number}"))
            assert {one.verdict for one in outcomes} == {Verdict.ACCEPTED}

    assert stub.connections == 1
    assert len(stub.messages) == 1200


def test_a_tls_connection_that_was_closed_meanwhile_is_not_used(stub: StubSendGrid) -> None:
    with closing(transport_to(stub)) as transport:
        for number in range(2):
            outcomes = list(transport.send(a_mailing(), copies(2), call_id=f"c{number}"))
            assert {one.verdict for one in outcomes} == {Verdict.ACCEPTED}
            stub.end_connections()

    assert stub.connections == 2


@pytest.mark.parametrize(
    "fault", [faults.drips(0.02), faults.TIMEOUT_AFTER_ACCEPT, faults.RESET_AFTER_ACCEPT, faults.HALF_STATUS]
)
def test_a_lost_answer_over_tls_is_in_doubt(stub: StubSendGrid, fault: faults.Fault) -> None:
    stub.script(fault)

    with closing(transport_to(stub, timeout=timedelta(seconds=1))) as transport:
        outcomes = list(transport.send(a_mailing(), copies(2), call_id="c1"))

    assert {one.verdict for one in outcomes} == {Verdict.IN_DOUBT}


def test_a_certificate_that_nobody_vouches_for_is_refused(stub: StubSendGrid) -> None:
    transport = SendGridTransport(stub.key, host=stub.url)

    with closing(transport), pytest.raises(Unavailable, match="certificate"):
        list(transport.send(a_mailing(), copies(2), call_id="c1"))

    assert stub.messages == []
