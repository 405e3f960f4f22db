"""A digest must greet its readers on the day it reaches them, with the right day of the week.

What the frame around the stories says about today is checked; a story may speak of any day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from newsletter.digests.phrases import is_greeting, is_masthead
from newsletter.editions.gate.dates import WEEKDAY_EN, WEEKDAY_ZH, Written, dates_in, name_of, weekday_of
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of, line_of
from newsletter.editions.gate.passages import Passage, unquoted

_TODAY = re.compile(
    r"(?:今天|今日|现在|今儿)\s*(?:是|为|[（(:：,，|｜])?\s*(?:北京时间|公历|公元)?\s*$"
    r"|\b(?:today(?:'s|’s| is)?(?:\s+date)?(?:\s+is)?|it(?:'s|’s| is))\s*[,:(]?\s*(?:the\s+)?$",
    re.I,
)
_STARTS_WITH_TODAY = re.compile(r"\s*(?:今天是|今日是|today is\b)", re.I)
_GREETED = re.compile(r"^[^。！!？?]{0,24}[，,。！!\s]\s*$")
_ANOTHER = re.compile(r"昨|前|明|后天|yesterday|tomorrow|last|next", re.I)
_TODAYS_WEEKDAY = re.compile(
    rf"(?:今天|今日)\s*(?:是|为|[（(])\s*(?P<zh>{WEEKDAY_ZH})(?![A-Za-z])"
    rf"|\b(?:today is|it(?:'s|’s| is)|happy)\s+(?P<en>{WEEKDAY_EN})\b(?!,?\s+(?:jan|feb|mar|apr|may|jun"
    rf"|jul|aug|sep|oct|nov|dec|\d))",
    re.I,
)
_AROUND_DATE = re.compile(
    r"^[\s>#*|｜·【】\[\]()（）:：,，.—-]*$|^[\s（(]*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?\s*(?:am|pm)?[)）\s]*$",
    re.I,
)
_SEPARATORS = "|｜·•-—–/(（[【:：,，"
_PAPER = re.compile(
    r"速递|日报|早报|晚报|午报|周报|快讯|简报|资讯|要闻|早读|晚读|夜读|晨读|早餐|早知道|最新动态|新闻"
    r"|daily|digest|newsletter|briefing|news\b",
    re.I,
)


def wrong_day(evidence: Evidence) -> Iterator[Remark]:
    """Remark on front matter, a title, a dateline and a greeting that name another day."""
    day = evidence.day
    if day is None:
        return
    fits = {day, day - timedelta(days=1)} if evidence.policy.evening_before else {day}
    if evidence.digest.day not in fits:
        yield _remark(_front_line(evidence), f"{evidence.digest.day}", day, "日期", "date")
    for line, text in headlines_of(evidence):
        dates = dates_in(text, near=day, short=True)
        if dates and _is_dated_masthead(text, dates) and not any(each.day in fits for each in dates):
            yield _remark(line, dates[0].text, day, "标题", "title")
    for passage in evidence.passages:
        yield from _in_passage(passage, day, fits)


def wrong_weekday(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a day of the week that the date beside it, or today, does not have."""
    day = evidence.day or evidence.digest.day
    frame = [(line, text) for line, text in headlines_of(evidence) if is_masthead(text)]
    frame += [
        (passage.line, unquoted(passage.text)) for passage in evidence.passages if not passage.is_in_story
    ]
    seen: set[str] = set()
    for line, text in frame:
        for written in dates_in(text, near=day):
            if written.weekday is None or written.day is None or written.day.weekday() == written.weekday:
                continue
            if written.text not in seen:
                seen.add(written.text)
                yield _weekday_remark(line, written.text, written.day)
        found = _TODAYS_WEEKDAY.search(text)
        if found and evidence.day and weekday_of(found["zh"] or found["en"]) != day.weekday():
            yield _weekday_remark(line, found[0], day)


def _in_passage(passage: Passage, day: date, fits: set[date]) -> Iterator[Remark]:
    text = unquoted(passage.text)
    for written in dates_in(text, near=day):
        before = text[: written.start]
        if written.day != day and _says_today(before, in_story=passage.is_in_story):
            yield _remark(passage.line, written.text, day, "问候", "greeting")
            return
        alone = _AROUND_DATE.match(before) and _AROUND_DATE.match(text[written.end :])
        if alone and written.has_year and not passage.is_in_story and written.day not in fits:
            yield _remark(passage.line, written.text, day, "日期行", "dateline")
            return


def _says_today(before: str, *, in_story: bool) -> bool:
    """Say whether what stands before a date makes it the date of today."""
    if _TODAY.search(before):
        # In a story, 今天（5月9日） is its source's today.
        return not in_story or is_greeting(before) or bool(_STARTS_WITH_TODAY.match(before))
    return is_greeting(before) and bool(_GREETED.match(before)) and not _ANOTHER.search(before)


def _is_dated_masthead(text: str, dates: list[Written]) -> bool:
    """Say whether the date in a title is the digest's, and not that of something it tells of."""
    first, last = dates[0], dates[-1]
    before, after = text[: first.start], text[last.end :]
    if _AROUND_DATE.match(before) and _AROUND_DATE.match(after):
        return True
    ends, starts = not after.strip("】])）》 "), not before.strip("【[(（《 ")
    if _PAPER.search(text) and (starts or ends or first.has_year):
        return True
    # 咖啡 · 3月1日 is a title with its date; 谷歌大会定档 5月20日 is news.
    return (ends and before.rstrip()[-1:] in tuple(_SEPARATORS)) or (first.has_year and (starts or ends))


def _front_line(evidence: Evidence) -> int | None:
    return line_of(evidence.digest, "date:") if evidence.digest.front.date else None


def _remark(line: int | None, written: str, day: date, what_zh: str, what_en: str) -> Remark:
    zh, en = name_of(day.weekday())
    return Remark(
        line=line,
        message_zh=f"{what_zh}写的是 {written}，而这期在 {day} 发出",
        message_en=f"The {what_en} says {written}, and it goes out on {day}",
        remedy_zh=f"请改成 {day.year}年{day.month}月{day.day}日（{zh}），并确认内容是当天的",
        remedy_en=f"Write {day} ({en}), and make sure that the stories are of that day",
    )


def _weekday_remark(line: int | None, written: str, day: date) -> Remark:
    zh, en = name_of(day.weekday())
    return Remark(
        line=line,
        message_zh=f"“{written}”的星期不对：{day} 是{zh}",
        message_en=f"The weekday in “{written}” is wrong: {day} is a {en}",
        remedy_zh=f"请改成{zh}，或改正日期",
        remedy_en=f"Write {en}, or mend the date",
    )
