"""The language of a digest must be its newsletter's: an untranslated story is no news to its readers.

Names, models and quotations stay as they are; what counts is a whole text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.stories import name_of

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_FEWEST_WORDS = 10  # before a text has a language
_LANGUAGES = {"zh-CN": ("中文", "Chinese"), "en": ("英文", "English")}


def wrong_language(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a digest that as a whole is in another language."""
    language = evidence.language or ""
    texts = [passage.text for passage in evidence.passages]
    if language in _LANGUAGES and _is_foreign("\n".join(texts), language):
        zh, en = _LANGUAGES[language]
        yield Remark(
            line=None,
            message_zh=f"这份日报不是{zh}写的",
            message_en=f"The digest is not written in {en}",
            remedy_zh=f"请译成{zh}",
            remedy_en=f"Translate it into {en}",
        )


def untranslated_stories(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each story in another language, in a digest that else is in its own."""
    language = evidence.language or ""
    texts: dict[int, list[str]] = {}
    for passage in evidence.passages:
        if passage.story is not None and not passage.is_quote:
            texts.setdefault(passage.story, []).append(passage.text)
    foreign = [place for place, pieces in texts.items() if _is_foreign("\n".join(pieces), language)]
    if language not in _LANGUAGES or len(foreign) * 2 > len(texts):
        return
    for place in foreign:
        story = evidence.digest.stories[place]
        zh, en = name_of(place + 1, story)
        name_zh, name_en = _LANGUAGES[language]
        yield Remark(
            line=story.line,
            message_zh=f"{zh}没有译成{name_zh}",
            message_en=f"{en[0].upper()}{en[1:]} is not in {name_en}",
            remedy_zh="请翻译，或删去这一条",
            remedy_en="Translate it, or delete the story",
        )


def _is_foreign(text: str, language: str) -> bool:
    han, words = len(_HAN.findall(text)), len(_LATIN_WORD.findall(text))
    other = len(_KANA_OR_HANGUL.findall(text))
    if language == "zh-CN":
        # A Chinese text about models and companies may be a third Latin words; a foreign one has no Han.
        return (words >= _FEWEST_WORDS and han < words / 2) or (other > 20 and other > han / 2)
    if language == "en":
        return han + other > 20 and han + other > words
    return False
