"""How an edition arrived in one mailbox of ours, and what that says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.feedback.letter import Letter, plain

JUNK, CUT = "junk", "cut"


class Place(StrEnum):
    """Where it lies."""

    INBOX = "inbox"
    JUNK = "junk"


class Outcome(StrEnum):
    """What the canaries say of an edition."""

    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"
    SILENT = "silent"  # not all have it, and the time is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A copy as it arrived. A result that the server does not tell is empty."""

    place: Place
    arrived_at: datetime
    spf: str
    dkim: str
    dmarc: str
    is_whole: bool

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with it: ``junk``, ``cut``, or a check and its result, such as ``dkim=fail``."""
        found = []
        if self.place is Place.JUNK:
            found.append(JUNK)
        is_content = self.dmarc == "pass"  # with either of the two
        found += [
            f"{name}={result}"
            for name, result, fails in (
                # A server that could not ask says nothing of a signature, unless it is all there is.
                ("dkim", self.dkim, _BROKEN if is_content else (*_BROKEN, "temperror")),
                ("dmarc", self.dmarc, _FAILS),
                ("spf", self.spf, () if is_content else _FAILS),
            )
            if result in fails
        ]
        if not self.is_whole:
            found.append(CUT)
        return tuple(found)


_FAILS = ("fail", "hardfail", "softfail", "permerror")
_BROKEN = (*_FAILS, "neutral", "policy")  # Gmail says neutral of a body that was changed
_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)


def see(letter: Letter, *, place: Place, arrived_at: datetime, text: str, html: str) -> Sighting:
    """Return how a copy arrived; ``text`` and ``html`` are what it said when it left."""
    told: dict[str, list[str]] = {}
    # The topmost is the receiving server's own; those below it could be anybody's.
    for name, result in _RESULT.findall(letter.header("Authentication-Results")):
        told.setdefault(name.lower(), []).append(result.lower())

    def said(name: str) -> str:
        results = told.get(name, [])
        return "pass" if "pass" in results else next(iter(results), "")

    # By its words: a provider may count who opens it, fold lines, or add a sentence of its own.
    words = {
        "text/plain": [_solid(part.text) for part in letter.parts if part.kind == "text/plain"],
        "text/html": [_solid(plain(part.text)) for part in letter.parts if part.kind == "text/html"],
    }
    sent = (("text/plain", _solid(text)), ("text/html", _solid(plain(html))))
    return Sighting(
        place=place,
        arrived_at=arrived_at,
        spf=said("spf"),
        dkim=said("dkim"),
        dmarc=said("dmarc"),
        is_whole=all(any(said in whole for whole in words[kind]) for kind, said in sent),
    )


def _solid(text: str) -> str:
    """Return text without its blanks."""
    return "".join(text.split())


def verdict(faults: Mapping[str, Sequence[str] | None], *, is_over: bool) -> Outcome:
    """Return what the canaries say together; None stands for one that has not got it yet."""
    if any(faults.values()):
        return Outcome.BAD
    if all(found is not None for found in faults.values()):
        return Outcome.GOOD
    return Outcome.SILENT if is_over else Outcome.WAITING
