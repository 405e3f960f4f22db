"""Cues: what speaks for or against a sentence being a model's own talk, each with its weight.

No single word gives a model away; a letter to readers has its 我, its 您 and its 请 too. So a table gives
every turn of phrase a weight, and a sentence is the model's when the weights of what it holds add up.
A cue marked ``SURE`` decides alone, wherever it stands. ``ENOUGH`` decides in the frame of a digest,
where nobody reports on anybody, and inside a story when something else in the sentence agrees.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from newsletter.editions.gate.talk.sentences import sentences

SURE = 12
_SHOWN = 48  # characters
ENOUGH = 4  # in the frame: around the stories
ENOUGH_AT_AN_END = 5  # first and last words of an essay, and a last paragraph that may be a story's
ENOUGH_IN_A_STORY = 7


class Where(IntEnum):
    """Where in a digest somebody speaks; the value is the weight that gives a model away there."""

    FRAME = ENOUGH
    END = ENOUGH_AT_AN_END
    STORY = ENOUGH_IN_A_STORY


@dataclass(frozen=True, slots=True)
class Cue:
    """A turn of phrase, folded as ``sentences`` folds, and its weight; below zero it speaks for a person."""

    weight: float
    pattern: re.Pattern[str]


def cue(weight: float, pattern: str) -> Cue:
    """Make a row of a table."""
    return Cue(weight, re.compile(pattern, re.I))


def heard(text: str, cues: Sequence[Cue], where: Where) -> str | None:
    """Return the first sentence that the cues find to be what they listen for, or its beginning, or None."""
    for place, sentence in sentences(text):
        if weight(sentence, cues) >= where:
            said = text[place : place + len(sentence)]
            return said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1]}…"
    return None


def weight(sentence: str, cues: Sequence[Cue]) -> float:
    """Return what the cues in one folded sentence add up to."""
    return sum(cue.weight for cue in cues if cue.pattern.search(sentence))
