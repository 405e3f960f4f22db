"""A digest's Markdown as an editor sees it: front matter, the lines of each story, and places to write.

Lines count from 1. Every change gives a new text and the line of what was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from random import Random

from newsletter.digests.digest import Digest
from newsletter.digests.reader import read
from tests.gate_corpus.context import Context
from tests.gate_corpus.zones import SHANGHAI

_ENDS_STORY = re.compile(r"---\s*$|#{1,4} |\*\*(?:今晚一句|One thought)|```")
_TITLE_LINE = re.compile(r"# |\d{4}年\d{1,2}月\d{1,2}日 \S+$")


@dataclass(frozen=True, slots=True)
class Written:
    """A text after a change, and the line of it; None when the change is the whole text's."""

    markdown: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Span:
    """The lines of one story, both ends included."""

    first: int
    last: int
    url: str | None
    title: str


@dataclass(frozen=True)
class Page:
    """A good digest that is about to be spoilt."""

    markdown: str
    context: Context

    @cached_property
    def lines(self) -> list[str]:
        return self.markdown.rstrip("\n").split("\n")

    @cached_property
    def digest(self) -> Digest:
        return read(
            self.markdown.encode(),
            file=f"{self.context.day}.md",
            newsletter_name=self.context.newsletter,
            tz=SHANGHAI,
            default_day=self.context.day,
        )

    @cached_property
    def front_end(self) -> int:
        """The line that closes the front matter; 0 without one."""
        fence = self.lines[0]
        return self.lines.index(fence, 1) + 1 if fence in ("---", "+++") else 0

    @property
    def is_toml(self) -> bool:
        return self.lines[0] == "+++"

    @cached_property
    def stories(self) -> list[Span]:
        """Every story, but not an essay."""
        if self.digest.is_essay:
            return []
        starts = [story.line for story in self.digest.stories]
        spans = []
        for story, end in zip(self.digest.stories, [*starts[1:], len(self.lines) + 1], strict=True):
            last = story.line
            for number in range(story.line + 1, end):
                if _ENDS_STORY.match(self.lines[number - 1]):
                    break
                if self.lines[number - 1].strip():
                    last = number
            spans.append(Span(story.line, last, story.url, story.title_text))
        return spans

    def with_line(self, number: int, text: str) -> Written:
        """Replace one line."""
        return Written("\n".join([*self.lines[: number - 1], text, *self.lines[number:]]) + "\n", number)

    def with_lines(self, after: int, *texts: str) -> Written:
        """Write lines after line ``after``; the place is that of the last that is not empty."""
        written = after + max(at for at, text in enumerate(texts, start=1) if text.strip())
        return Written("\n".join([*self.lines[:after], *texts, *self.lines[after:]]) + "\n", written)

    def without(self, first: int, last: int) -> str:
        """Take lines away."""
        return "\n".join([*self.lines[: first - 1], *self.lines[last:]]) + "\n"

    def with_key(self, key: str, value: str) -> Written:
        """Set a key of the front matter, which may not be there yet."""
        entry = f"{key} = {value}" if self.is_toml else f"{key}: {value}"
        if not self.front_end:
            return Written("\n".join(["---", entry, "---", "", *self.lines]) + "\n", 2)
        for number in range(2, self.front_end):
            if re.match(rf"{key}\s*[:=]", self.lines[number - 1]):
                return self.with_line(number, entry)
        return self.with_lines(self.front_end - 1, entry)

    def key_line(self, key: str) -> int | None:
        """Return the line of a key of the front matter."""
        found = (n for n in range(2, self.front_end) if re.match(rf"{key}\s*[:=]", self.lines[n - 1]))
        return next(found, None)

    def opened_with(self, text: str) -> Written:
        """Write a paragraph above everything but a title."""
        at = self.front_end
        while at < len(self.lines) and not self.lines[at].strip():
            at += 1
        if _TITLE_LINE.match(self.lines[at]):
            return self.with_lines(at + 1, "", text, "")
        return self.with_lines(at, text, "")

    def closed_with(self, text: str) -> Written:
        """Write a paragraph at the end."""
        return self.with_lines(len(self.lines), "", text)

    def told(self, text: str, chance: Random) -> Written:
        """Write a paragraph into one story, or into an essay."""
        if not self.stories:
            gaps = [n for n in range(self.front_end + 2, len(self.lines)) if not self.lines[n - 1].strip()]
            return self.with_lines(chance.choice(gaps), text, "")
        span = chance.choice(self.stories)
        first, last = self.lines[span.first - 1], self.lines[span.last - 1]
        if first.startswith("📌"):
            return self.with_lines(span.last, text)
        if first.startswith("- "):
            return self.with_lines(span.last, f"  {text}")
        indent = (
            len(last) - len(last.lstrip()) if span.last > span.first else 3 * bool(re.match(r"\d+\. ", first))
        )
        return self.with_lines(span.last, "", " " * indent + text)

    def with_url(self, span: Span, url: str) -> Written | None:
        """Let a story lead elsewhere; None when its link is not written as one."""
        for number in range(span.first, span.last + 1):
            line = self.lines[number - 1]
            if span.url and f"]({span.url})" in line:
                return self.with_line(number, line.replace(f"]({span.url})", f"]({url})"))
        return None
