"""The SMTP transport beside postfix's own tools: the same sink, the same size, the same run.

``smtp-sink`` reads every byte by itself in one process, so on an idle machine it is the slowest of
all; what counts is how well its sender keeps it busy. ``smtp-source`` is that yardstick.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from newsletter.mailing import Copy, Mailing
from newsletter.transports import dkim
from newsletter.transports.base import Verdict
from newsletter.transports.mime import Prepared
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_connection import Server
from tests.bench import measured
from tests.transports.support import NOW, a_copy, a_mailing

MESSAGES = 8_000
CONNECTIONS = 8  # as many as smtp-source has sessions
SIZE_BYTES = 42_000  # of a message as it goes over the wire
HEAD_BYTES = 300  # what smtp-source puts before the bytes it is asked for, about
SIGNATURES = 1_000


@cache
def _mailing() -> Mailing:
    """Return a mailing whose encoded copies have about 42 kB."""
    paragraphs = 8
    while len(Prepared(mailing := a_mailing(paragraphs=paragraphs)).message(a_copy(), NOW)) < SIZE_BYTES:
        paragraphs += 1
    return mailing


@cache
def _copies() -> list[Copy]:
    return [a_copy(number) for number in range(1, MESSAGES + 1)]


@contextmanager
def _sink() -> Iterator[int]:
    """Run smtp-sink on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # It will not run as root; everybody else is who they are.
    who = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [_tool("smtp-sink"), *who, f"127.0.0.1:{port}", "100"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _tool(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or name


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("smtp-sink does not listen")


def _ours(port: int, keys: tuple[dkim.Key, ...] = ()) -> float:
    """Return our messages per second."""
    server = Server(host="127.0.0.1", port=port, security="none", connections=CONNECTIONS)
    transport = SmtpTransport([server], messages_per_connection=MESSAGES, dkim=keys, clock=lambda: NOW)
    mailing, copies = _mailing(), _copies()
    accepted = 0
    started = time.perf_counter()
    for start in range(0, MESSAGES, transport.copies_per_call):
        call = copies[start : start + transport.copies_per_call]
        for outcome in transport.send(mailing, call, call_id="bench"):
            accepted += outcome is not None and outcome.verdict is Verdict.ACCEPTED
    took = time.perf_counter() - started
    transport.close()
    if accepted != MESSAGES:
        raise RuntimeError(f"only {accepted} of {MESSAGES} were accepted")
    return MESSAGES / took


def _theirs(port: int) -> float:
    """Return the messages per second of smtp-source."""
    size = len(Prepared(_mailing()).message(a_copy(), NOW)) - HEAD_BYTES
    wanted = ["-d", "-s", str(CONNECTIONS), "-l", str(size), "-m", str(MESSAGES)]
    started = time.perf_counter()
    subprocess.run([_tool("smtp-source"), *wanted, f"127.0.0.1:{port}"], check=True)
    return MESSAGES / (time.perf_counter() - started)


@measured("≥ 1.0")
def smtp_transport_over_smtp_source() -> float:
    """Our messages per second over those of smtp-source; personalised ones against constant ones."""
    with _sink() as port:
        theirs = _theirs(port)
        return _ours(port) / theirs


@measured("")
def smtp_cpu_us() -> float:
    """Processor time of our process for one message, in user and kernel."""
    with _sink() as port:
        _copies()
        before = os.times()
        _ours(port)
        after = os.times()
    return (after.user - before.user + after.system - before.system) / MESSAGES * 1_000_000


@measured("≥ 0.5")
def smtp_dkim_rsa_over_bare_rsa() -> float:
    """Our signed messages per second over the bare RSA-2048 signatures of ``cryptography``.

    Both on one core: our transport signs in the thread that sends.
    """
    with tempfile.TemporaryDirectory() as folder, _sink() as port:
        path = Path(folder) / "rsa.pem"
        key = dkim.create(path, domain="news.example.com", selector="bench")
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(private, rsa.RSAPrivateKey)  # for the type checker
        pkcs1, sha256 = padding.PKCS1v15(), hashes.SHA256()
        started = time.perf_counter()
        for _ in range(SIGNATURES):
            private.sign(b"as short as can be", pkcs1, sha256)
        bare = SIGNATURES / (time.perf_counter() - started)
        return _ours(port, (key,)) / bare
