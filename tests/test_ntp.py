"""Asking a time server: what is believed, and how long it may take. The server is a small real one."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from newsletter.ntp import NoTime, offset
from tests.support import SEVEN, HandClock

HOUR = timedelta(hours=1)


def answer(question: bytes, *, ahead: timedelta = HOUR, head: int = 0x24, stratum: int = 2) -> bytes:
    """Return what a server says whose clock is ahead of the machine's."""
    seconds = (SEVEN + ahead).timestamp() + 2_208_988_800
    stamp = struct.pack(">II", int(seconds), int(seconds % 1 * 2**32))
    return bytes([head, stratum]) + bytes(22) + question[40:48] + stamp + stamp


@contextmanager
def server(say: Callable[[bytes], list[bytes]]) -> Iterator[int]:
    """Answer one question on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(5)

        def serve() -> None:
            question, where = line.recvfrom(512)
            for each in say(question):
                line.sendto(each, where)

        thread = threading.Thread(target=serve)
        thread.start()
        yield line.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, timedelta(seconds=0.25)])
def test_it_says_how_far_the_servers_clock_is_ahead(ahead: timedelta) -> None:
    with server(lambda question: [answer(question, ahead=ahead)]) as port:
        off = offset("127.0.0.1", port=port, clock=HandClock())

    assert abs(off - ahead) < timedelta(milliseconds=1)


def test_an_answer_to_another_question_is_passed_over() -> None:
    with server(lambda question: [answer(bytes(48)), answer(question)]) as port:
        off = offset("127.0.0.1", port=port, clock=HandClock())

    assert abs(off - HOUR) < timedelta(milliseconds=1)


@pytest.mark.parametrize(("head", "stratum"), [(0xE4, 2), (0x23, 2), (0x24, 0), (0x24, 16)])
def test_a_server_whose_own_clock_is_not_kept_is_not_believed(head: int, stratum: int) -> None:
    unkept = server(lambda question: [answer(question, head=head, stratum=stratum)])

    with unkept as port, pytest.raises(NoTime, match="not kept"):
        offset("127.0.0.1", port=port, clock=HandClock())


def test_silence_is_waited_for_no_longer_than_it_may_take() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        began = time.monotonic()

        with pytest.raises(NoTime):
            offset(
                "127.0.0.1",
                port=silent.getsockname()[1],
                clock=HandClock(),
                timeout=timedelta(seconds=0.1),
            )

    assert time.monotonic() - began < 1
