"""A language model that talks to its operator, or the operator's words to it, is no news.

A story may be about prompts and assistants: what stands in quotation marks, in a quote or in code is
not the model's own talk. What gives a model away is in the tables of ``talk``.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.spoken import spoken
from newsletter.editions.gate.talk.answering import ANSWERING
from newsletter.editions.gate.talk.asides import ASIDES
from newsletter.editions.gate.talk.asking import ASKING, SURELY_ASKING
from newsletter.editions.gate.talk.cue import Cue, Where, heard
from newsletter.editions.gate.talk.english import ANSWERING_EN
from newsletter.editions.gate.talk.english_asking import ASKING_EN
from newsletter.editions.gate.talk.english_limits import LIMITS_EN
from newsletter.editions.gate.talk.hints import HINTS
from newsletter.editions.gate.talk.limits import LIMITS
from newsletter.editions.gate.talk.prompts import PROMPTS

CHINESE: tuple[Cue, ...] = (*HINTS, *ANSWERING, *ASKING, *SURELY_ASKING, *LIMITS, *ASIDES)
ENGLISH: tuple[Cue, ...] = (*ANSWERING_EN, *LIMITS_EN, *ASKING_EN)


def chatter(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line in which a language model talks to whoever runs it."""
    for said in spoken(evidence):
        if words := _chatter(said.text, said.where):
            yield _remark(
                said.line,
                words,
                "像是语言模型在对操作者说话",
                "A language model seems to talk to its operator",
            )


def prompts(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each line that tells a language model what to write."""
    for said in spoken(evidence):
        words = heard(said.text, PROMPTS, said.where)
        if words and not _chatter(said.text, said.where):
            yield _remark(
                said.line,
                words,
                "像是写给语言模型的提示词",
                "This seems to be a prompt for a language model",
            )


def _chatter(text: str, where: Where) -> str | None:
    return heard(text, CHINESE, where) or heard(text, ENGLISH, where)


def _remark(line: int | None, words: str, zh: str, en: str) -> Remark:
    return Remark(
        line=line,
        message_zh=f"{zh}：“{words}”",
        message_en=f"{en}: “{words}”",
        remedy_zh="请重新生成这份日报，或删去这句；引用别人的话请加引号",
        remedy_en="Write the digest again, or delete the sentence; put what is quoted in quotation marks",
    )
