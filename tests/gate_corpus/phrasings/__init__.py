"""What models, adverts and unfinished texts say, and what looks like it and is none; one a line.

Each list is split in two by chance: whoever writes the checks looks at what is missed of the first half
only, and the second says how much of that he has learnt and how much he has copied. The lists with
``more`` in their names were written to see how the checks do with what they never saw, and then tuned on.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
_SECTION = re.compile(r"\[(opening|inside|closing|story|frame|zh-CN|en)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrasing:
    """One line of a list, and the section that it stands in: a place in a digest, or a language."""

    section: str
    text: str
    is_for_tuning: bool  # those who write the checks may look at it


@cache
def phrasings(name: str) -> tuple[Phrasing, ...]:
    """Return the list ``name``, in its order, and what was added to it."""
    return (*_read(f"{name}.txt"), *_read(f"{name}.more.txt", is_for_tuning=True))


def _read(file: str, *, is_for_tuning: bool = False) -> Iterator[Phrasing]:
    section = ""
    for line in (FOLDER / file).read_text(encoding="utf-8").splitlines():
        if found := _SECTION.fullmatch(line):
            section = found[1]
        elif line.strip() and not line.startswith("# "):
            is_first_half = zlib.crc32(line.encode()) % 2 == 0
            yield Phrasing(section=section, text=line, is_for_tuning=is_for_tuning or is_first_half)
