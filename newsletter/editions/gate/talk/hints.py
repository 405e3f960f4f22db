"""Cues that say little alone: who speaks, to whom, and of what. In Chinese."""

from __future__ import annotations

from newsletter.editions.gate.talk.cue import Cue, cue
from newsletter.editions.gate.talk.words import (
    CANNOT,
    CRAFT,
    MATERIAL,
    ME,
    ORDER,
    READERS,
    REPORTED,
    WORK,
    YOU,
)

HINTS: tuple[Cue, ...] = (
    # Who speaks.
    cue(1.5, ME),
    # To whom: a paper may say it, a model always does.
    cue(0.5, YOU),
    cue(1, r"您(?!们)"),
    # Of what.
    cue(0.5, WORK),
    cue(0.5, CRAFT),
    cue(0.5, MATERIAL),
    cue(1, ORDER),
    # In what manner: asking, offering, excusing itself.
    cue(0.5, r"(?:请|麻烦|烦请|能否|可否|是否)"),
    cue(0.5, r"[?]$|吗[?。]?$"),
    cue(0.5, CANNOT),
    cue(0.5, r"(?:如需|如果|如有|若|随时|欢迎)"),
    cue(1, r"^\W*(?:非常|很|十分|实在)?(?:抱歉|对不起|不好意思)"),
    # A person, and his readers.
    cue(-3, READERS),
    # Somebody is quoted without quotation marks.
    cue(-6, REPORTED),
)
