"""The console transport: prints each copy as a person would read it, and sends nothing."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import TextIO

from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing, ValueRefused, addr_spec
from newsletter.transports.base import Outcome, Unavailable, Verdict, whole

_RULE = "─" * 72
# A digest may hold what a terminal takes for a command.
_COMMANDS = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f]")


class ConsoleTransport:
    """Prints To, Subject, the link to leave and the text part; accepts every copy it has printed."""

    name = "console"
    copies_per_call = 100
    streams = False

    def __init__(self, stream: TextIO | None = None) -> None:
        self._given = stream
        self._lock = threading.Lock()

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Yield one outcome per copy, or raise ``Unavailable`` when nobody reads the stream."""
        for copy in whole(copies):
            try:
                page = _page(mailing, copy)
            except ValueRefused as error:
                yield Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=str(error))
                continue
            # Looked up late: a program may redirect its output after making the transport.
            stream = self._given or sys.stdout
            try:
                with self._lock:
                    stream.write(page)
                    stream.flush()
            except (OSError, ValueError) as error:
                raise Unavailable(f"the console cannot be written to: {error}") from error
            yield Outcome(ref=copy.ref, verdict=Verdict.ACCEPTED)

    def close(self) -> None:
        """Leave the stream open: it is not ours."""


def _page(mailing: Mailing, copy: Copy) -> str:
    filled = mailing.fill(copy)
    sender = f"{mailing.sender.name} <{mailing.sender.address}>".strip()
    lines = [
        _RULE,
        f"From:    {sender}",
        f"To:      {addr_spec(copy.address)}",
        f"Subject: {mailing.subject}",
        *(f"{name}: {value}" for name, value in filled.headers if name.lower() == "list-unsubscribe"),
        "",
        filled.text.rstrip("\n"),
        "",
    ]
    return _COMMANDS.sub("�", "\n".join(lines)) + "\n"
