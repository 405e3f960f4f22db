"""Digests that scripts published, and what a person who reads them finds wrong: check, and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.digests.day import day_in_name
from newsletter.editions.gate import Evidence, Severity, examine
from tests.digests.support import SHARED_DIGESTS, a_digest
from tests.tools import needs_shared

SAMPLES = Path(__file__).parent / "samples"
OWN: dict[str, dict[str, list[int | None]]] = {
    "2026-03-12-two-scripts": {
        "wrong-day": [1, 31],
        "placeholder-link": [17],
        "bad-link": [22],
        "duplicate-story": [35],
    },
    "2026-03-13-nobody-answered": {
        "chatter": [1, 13, 14, 20],
        "wrong-day": [3],
        "leftover-slot": [5, 6, 7, 9, 10, 11],
        "duplicate-story": [9],
        "leftover-value": [14],
        "bad-link": [17],
        "fewer-than-announced": [14],
    },
}
REAL: dict[str, dict[str, list[int | None]]] = {
    "2025-05-07-ai-news": {},
    "2025-05-09-ai-news": {},
    "2025-05-11-ai-news": {
        "wrong-day": [66, 131],
        "duplicate-story": [135, 139, 143, 155, 159, 163, 167, 171],
        "placeholder-link": [219],
        "bad-link": [254],
    },
    "2025-05-12-ai-news": {"wrong-day": [1], "placeholder-link": [64], "bad-link": [104, 114, 129]},
    "2025-05-16-ai-news": {
        "wrong-day": [1, 145],
        "bad-link": [74, 89, 129],
        "untranslated-story": [89],
        "duplicate-story": [155, 173, 179, 191, 203],
    },
    "2025-05-17-car-news": {
        "chatter": [1, 21, 22, 23, 109, 110, 111, 113, 132, 134],
        "wrong-day": [3, 25, 115],
        "leftover-slot": [7, 8, 9, 11, 12, 13, 17, 18, 19, 119, 121, 123, 125, 129, 131],
        "story-without-link": [7, 11, 17],
        "duplicate-story": [11, 17],
        "leftover-value": [22],
        "bad-link": [*range(30, 107, 4), 120, 124, 130],
    },
    "2025-05-21-ai-news": {"wrong-day": [1], "bad-link": [67, 137, 147], "placeholder-link": [122, 127]},
    "2025-08-25-sections": {},
    "2025-11-13-ai-news": {},
}


def held(path: Path) -> dict[str, list[int | None]]:
    """Return the lines that each check holds, of a digest that goes out on the day it is called after."""
    digest = a_digest(path.read_bytes(), file=path.name)
    lines: dict[str, list[int | None]] = {}
    for finding in examine(Evidence(digest=digest, day=day_in_name(path.name), language="zh-CN")):
        if finding.severity is Severity.HOLD:
            lines.setdefault(finding.check, []).append(finding.line)
    return lines


@pytest.mark.parametrize("name", OWN)
def test_every_fault_of_a_scripted_digest_is_named_with_its_line(name: str) -> None:
    assert held(SAMPLES / f"{name}.md") == OWN[name]


@needs_shared
def test_every_fault_of_the_real_digests_is_named_with_its_line() -> None:
    assert {path.stem: held(path) for path in SHARED_DIGESTS} == REAL
