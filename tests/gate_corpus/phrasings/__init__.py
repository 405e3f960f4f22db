"""What models, adverts and unfinished texts say, and what looks like it and is none; one a line.

Each list is split in two by chance: whoever writes the checks looks at what is missed of the first half
only, and the second says how much of that he has learnt and how much he has copied.
"""

from __future__ import annotations

import re
import zlib
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

    @property
    def is_for_tuning(self) -> bool:
        """Whether those who write the checks may look at it."""
        return zlib.crc32(self.text.encode()) % 2 == 0


@cache
def phrasings(name: str) -> tuple[Phrasing, ...]:
    """Return the list ``name``, in its order."""
    known: list[Phrasing] = []
    section = ""
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if found := _SECTION.fullmatch(line):
            section = found[1]
        elif line.strip() and not line.startswith("# "):
            known.append(Phrasing(section=section, text=line))
    return tuple(known)
