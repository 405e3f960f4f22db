"""Rows: a leaving, and where it must stand to be one. A to-do app is news; TODO alone on a line is none.

Texts are simplified, and their punctuation is plain, as ``talk.sentences`` folds.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.editions.gate.talk.sentences import fold

_LONGEST_ALONE = 60  # a longer line says something besides
_READ = 4_000  # of each end of one line; an email with more is held for its size


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of leaving."""

    pattern: re.Pattern[str]
    is_alone: bool = False


def alone(pattern: str) -> Row:
    """Make a row for what fills a line, but for marks around it."""
    return Row(re.compile(rf"^\W*(?:{pattern})\W*$", re.I), is_alone=True)


def bracketed(pattern: str) -> Row:
    """Make a row for what stands at the beginning of brackets."""
    return Row(re.compile(rf"[(\[]\s*(?:{pattern})[^()\[\]]{{0,30}}[)\]](?!\()", re.I))


def anywhere(pattern: str) -> Row:
    """Make a row for what is no news in any sentence."""
    return Row(re.compile(pattern))


def left_over(text: str, rows: Sequence[Row]) -> str | None:
    """Return the first thing in ``text`` that one of the rows knows, as it is written; None without one."""
    ends = [(0, text)] if len(text) <= _READ * 2 else [(0, text[:_READ]), (len(text) - _READ, text[-_READ:])]
    for start, part in ends:
        folded = fold(part)
        is_short = len(text) <= _LONGEST_ALONE
        for row in rows:
            if (is_short or not row.is_alone) and (found := row.pattern.search(folded)):
                return text[start + found.start() : start + found.end()].strip()[:40]
    return None
