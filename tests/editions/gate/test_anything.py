"""Whatever a digest holds the gate answers; and a fault that it knows, it knows in every digest and place."""

from __future__ import annotations

from random import Random

import pytest

from newsletter.editions.gate import Evidence, Severity, examine
from newsletter.errors import DigestError
from tests.digests.support import a_digest
from tests.gate_corpus.context import context_of
from tests.gate_corpus.judging import holds, verdict
from tests.gate_corpus.labels import Labelled, Part, corpus
from tests.gate_corpus.page import Page, Written
from tests.gate_corpus.phrasings import Phrasing, phrasings

GOOD = [labelled for labelled in corpus(Part.TUNING) if labelled.is_good]
PIECES = (
    "# 标题\n",
    "## 小节\n",
    "1. [题](https://a.cn/1)\n\n   文。\n",
    "📌 **题**\n",
    "- 条目 [源](https://b.cn)\n",
    "> 引文\n",
    "| 甲 | 乙 |\n|---|---|\n| 1 | TBD |\n",
    "---\n",
    "```\n{{ x }}\n```\n",
    "好的，请您提供",
    "“",
    "」",
    "《",
    "[",
    "](",
    "**",
    "__",
    "{{",
    "${",
    "<script>",
    "<!--",
    "![",
    "\ufffc",
    "\u200b",
    "\u202e",
    "\ud7ff",
    "\U0001f9ea",
    "İ",
    "ß",
    "２０２６年３月２日",
    "undefined",
    "TODO",
    "【广告】",
    "AI 生成",
    "\t",
    " ",
    "\n\n",
    "。",
    "x" * 300,
    "我" * 300,
    "(" * 50,
)
ROUNDS = 250


def test_the_gate_answers_whatever_it_is_shown() -> None:
    for seed in range(ROUNDS):
        chance = Random(seed)
        text = "".join(chance.choices(PIECES, k=chance.randrange(1, 40)))
        try:
            digest = a_digest(text)
        except DigestError:
            continue

        known = {"subject": text[:80], "preheader": text[:200], "text_part": text, "html_bytes": len(text)}
        for finding in examine(Evidence(digest=digest, language=chance.choice(["zh-CN", "en"]), **known)):
            assert finding.line is None or 1 <= finding.line <= text.count("\n") + 1, seed
            said = (finding.message_zh, finding.message_en, finding.remedy_zh, finding.remedy_en)
            assert all(said), seed


def write(page: Page, phrase: Phrasing, place: str, chance: Random) -> Written:
    """Write a phrase into a digest."""
    match place:
        case "opening":
            return page.opened_with(phrase.text)
        case "closing":
            return page.closed_with(phrase.text)
        case _:
            return page.told(phrase.text, chance)


def language_of(labelled: Labelled) -> str:
    """Return the language that phrases for a digest must have."""
    return "en" if labelled.language == "en" else "zh-CN"


@pytest.mark.parametrize("labelled", GOOD, ids=lambda labelled: labelled.file)
def test_a_fault_that_is_known_is_found_in_every_digest_and_place(labelled: Labelled) -> None:
    chance = Random(labelled.file)
    language = language_of(labelled)
    context = context_of(labelled)
    page = Page(labelled.markdown, context)
    lists = {
        "opening": phrasings(f"chatter.{language}"),
        "closing": phrasings(f"chatter.{language}"),
        "inside": (*phrasings(f"chatter.{language}"), *phrasings("leftovers")),
    }
    for place, known in lists.items():
        fitting = [p for p in known if p.is_for_tuning and p.section in (place, language)]
        # What no reader of Markdown takes for a paragraph of its own is no fault there.
        phrase = chance.choice([p for p in fitting if p.text[0] not in "<#-*_$|"])
        written = write(page, phrase, place, chance)

        found = holds(verdict(written.markdown, context, file=labelled.file))

        lines = {finding.line for finding in found if finding.severity is Severity.HOLD}
        assert written.line in lines, f"{phrase.text!r} at {place}, seed {labelled.file!r}"
