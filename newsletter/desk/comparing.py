"""Two texts side by side, line by line; what is the same for long is folded.

Pure: values in, values out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

AROUND = 3  # lines shown before and after a change
MOST_LINES = 3_000  # of one text: comparing is quadratic at worst
_WORDS = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)

# A piece of a line, and whether it is only on this side.
Pieces = tuple[tuple[str, bool], ...]


class Sort(StrEnum):
    """What a row shows."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"  # only on the right
    REMOVED = "removed"  # only on the left
    FOLDED = "folded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a comparison. Line numbers count from 1; a side without a line has none."""

    sort: Sort
    left: int | None = None
    left_pieces: Pieces = ()
    right: int | None = None
    right_pieces: Pieces = ()
    folded: int = 0  # lines that are the same on both sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All rows; ``is_cut``: the texts are longer than is compared."""

    rows: tuple[Row, ...]
    is_cut: bool = False

    @property
    def is_same(self) -> bool:
        """Whether there is no difference."""
        return not self.is_cut and all(row.sort in (Sort.SAME, Sort.FOLDED) for row in self.rows)

    @property
    def changes(self) -> int:
        """How many rows differ."""
        return sum(row.sort not in (Sort.SAME, Sort.FOLDED) for row in self.rows)


def compare(left: str, right: str) -> Comparison:
    """Return ``right`` beside ``left``."""
    lefts, rights = left.split("\n"), right.split("\n")
    is_cut = max(len(lefts), len(rights)) > MOST_LINES
    lefts, rights = lefts[:MOST_LINES], rights[:MOST_LINES]
    return Comparison(rows=tuple(_rows(lefts, rights)), is_cut=is_cut)


def _rows(lefts: Sequence[str], rights: Sequence[str]) -> Iterator[Row]:
    codes = SequenceMatcher(None, lefts, rights).get_opcodes()
    for number, (tag, a, b, c, d) in enumerate(codes):
        if tag == "equal":
            yield from _equal(lefts, a, b, c, is_first=number == 0, is_last=number == len(codes) - 1)
            continue
        pairs = min(b - a, d - c)
        for step in range(pairs):
            left, right = _pieces(lefts[a + step], rights[c + step])
            yield Row(
                sort=Sort.CHANGED,
                left=a + step + 1,
                left_pieces=left,
                right=c + step + 1,
                right_pieces=right,
            )
        for at in range(a + pairs, b):
            yield Row(sort=Sort.REMOVED, left=at + 1, left_pieces=((lefts[at], True),))
        for at in range(c + pairs, d):
            yield Row(sort=Sort.ADDED, right=at + 1, right_pieces=((rights[at], True),))


def _equal(lines: Sequence[str], a: int, b: int, c: int, *, is_first: bool, is_last: bool) -> Iterator[Row]:
    head = 0 if is_first else AROUND
    tail = 0 if is_last else AROUND
    count = b - a
    folded = count - head - tail
    if folded <= 1:
        head, tail, folded = count, 0, 0
    for step in range(head):
        yield _same(lines, a, c, step)
    if folded:
        yield Row(sort=Sort.FOLDED, folded=folded)
    for step in range(count - tail, count):
        yield _same(lines, a, c, step)


def _same(lines: Sequence[str], a: int, c: int, step: int) -> Row:
    pieces = ((lines[a + step], False),)
    return Row(sort=Sort.SAME, left=a + step + 1, left_pieces=pieces, right=c + step + 1, right_pieces=pieces)


def _pieces(left: str, right: str) -> tuple[Pieces, Pieces]:
    """Return two lines in pieces, those marked that are only on one side."""
    a, b = _WORDS.findall(left), _WORDS.findall(right)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if len(a) * len(b) > 250_000 or matcher.quick_ratio() < 0.3:
        return ((left, True),), ((right, True),)
    lefts: list[tuple[str, bool]] = []
    rights: list[tuple[str, bool]] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        is_other = tag != "equal"
        if i < j:
            lefts.append(("".join(a[i:j]), is_other))
        if k < m:
            rights.append(("".join(b[k:m]), is_other))
    return tuple(lefts), tuple(rights)
