"""The labels of the corpus: what each digest is, and where its faults are.

A label is of the digest's file: lines count from 1, front matter included.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from tests.gate_corpus.faults import FaultClass

FOLDER = Path(__file__).parent


class Verdict(StrEnum):
    """What becomes of a digest on an unattended morning."""

    GOOD = "good"  # it goes out
    HOLD = "hold"  # a person looks first


class Part(StrEnum):
    """Who may look: those who write checks see only the first."""

    TUNING = "tuning"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong; ``line`` is None when it is the whole digest's."""

    kind: FaultClass
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One digest, the day it goes out, and what went out before it."""

    part: Part
    file: str
    markdown: str
    day: date
    shape: str
    newsletter: str
    language: str
    verdict: Verdict
    every_days: int  # between two editions
    recent_counts: tuple[int, ...]  # stories of the last editions, newest first
    yesterday_subject: str  # of the last edition
    repeated_links: frozenset[str] = field(default=frozenset())  # of this digest, which the last had too
    dead_links: frozenset[str] = field(default=frozenset())
    faults: tuple[Fault, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether it goes out unattended."""
        return self.verdict is Verdict.GOOD


@cache
def corpus(part: Part) -> tuple[Labelled, ...]:
    """Return the labelled digests of ``part``, by day."""
    folder = FOLDER / part
    entries = tomllib.loads((folder / "labels.toml").read_text(encoding="utf-8"))["digest"]
    return tuple(
        Labelled(
            part=part,
            file=entry["file"],
            markdown=(folder / entry["file"]).read_text(encoding="utf-8"),
            day=entry["day"],
            shape=entry["shape"],
            newsletter=entry["newsletter"],
            language=entry["language"],
            verdict=Verdict(entry["verdict"]),
            every_days=entry["every_days"],
            recent_counts=tuple(entry["recent_counts"]),
            yesterday_subject=entry["yesterday_subject"],
            repeated_links=frozenset(entry.get("repeated_links", ())),
            dead_links=frozenset(entry.get("dead_links", ())),
            faults=tuple(
                Fault(kind=FaultClass(fault["class"]), line=fault.get("line"))
                for fault in entry.get("faults", ())
            ),
        )
        for entry in entries
    )
