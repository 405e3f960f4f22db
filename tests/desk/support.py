"""A desk over a folder of digests, on a database, with a clock set by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from newsletter.database import Database
from newsletter.desk.desk import Desk
from newsletter.desk.persona import Persona
from newsletter.transports.memory import MemoryTransport
from tests.support import DAY, HandClock
from tests.test_morning import GOOD, HALF_PAST_SEVEN, morning, write

SIX = HALF_PAST_SEVEN.replace(hour=22, minute=0)  # 06:00 in Shanghai, before the hour
LI = Persona(language="zh-CN", address="li.lei@example.com")
TEXT = GOOD.format(day=DAY)


def a_desk(database: Database, folder: Path, *, clock: HandClock | None = None) -> Desk:
    """Return a desk; its morning sends into memory, unattended."""
    one = morning(database, folder, MemoryTransport(), clock or HandClock(SIX))
    source = one.newsletter.source.model_copy(update={"unattended": True})
    return Desk(morning=replace(one, newsletter=one.newsletter.model_copy(update={"source": source})))


def in_the_folder(folder: Path, text: str = TEXT, *, name: str = f"{DAY}.md") -> Path:
    """Put a digest where the morning looks."""
    return write(folder, name, text, at=SIX.replace(hour=20))
