"""Faults of the email a digest became, told as evidence."""

from __future__ import annotations

from tests.gate_corpus.injectors.base import Injected, Subject

_LONG_ZH = (
    "今日要闻汇总与深度解读以及编辑部点评和读者来信精选还有本周活动预告请务必读到最后因为我们准备了彩蛋"
)
_LONG_EN = (
    "A thorough and complete roundup of everything that happened overnight, with comment, letters and more "
)


def empty_subject(subject: Subject) -> Injected:
    """Have no subject."""
    return subject.known(subject=subject.chance.choice(["", " ", "\u3000"]))


def long_subject(subject: Subject) -> Injected:
    """Have a subject that no mailbox shows whole."""
    words = _LONG_EN if subject.context.language == "en" else _LONG_ZH
    return subject.known(subject=words * subject.chance.randint(2, 3))


def same_subject(subject: Subject) -> Injected | None:
    """Have the subject of the last edition."""
    recent = subject.context.recent
    return subject.known(subject=recent[0].subject) if recent else None


def empty_preheader(subject: Subject) -> Injected:
    """Have no words beside the subject."""
    return subject.known(preheader=subject.chance.choice(["", " "]))


def long_preheader(subject: Subject) -> Injected:
    """Have a preheader that is an article."""
    words = _LONG_EN if subject.context.language == "en" else _LONG_ZH
    return subject.known(preheader=words * subject.chance.randint(4, 6))


def too_big(subject: Subject) -> Injected:
    """Weigh more than Gmail shows."""
    return subject.known(html_bytes=subject.chance.randint(102_500, 240_000))


def empty_text_part(subject: Subject) -> Injected:
    """Have nothing for who reads plain text."""
    return subject.known(text_part=subject.chance.choice(["", "\n", " \n\n"]))
