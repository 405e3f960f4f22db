"""Asking a time server how far this machine's clock is off: the one door to NTP (RFC 5905, SNTP).

One question, one answer, a second at most for it. An answer is believed only when it names our question,
and when the server says that its own clock is kept.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from datetime import timedelta

from newsletter.clock import Clock
from newsletter.errors import NewsletterError

PORT = 123
TIMEOUT = timedelta(seconds=1)
_SINCE_1900 = 2_208_988_800  # seconds from NTP's beginning to 1970
_ASK = 0x23  # version 4, from a client
_SERVER, _UNKEPT = 4, 3
_LENGTH = 48


class NoTime(NewsletterError):
    """The time server gave no answer that can be believed. Ask again later, or another one."""


def offset(server: str, *, clock: Clock, port: int = PORT, timeout: timedelta = TIMEOUT) -> timedelta:
    """Return by how much the server's clock is ahead of ours. Raises ``NoTime``."""
    ends_at = time.monotonic() + timeout.total_seconds()
    question = secrets.token_bytes(8)  # in place of our time, which is nobody's business
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(server, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as line:
            line.connect(address)  # what comes from anywhere else is not received
            asked_at = clock()
            line.send(bytes([_ASK]) + bytes(39) + question)
            while (left := ends_at - time.monotonic()) > 0:
                line.settimeout(left)
                answer = line.recv(512)
                answered_at = clock()
                if len(answer) >= _LENGTH and answer[24:32] == question:
                    break
            else:
                raise NoTime(f"{server}: no answer within {timeout.total_seconds():g} s")
    except OSError as error:
        raise NoTime(f"{server}: {error.strerror or 'no answer'}") from error
    head, stratum = answer[0], answer[1]
    if head & 7 != _SERVER or head >> 6 == _UNKEPT or not 1 <= stratum <= 15:
        raise NoTime(f"{server}: its own clock is not kept")
    received, sent = (_seconds(answer[at : at + 8]) for at in (32, 40))
    # RFC 5905, section 8: the way there and the way back take equally long.
    off = ((received - asked_at.timestamp()) + (sent - answered_at.timestamp())) / 2
    return timedelta(seconds=off)


def _seconds(stamp: bytes) -> float:
    whole, fraction = struct.unpack(">II", stamp)
    return whole - _SINCE_1900 + fraction / 2**32
