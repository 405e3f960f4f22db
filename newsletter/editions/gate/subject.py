"""Subject and preheader: what a reader sees before opening anything."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import line_of


def empty_subject(evidence: Evidence) -> Iterator[Remark]:
    """Remark on an email without a subject."""
    if evidence.subject is not None and not _letters(evidence.subject):
        yield Remark(
            line=_subject_line(evidence),
            message_zh="邮件没有主题",
            message_en="The email has no subject",
            remedy_zh="请在开头的信息里写 title 或 subject",
            remedy_en="Write a title or a subject in the front matter",
        )


def long_subject(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a subject of which a phone shows only the start."""
    most, width = evidence.policy.longest_subject, columns(evidence.subject or "")
    if most < width <= 2 * most:
        yield Remark(
            line=_subject_line(evidence),
            message_zh=f"主题有 {width} 列宽（一个汉字占两列），超过 {most}",
            message_en=f"The subject is {width} columns wide (a Han character takes two); {most} is the most",
            remedy_zh="请缩短，最要紧的写在最前面",
            remedy_en="Shorten it, and put what matters first",
        )


def endless_subject(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a subject so long that something else has got into it."""
    most, width = 2 * evidence.policy.longest_subject, columns(evidence.subject or "")
    if width > most:
        yield Remark(
            line=_subject_line(evidence),
            message_zh=f"主题有 {width} 列宽，像是混进了正文",
            message_en=f"The subject is {width} columns wide; some of the text seems to have got into it",
            remedy_zh="请在开头的信息里写一句短的 subject",
            remedy_en="Write a short subject in the front matter",
        )


def repeated_subject(evidence: Evidence) -> Iterator[Remark]:
    """Remark on the subject of the edition before, unless this newsletter never changes it."""
    before = [_letters(edition.subject) for edition in (evidence.recent or ())[:2]]
    subject = _letters(evidence.subject or "")
    if not subject or before[:1] != [subject] or before[1:] == [subject]:
        return
    last = max(edition.day for edition in evidence.recent or ())
    yield Remark(
        line=_subject_line(evidence),
        message_zh=f"主题和 {last} 那期一样",
        message_en=f"The subject is that of the edition of {last}",
        remedy_zh="请换一个主题，并确认内容是今天的",
        remedy_en="Write another, and make sure that the stories are of today",
    )


def empty_preheader(evidence: Evidence) -> Iterator[Remark]:
    """Remark on an email without the words that a list of mails shows beside the subject."""
    if evidence.preheader is not None and not _letters(evidence.preheader):
        yield Remark(
            line=None,
            message_zh="没有预览文字，收件箱里会显示别的内容",
            message_en="There is no preheader, and the list of mails shows something else in its place",
            remedy_zh="请写 description，或在新闻前写一段导语",
            remedy_en="Write a description, or an introduction before the stories",
        )


def long_preheader(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a preheader that no list of mails shows whole."""
    most, width = evidence.policy.longest_preheader, columns(evidence.preheader or "")
    if width > most:
        yield Remark(
            line=line_of(evidence.digest, evidence.digest.front.description or ""),
            message_zh=f"预览文字有 {width} 列宽，超过 {most}",
            message_en=f"The preheader is {width} columns wide; {most} is the most",
            remedy_zh="请缩短 description",
            remedy_en="Shorten the description",
        )


def columns(text: str) -> int:
    """Return how wide a text is where a Han character takes two columns."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _letters(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def _subject_line(evidence: Evidence) -> int | None:
    front = evidence.digest.front
    return line_of(evidence.digest, front.subject or evidence.digest.title)
