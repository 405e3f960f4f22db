"""What a model, an advert or an unfinished text says is held where it stands; what looks like it passes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from newsletter.editions.gate import Severity
from tests.editions.gate.support import findings
from tests.gate_corpus.phrasings import Phrasing, phrasings

ZH = (
    "1. [港口起重机学会求助](https://a.cn/1)\n\n   系统在置信度低于工头划定的线时停手。",
    "2. [嵌入价格再降一半](https://a.cn/2)\n\n   降价来自更短的向量，召回率下降 0.4 个百分点。",
)
EN = (
    "1. [Harbour crane asks for help](https://a.cn/1)\n\n   It stops when it is not sure of itself.",
    "2. [Embedding prices fall again](https://a.cn/2)\n\n   Recall drops by 0.4 points, says the firm.",
)
AROUND = ("opening", "closing")
PLACES = {"opening": ("opening",), "closing": ("closing",), "inside": ("inside",), "story": ("inside",)}
IN_ONE_DIGEST = 20
# Of the half that nobody tunes on: how many of the unknown are known.
BAD = {"chatter.zh-CN": 0.94, "chatter.en": 0.94, "adverts": 0.92, "ai": 0.95, "leftovers": 0.95}
GOOD = {"good.zh-CN": 0.98, "good.en": 0.98}


def held(said: Sequence[Phrasing], place: str, language: str) -> tuple[set[Phrasing], bool]:
    """Write all of ``said`` into one digest; return those whose line is held, and whether anything is."""
    first, last = EN if language == "en" else ZH
    indent = "   " if place == "inside" else ""
    paragraphs = [f"{indent}{phrasing.text}" for phrasing in said]
    pieces = {
        "opening": [*paragraphs, first, last],
        "inside": [first, *paragraphs, last],
        "closing": [first, last, "---", *paragraphs],
    }[place]
    text = "\n\n".join(pieces) + "\n"
    lines = {f.line for f in findings(text, language=language) if f.severity is Severity.HOLD}
    written = text.split("\n")
    at = {f"{indent}{phrasing.text}": phrasing for phrasing in said}
    return {at[written[line - 1]] for line in lines if line and written[line - 1] in at}, bool(lines)


def missed(said: Sequence[Phrasing], place: str, language: str, *, at_once: int) -> set[Phrasing]:
    """Return those whose line the gate does not hold at ``place``."""
    groups = [said[start : start + at_once] for start in range(0, len(said), at_once)]
    return {phrasing for group in groups for phrasing in set(group) - held(group, place, language)[0]}


def held_for_nothing(said: Sequence[Phrasing], place: str, language: str) -> set[Phrasing]:
    """Return those with which the gate holds a digest."""
    if not held(said, place, language)[1]:
        return set()
    if len(said) == 1:
        return set(said)
    half = len(said) // 2
    return held_for_nothing(said[:half], place, language) | held_for_nothing(said[half:], place, language)


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_for_readers_is_held_at_its_line(name: str) -> None:
    # A digest is told once that it wants a label, so each of these has its own.
    at_once = 1 if name in ("adverts", "ai") else IN_ONE_DIGEST
    found_not: set[Phrasing] = set()
    for section in {phrasing.section for phrasing in phrasings(name)}:
        said = [phrasing for phrasing in phrasings(name) if phrasing.section == section]
        language = section if section not in PLACES else name.partition(".")[2]
        for place in ("inside",) if name == "leftovers" else PLACES.get(section, AROUND):
            found_not |= missed(said, place, language, at_once=at_once)
    unknown = [phrasing for phrasing in phrasings(name) if not phrasing.is_for_tuning]

    assert [phrasing.text for phrasing in found_not if phrasing.is_for_tuning] == []
    assert len(found_not) <= len(unknown) * (1 - BAD[name])


@pytest.mark.parametrize("name", GOOD)
def test_what_only_looks_like_it_passes(name: str) -> None:
    wrong: set[Phrasing] = set()
    for section in ("story", "frame"):
        said = [phrasing for phrasing in phrasings(name) if phrasing.section == section]
        for place in PLACES.get(section, AROUND):
            for start in range(0, len(said), IN_ONE_DIGEST):
                wrong |= held_for_nothing(said[start : start + IN_ONE_DIGEST], place, name.partition(".")[2])
    unknown = [phrasing for phrasing in phrasings(name) if not phrasing.is_for_tuning]

    assert [phrasing.text for phrasing in wrong if phrasing.is_for_tuning] == []
    assert len(wrong) <= len(unknown) * (1 - GOOD[name])
