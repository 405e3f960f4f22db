"""What the injectors write: phrases of each part of the corpus, by language."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.gate_corpus.labels import FOLDER, Part

_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one part in one language."""

    chatter_opening: list[str]
    chatter_inside: list[str]
    chatter_closing: list[str]
    paragraphs: list[str]  # placeholders
    titles: list[str]
    addresses: list[str]
    announced: list[str]  # with {n} or {zh}
    advert: list[str]
    ai: list[str]
    placeholder_hosts: list[str]


@cache
def phrases(part: Part, language: str) -> Phrases:
    """Return the phrases of ``part`` for a newsletter in ``language``."""
    known: dict[str, Any] = tomllib.loads((FOLDER / part / "phrases.toml").read_text(encoding="utf-8"))
    chatter, placeholder = known["chatter"][language], known["placeholder"]
    return Phrases(
        chatter_opening=chatter["opening"],
        chatter_inside=chatter["inside"],
        chatter_closing=chatter["closing"],
        paragraphs=placeholder["paragraphs"][language],
        titles=placeholder["titles"][language],
        addresses=placeholder["addresses"],
        announced=known["announced"][language],
        advert=known["advert"][language],
        ai=known["ai"][language],
        placeholder_hosts=known["hosts"]["placeholder"],
    )


def han_number(number: int) -> str:
    """Return a number below a hundred as it is said: 十二, 四十五."""
    tens, ones = divmod(number, 10)
    words = _DIGITS[ones] if ones or not tens else ""
    return {0: "", 1: "十"}.get(tens, f"{_DIGITS[tens]}十") + words
