"""Faults of wording: chatter, slots nobody filled, Markdown that shows, labels that are missing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.gate_corpus.injectors.base import Injected, Subject

_ADVERT = re.compile(r"赞助|广告|推广|[Ss]ponsor")
_AI = re.compile(r"AI|人工智能")


def chatter(subject: Subject) -> Injected | None:
    """Let a language model talk to its operator: above, inside or below the news."""
    page, chance, said = subject.page, subject.chance, subject.phrases
    match chance.randrange(3):
        case 0:
            return subject.written(page.opened_with(chance.choice(said.chatter_opening)))
        case 1:
            return subject.written(page.told(chance.choice(said.chatter_inside), chance))
        case _:
            return subject.written(page.closed_with(chance.choice(said.chatter_closing)))


def placeholder(subject: Subject) -> Injected | None:
    """Leave a slot unfilled, or what a program wrote instead of a value."""
    page, chance, said = subject.page, subject.chance, subject.phrases
    way = chance.randrange(4)
    if page.stories and way == 0:
        span, title = chance.choice(page.stories), chance.choice(said.titles)
        line = page.lines[span.first - 1]
        if span.title and span.title in line:
            return subject.written(page.with_line(span.first, line.replace(span.title, title, 1)))
    if page.stories and way == 1:
        return subject.written(page.with_url(chance.choice(page.stories), chance.choice(said.addresses)))
    paragraph = chance.choice(said.paragraphs)
    return subject.written(page.opened_with(paragraph) if way == 2 else page.told(paragraph, chance))


def literal_markdown(subject: Subject) -> Injected | None:
    """Write Markdown that stays as it is written."""
    zh = [
        "其中**最关键的一步没有写完，读者会看到星号。",
        "结论是** 先小后大 **，这是编辑部的看法。",
        "##重点提示",
        "详见[完整报告](https://baogao.example/full",
        "延伸阅读：[完整报告] (https://baogao.example/full)",
        "核心数据是__百分之四十，比去年低。",
        "![现场照片](https://img.baogao.example/a.jpg",
    ]
    en = [
        "The **most important step is missing its end.",
        "The answer is** small first **, says the author.",
        "##Highlights",
        "See [the full report](https://report.example/full",
        "More in [the full report] (https://report.example/full)",
        "![the scene](https://img.report.example/a.jpg",
    ]
    text = subject.chance.choice(en if subject.context.language == "en" else zh)
    return subject.written(subject.page.told(text, subject.chance))


def unsafe_html(subject: Subject) -> Injected | None:
    """Leave HTML that does something."""
    html = subject.chance.choice(
        [
            "<script>document.title = 1</script>",
            '<iframe src="https://player.example/1"></iframe>',
            '<form action="https://form.example/"><input name="q"></form>',
            '<p onclick="location.href=1">展开</p>',
            '<a href="javascript:void(0)">展开</a>',
            '<object data="https://player.example/1.swf"></object>',
            "<style>body { display: none }</style>",
        ]
    )
    return subject.written(subject.page.closed_with(html))


def missing_advert_label(subject: Subject) -> Injected | None:
    """Say in the text that somebody paid for it, and nowhere else."""
    return _unlabelled(subject, "sponsored", _ADVERT, subject.phrases.advert)


def missing_ai_label(subject: Subject) -> Injected | None:
    """Say in the text that a machine wrote it, and nowhere else."""
    return _unlabelled(subject, "ai_generated", _AI, subject.phrases.ai)


def _unlabelled(subject: Subject, key: str, says: re.Pattern[str], phrases: Sequence[str]) -> Injected | None:
    page, chance = subject.page, subject.chance
    if at := page.key_line(key):
        said = [n for n in range(page.front_end + 1, len(page.lines) + 1) if says.search(page.lines[n - 1])]
        return Injected(
            markdown=page.without(at, at), context=subject.context, lines=tuple(n - 1 for n in said)
        )
    phrase = chance.choice(phrases)
    return subject.written(page.opened_with(phrase) if chance.random() < 0.6 else page.closed_with(phrase))


def wrong_language(subject: Subject) -> Injected | None:
    """Send it to readers of the other language."""
    return subject.known(language="zh-CN" if subject.context.language == "en" else "en")
