"""The far sides: what is handed over ends here, outside the processes that are killed.

Each goes wrong as the chance of its seed says, keeps who got what, and knows how many copies it has left
in doubt by itself.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from newsletter.testing import faults
from newsletter.testing.counting import CountingSendGrid
from newsletter.testing.faults import Answer, Fault
from newsletter.testing.loopback import Request
from newsletter.testing.smtp_sink import SmtpSink, Step
from newsletter.testing.stub_sendgrid import SEND, StubSendGrid

_NUMBER = re.compile(rb'"to": ?\[\{"email": ?"r(\d+)@')


class FarSide(Protocol):
    """Where copies arrive. Entered and left like a file."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def settings(self) -> dict[str, object]:
        """Return the settings of its transport, by their dotted names."""
        ...

    @property
    def copies(self) -> int:
        """How many have arrived."""
        ...

    def received(self) -> Counter[int]:
        """Return how often each subscriber got the edition."""
        ...

    @property
    def doubtful(self) -> int:
        """How many copies it may have left in doubt, with nobody being killed."""
        ...


class SmtpFarSide(SmtpSink):
    """A real SMTP server that takes a message every ``pace_seconds`` at most."""

    def __init__(
        self, addresses: Sequence[str], chance: random.Random, *, trouble: float, pace_seconds: float
    ) -> None:
        super().__init__(keeps_content=False)
        self._numbers = {address: number for number, address in enumerate(addresses, 1)}
        self._pace_seconds = pace_seconds
        self.doubtful = 0
        self._counted = 0
        unlucky = [address for address in addresses if chance.random() < trouble]
        lasting = 0.1 * len(unlucky)  # what costs the client a second, or its lane a pause
        for address in unlucky:
            self._trouble(address, chance, is_lasting=chance.random() * len(unlucky) < min(lasting, 8))

    def _trouble(self, address: str, chance: random.Random, *, is_lasting: bool) -> None:
        if is_lasting:
            self.doubtful += 1
            self.fall_silent(address, Step.DOT, is_kept=chance.random() < 0.5, times=1)
            return
        step = chance.choice([Step.RCPT, Step.DATA, Step.CONTENT, Step.DOT, Step.DOT])
        match chance.randrange(6):
            case 0:
                self.answer(address, Step.RCPT, "550 5.1.1 no such user here")
            case 1:
                self.answer(address, Step.RCPT, "450 4.2.0 greylisted, come again", times=1)
            case 2:
                self.answer(address, Step.DOT, "452 4.3.1 insufficient system storage", times=1)
            case 3:
                self.answer(address, step, "421 4.3.2 shutting down", times=1)
                # Where it is said instead of an acceptance nothing is kept, so it is no doubt.
            case _:
                self.doubtful += step is Step.DOT
                self.hang_up(address, step, is_kept=chance.random() < 0.5, times=1)

    def keep(self, sender: str, recipient: str, content: bytes, connection: int) -> str:
        """Keep a message, in no hurry."""
        time.sleep(self._pace_seconds)
        return super().keep(sender, recipient, content, connection)

    def settings(self) -> dict[str, object]:
        return {
            "transport.kind": "smtp",
            "transport.smtp.host": self.host,
            "transport.smtp.port": self.port,
            "transport.smtp.security": "none",
            "transport.smtp.connections": 4,
        }

    @property
    def copies(self) -> int:
        return len(self.messages)

    def received(self) -> Counter[int]:
        return Counter(self._numbers[message.recipient] for message in self.messages)


# Seen from outside these are alike, and the copies of a call are in doubt after them. Most of SendGrid's
# own ways to fail are; 429 and 503 are not.
_LEAVES_DOUBT = (
    faults.BROKEN,
    faults.BROKEN.kept(),
    faults.BAD_GATEWAY,
    faults.RESET_AFTER_ACCEPT,
    faults.CLOSE_AFTER_ACCEPT,
    faults.TIMEOUT_BEFORE_ACCEPT,
    faults.TIMEOUT_AFTER_ACCEPT,
    faults.RESET_BEFORE_BODY,
    faults.WITHOUT_ID,
    faults.HALF_STATUS,
)
_LEAVES_NONE = (faults.rate_limited(), faults.UNAVAILABLE, faults.IDLE_CLOSE)


class SendGridFarSide(StubSendGrid):
    """A stub SendGrid whose calls take a while, so that they are in flight when somebody dies."""

    def __init__(
        self,
        addresses: Sequence[str],
        chance: random.Random,
        *,
        trouble: float,
        call_seconds: float,
        copies_per_call: int,
    ) -> None:
        super().__init__()
        self._numbers = {address: number for number, address in enumerate(addresses, 1)}
        self._slow = faults.slow(call_seconds)
        self._copies_per_call = copies_per_call
        self._doubts = 0
        self._own_lock = threading.Lock()
        self.refused = set(chance.sample(addresses, k=5)) if trouble else set()
        several = (*_LEAVES_DOUBT, *_LEAVES_NONE * 5)
        self.go_wrong(trouble, several, seed=chance.randrange(2**32))

    def fault_for(self, method: str, path: str) -> Fault | None:
        """Return the next fault; being slow is the least."""
        fault = super().fault_for(method, path)
        if fault in _LEAVES_DOUBT:
            with self._own_lock:
                self._doubts += 1
        return fault or (self._slow if path == SEND else None)

    def settings(self) -> dict[str, object]:
        return {
            "transport.kind": "sendgrid",
            "transport.sendgrid.api_key": self.key,
            "transport.sendgrid.host": self.url,
            "transport.sendgrid.timeout_seconds": 2,
        }

    @property
    def doubtful(self) -> int:
        return self._doubts * self._copies_per_call

    def received(self) -> Counter[int]:
        got: Counter[int] = Counter()
        kept = {fault.name for fault in (*_LEAVES_DOUBT, *_LEAVES_NONE, self._slow) if fault.is_kept}
        for exchange in list(self.exchanges):
            if exchange.answer.status == 202 and exchange.fault in kept:
                body = json.loads(exchange.request.body)
                got.update(self._numbers[one["to"][0]["email"]] for one in body["personalizations"])
        return got


class CountingFarSide(CountingSendGrid):
    """A stub SendGrid for hundreds of thousands of copies: one byte for each reader."""

    doubtful = 0

    def __init__(self, readers: int, *, call_seconds: float) -> None:
        super().__init__(check_every=50)
        self._got = array("B", bytes(readers + 1))
        self._slow = faults.slow(call_seconds)
        self._own_lock = threading.Lock()

    def fault_for(self, method: str, path: str) -> Fault | None:
        """Be slow, and nothing worse."""
        return self._slow if path == SEND else None

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """Count who is in a request that is accepted."""
        answer = super().answer(request, fault)
        if request.path == SEND and answer.status == 202:
            with self._own_lock:
                for number in _NUMBER.findall(request.body):
                    self._got[int(number)] += 1
        return answer

    def settings(self) -> dict[str, object]:
        return {
            "transport.kind": "sendgrid",
            "transport.sendgrid.api_key": self.key,
            "transport.sendgrid.host": self.url,
            "transport.sendgrid.timeout_seconds": 30,  # it never goes wrong, so a busy machine must not
        }

    def received(self) -> Counter[int]:
        return Counter({number: count for number, count in enumerate(self._got) if count})


class FileFarSide:
    """A folder. A copy is a file whose name is its own, so nobody can have two."""

    doubtful = 0

    def __init__(self, folder: Path, edition: str) -> None:
        self._folder = folder
        self._edition = edition

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def settings(self) -> dict[str, object]:
        return {"transport.kind": "file", "transport.file.folder": str(self._folder)}

    def _names(self) -> list[str]:
        try:
            with os.scandir(self._folder / self._edition) as entries:
                return [entry.name for entry in entries if entry.name.endswith(".eml")]
        except FileNotFoundError:
            return []

    @property
    def copies(self) -> int:
        return len(self._names())

    def received(self) -> Counter[int]:
        return Counter(int(name.removesuffix(".eml").rpartition("-s")[2]) for name in self._names())
