"""How many stories there are: not far from the usual, and not fewer than the text announces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.headlines import headlines_of
from newsletter.editions.gate.passages import Place, unquoted

EDITIONS = 14  # that make the band
_FEWEST_EDITIONS = 5  # before there is a band
_ZH = "一二两三四五六七八九十"
_COUNT = rf"(?P<count>\d{{1,2}}|[{_ZH}]{{1,3}})"
_NEWS = r"(?:新闻|要闻|资讯|动态|消息|快讯|热点|头条|大事|故事|简讯|看点)"
_ANNOUNCED = re.compile(
    # 今天为您精选 12 条；以下 10 条 AI 新闻；共八条
    rf"(?:今天|今日|今早|本期|以下|下面|精选|筛选|整理|汇总|盘点|带来|速览|一共|总共|共有?|全部|奉上"
    rf"|送上|读完|看完|早间要闻)"
    rf"[^。！!？?；;\d{_ZH}]{{0,12}}?{_COUNT}\s*(?:条|则|篇)(?!件|款|例|约|律|规|理|目|路|线|消息称)"
    # 12 条新闻；十则 AI 动态
    rf"|(?<![\d第.])(?<!\d[,，]){_COUNT.replace('count', 'news')}\s*(?:条|则|篇|大"
    rf"|个)[^，。！!？?；;：:\d]{{0,10}}?{_NEWS}(?!稿|发布会|网|社|联播|中心)"
    r"|\b(?P<english>\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty)\s+"
    r"(?:\w+\s+){0,3}?(?:stories|items|headlines|picks)\b",
    re.I,
)
_ENGLISH = {
    name: number
    for number, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"fifteen": 15, "twenty": 20}


def unusual_counts(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a digest with far fewer or far more stories than the last ones had."""
    counts = [edition.story_count for edition in (evidence.recent or ())[:EDITIONS]]
    count = len(evidence.digest.stories)
    if len(counts) < _FEWEST_EDITIONS or not count:
        return
    widening = evidence.policy.band_percent / 100
    fewest, most = min(counts) * (1 - widening), max(counts) * (1 + widening)
    if not fewest <= count <= most:
        usual = f"{min(counts)}–{max(counts)}" if min(counts) != max(counts) else f"{min(counts)}"
        yield Remark(
            line=None,
            message_zh=f"有 {count} 条新闻，而最近 {len(counts)} 期是 {usual} 条",
            message_en=f"It has {count} stories, and the last {len(counts)} editions had {usual}",
            remedy_zh="请看看是否缺了一截，或混进了别的内容",
            remedy_en="See whether a part is missing, or something else got in",
        )


def fewer_than_announced(evidence: Evidence) -> Iterator[Remark]:
    """Remark on a digest that promises more stories than it has; what was left out on purpose counts."""
    digest = evidence.digest
    count = len(digest.stories)
    if digest.is_essay or not count:
        return
    announced_counts = list(announcements(evidence))
    for line, announced in announced_counts:
        # 从 30 条新闻里精选 5 条: one number of the line is right, and the other is about something else.
        if announced > count + evidence.dropped and (line, count) not in announced_counts:
            yield Remark(
                line=line,
                message_zh=f"这里说有 {announced} 条，实际只有 {count} 条",
                message_en=f"This announces {announced} stories, and there are {count}",
                remedy_zh="请补上缺的新闻，或改正条数",
                remedy_en="Write the missing stories, or mend the number",
            )
            return


def announcements(evidence: Evidence) -> Iterator[tuple[int | None, int]]:
    """Yield (line, number) of what the frame around the stories says about how many there are."""
    texts = [
        (passage.line, unquoted(passage.text))
        for passage in evidence.passages
        if passage.place in (Place.INTRO, Place.LEAD) and not passage.is_quote
    ]
    for line, text in [*texts, *headlines_of(evidence)]:
        for found in _ANNOUNCED.finditer(text):
            words = found["count"] or found["news"]
            yield (
                line,
                _number(words)
                if words
                else _ENGLISH.get(found["english"].lower(), 0)
                or int(found["english"] if found["english"].isdecimal() else 0),
            )


def _number(words: str) -> int:
    if words.isdecimal():
        return int(words)
    digits = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
    if "十" not in words:
        return digits.get(words[-1], 0)
    tens, _, ones = words.partition("十")
    return digits.get(tens, 1) * 10 + digits.get(ones, 0)
