"""Faults of stories: none, without link or text, twice, too many or too few."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.gate_corpus.injectors.base import Injected, Subject
from tests.gate_corpus.page import Span
from tests.gate_corpus.phrases import han_number

_SOURCE = re.compile(r"\s*\[(?:来源|原文链接)\]\([^)\s]*\)")
_NUMBER = re.compile(r"(\d+)([.、])")


def no_stories(subject: Subject) -> Injected | None:
    """Leave nothing but the front matter and a line that says so, or not even that."""
    page = subject.page
    said = subject.chance.choice(["今天没有新闻。", "暂无内容", "——", "今日休刊"])
    if subject.context.language == "en":
        said = subject.chance.choice(["No stories today.", "Nothing yet.", "—"])
    head = page.lines[: page.front_end]
    return Injected(markdown="\n".join([*head, "", said]) + "\n", context=subject.context)


def story_without_link(subject: Subject) -> Injected | None:
    """Take one story's link away."""
    page = subject.page
    if len(page.stories) < 3:
        return None
    span = subject.chance.choice(page.stories)
    for number in range(span.first, span.last + 1):
        line = page.lines[number - 1]
        if not span.url or f"]({span.url})" not in line:
            continue
        if line.startswith("🔗"):
            return Injected(
                markdown=page.without(number, number), context=subject.context, lines=(span.first,)
            )
        bare = _SOURCE.sub("", line)
        if bare == line:
            bare = line.replace(f"]({span.url})", "").replace("[", "", 1)
        return subject.written(page.with_line(number, bare))
    return None


def story_without_body(subject: Subject) -> Injected | None:
    """Take one story's text away, and leave its title and link."""
    page = subject.page
    if len(page.stories) < 3:
        return None
    with_text = [span for span in page.stories if _text_starts(subject, span)]
    if len(with_text) < len(page.stories):
        return None
    span = subject.chance.choice(with_text)
    return Injected(
        markdown=page.without(_text_starts(subject, span) or 0, span.last),
        context=subject.context,
        lines=(span.first,),
    )


def _text_starts(subject: Subject, span: Span) -> int | None:
    """Return the line on which a story's text starts, when it has lines of its own."""
    lines = subject.page.lines
    start = span.first + (2 if lines[span.first - 1].startswith("📌") else 1)
    return start if start <= span.last else None


def duplicate_story(subject: Subject) -> Injected | None:
    """Tell one story again, at the end: word for word, or with the same link or title."""
    page, chance = subject.page, subject.chance
    if len(page.stories) < 3:
        return None
    span, end = chance.choice(page.stories[:-1]), page.stories[-1]
    block = page.lines[span.first - 1 : span.last]
    if found := _NUMBER.match(block[0]):
        block = [f"{len(page.stories) + 1}{found[2]}{block[0][found.end() :]}", *block[1:]]
    match chance.randrange(3):
        case 1 if span.url:  # found at two places on the web
            block = [line.replace(f"]({span.url})", "](https://zhuanzai.example/n/1)") for line in block]
        case 2 if span.title and span.title in block[0]:
            title = "再说一遍：" if subject.context.language != "en" else "Once more: "
            block = [block[0].replace(span.title, title + span.title, 1), *block[1:]]
    gap = [] if block[0].startswith("- ") else [""]
    written = page.with_lines(end.last, *gap, *block)
    again = end.last + len(gap) + 1
    return Injected(
        markdown=written.markdown,
        context=subject.context,
        lines=tuple({span.first, *range(again, again + len(block))}),
    )


def unusual_count(subject: Subject) -> Injected | None:
    """Let the last editions have had many more stories, or many fewer."""
    count, recent = len(subject.page.digest.stories), subject.context.recent
    if not recent:
        return None
    if count >= 8 and subject.chance.random() < 0.5:
        counts = [subject.chance.randint(max(1, count // 4), count // 3) for _ in recent]
    else:
        counts = [subject.chance.randint(3 * count, 4 * count) for _ in recent]
    return subject.known(
        recent=tuple(replace(sent, story_count=n) for sent, n in zip(recent, counts, strict=True))
    )


def announced_count(subject: Subject) -> Injected | None:
    """Promise more stories than there are."""
    page, chance = subject.page, subject.chance
    if not page.stories:
        return None
    number = len(page.stories) + chance.randint(2, 9)
    said = chance.choice(subject.phrases.announced)
    written = page.opened_with(said.format(n=number, zh=han_number(number)))
    return subject.written(written)
