"""A sentence is heard in one spelling, and however long a text is, hearing it takes no time to speak of."""

from __future__ import annotations

import time
from random import Random

import pytest

from newsletter.editions.gate.chatter import CHINESE, ENGLISH
from newsletter.editions.gate.labels import ADVERTS, MACHINES
from newsletter.editions.gate.talk.cue import Where, cue, heard, weight
from newsletter.editions.gate.talk.prompts import PROMPTS
from newsletter.editions.gate.talk.sentences import LONGEST, fold, sentences
from newsletter.editions.gate.unfinished.failures import FAILURES
from newsletter.editions.gate.unfinished.filler import FILLER, LOREM
from newsletter.editions.gate.unfinished.notes import NOTES
from newsletter.editions.gate.unfinished.rows import left_over
from newsletter.editions.gate.unfinished.slots import slot_in

TABLES = {
    "chatter": (*CHINESE, *ENGLISH),
    "prompts": PROMPTS,
    "adverts": ADVERTS,
    "machines": MACHINES,
}
LENGTH = 100_000
ROWS = (*NOTES, *FILLER, *LOREM, *FAILURES)
MIXED = "我您你请的以下是为按照要求无法提供新闻本期由，。！？：ab yo u can't as i (【[《“x1… "


def test_folding_keeps_every_character_in_its_place() -> None:
    text = "好的，以下是為您整理的內容：「Ａ」（第１條）"

    assert fold(text) == "好的,以下是为您整理的内容:「Ａ」(第1条)"
    assert len(fold(text)) == len(text)


def test_sentences_keep_their_marks_and_places() -> None:
    text = "早。  真的吗？Version 2.0 is out. 好"

    assert [(text[at], said) for at, said in sentences(text)] == [
        ("早", "早。"),
        ("真", "真的吗?"),
        ("V", "Version 2.0 is out."),
        ("好", "好"),
    ]


def test_a_long_sentence_is_heard_in_pieces_that_overlap() -> None:
    text = "甲" * 450 + "我无法访问互联网"

    pieces = list(sentences(text))

    assert all(len(said) <= LONGEST for _, said in pieces)
    assert "".join(said for _, said in pieces[:1]) == text[:LONGEST]
    assert any("我无法访问互联网" in said for _, said in pieces)
    assert heard(text, CHINESE, Where.STORY)


def test_cues_add_up_and_may_speak_against_it() -> None:
    cues = (cue(3, "好的"), cue(2, "您"), cue(-4, "读者"))

    assert weight("好的,您", cues) == 5
    assert weight("好的,您和读者", cues) == 1
    assert heard("读者您好。好的，您说", cues, Where.FRAME) == "好的，您说"
    assert heard("好的，您说", cues, Where.STORY) is None


PIECES = [
    "我",
    "您我",
    "(",
    "[",
    "以下是",
    "i can ",
    "...? ",
    " ",
    "as an ai ",
    "本期由我请",
    "1",
    "a.",
    "请输入",
    "{a.",
    "%A",
    "",
]


def long_text(piece: str) -> str:
    """Return 100,000 characters of one piece, or of everything in disorder."""
    chance = Random(7)
    return piece * (LENGTH // len(piece)) if piece else "".join(chance.choices(MIXED, k=LENGTH))


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("name", TABLES)
def test_no_text_takes_long_to_hear(name: str, piece: str) -> None:
    text = long_text(piece)

    started = time.process_time()
    heard(text, TABLES[name], Where.STORY)

    assert time.process_time() - started < 0.25  # on a machine that is busy; 0.05 on one that is not


@pytest.mark.parametrize("piece", PIECES)
def test_no_text_takes_long_to_look_through(piece: str) -> None:
    text = long_text(piece)

    started = time.process_time()
    left_over(text, ROWS)
    slot_in(text)

    assert time.process_time() - started < 0.25
