"""A stub SendGrid for a million copies: it counts them and keeps eight bytes of each.

It answers, misbehaves and refuses like ``StubSendGrid``, and keeps no message. Of every copy it
keeps a hash of the address and one of our own name for it, so that a copy that came twice is seen.
One request in ``check_every`` is read and checked in full; of the others only the key is checked
and the copies are found by their pattern, which the full check verifies.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from array import array
from typing import Any

from newsletter.testing.faults import Answer, Fault, json_answer
from newsletter.testing.loopback import Request
from newsletter.testing.stub_sendgrid import SEND, StubSendGrid

COUNT = "/count"  # GET: the counts so far; needs no key

_ADDRESS = re.compile(rb'"to": ?\[\{"email": ?"([^"]+)"')
_REF = re.compile(rb'"nl_ref": ?"([^"]+)"')
_SANDBOX = b"sandbox_mode"


class CountingSendGrid(StubSendGrid):
    """A stub that counts."""

    def __init__(self, *, check_every: int = 100, **options: Any) -> None:
        super().__init__(**options)
        self.check_every = check_every
        self._requests = 0
        self._checked = 0
        self._bytes = 0
        self._addresses = array("q")
        self._refs = array("q")
        self._began = time.process_time()

    @property
    def copies(self) -> int:
        """How many copies were accepted so far."""
        return len(self._addresses)

    def forget(self) -> None:
        """Count from zero again."""
        super().forget()
        with self._lock:
            self._requests = self._checked = self._bytes = 0
            self._addresses, self._refs = array("q"), array("q")
            self._began = time.process_time()

    def counts(self) -> dict[str, float]:
        """Return what has come so far, and what counting it has cost this process."""
        with self._lock:
            cpu = time.process_time() - self._began
            addresses, refs = self._addresses[:], self._refs[:]
        return {
            "requests": self._requests,
            "checked": self._checked,
            "bytes": self._bytes,
            "copies": len(addresses),
            "addresses_twice": len(addresses) - _distinct(addresses),
            "refs_twice": len(refs) - _distinct(refs),
            "connections": self.connections,
            "cpu_s": round(cpu, 3),
            "rss_mb": round(_peak_mb(), 1),
        }

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """Answer one request, and count the copies it brings when they are accepted."""
        if request.path == COUNT:
            return json_answer(200, self.counts())
        if request.path != SEND:
            return super().answer(request, fault)
        is_kept = fault is None or fault.is_kept
        with self._lock:
            self._requests += 1
            self._bytes += len(request.body)
            is_due = (self._requests - 1) % self.check_every == 0
            # A body that was too long was not read.
            is_checked = is_due or bool(self.refused) or not request.body
        answer = self._refuse_caller(request) if not is_checked else self._answer(request, is_kept=False)
        if answer is None:
            answer = self._accepted_answer() if _SANDBOX not in request.body else Answer(status=200)
        if answer.status == 202 and is_kept:
            self._count(request.body, is_checked=is_checked)
        return answer

    def _count(self, body: bytes, *, is_checked: bool) -> None:
        addresses, refs = _ADDRESS.findall(body), _REF.findall(body)
        if is_checked:
            found = [
                (one["to"][0]["email"].encode(), one.get("custom_args", {}).get("nl_ref", "").encode())
                for one in json.loads(body)["personalizations"]
            ]
            if found != list(zip(addresses, refs, strict=False)):
                raise AssertionError("copies are not found by their pattern; count with check_every=1")
        with self._lock:
            self._checked += is_checked
            # A hash of eight bytes: of a million, two are alike by chance once in forty million runs.
            self._addresses.extend(map(hash, addresses))
            self._refs.extend(map(hash, refs))


def _distinct(hashes: array[int]) -> int:
    return len(set(hashes))


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
