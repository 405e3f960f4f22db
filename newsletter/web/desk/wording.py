"""How the desk says things: the sign of a state, lines with what is said of them, and time that is left.

Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from newsletter.desk.preview import Preview
from newsletter.editions.states import State
from newsletter.language import Catalog

MOST_LINES = 1_200  # shown of a text: a page has an end


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a text, and what is said of it."""

    number: int
    text: str
    findings: Sequence[Mapping[str, str]] = ()

    @property
    def severity(self) -> str:
        """The worst of it; empty: nothing."""
        severities = {finding["severity"] for finding in self.findings}
        return "hold" if "hold" in severities else "warn" if severities else ""


def lines_of(text: str, shown: Preview, words: Catalog) -> list[Line]:
    """Return the lines of a text as a page shows them."""
    said: dict[int, list[Mapping[str, str]]] = {}
    for finding in shown.findings:
        line = finding["line"]
        if isinstance(line, int):
            said.setdefault(line, []).append(in_words(finding, words.tag))
    return [
        Line(number=number, text=line, findings=said.get(number, ()))
        for number, line in enumerate(text.split("\n")[:MOST_LINES], 1)
    ]


def in_words(finding: Mapping[str, Any], tag: str) -> dict[str, Any]:
    """Return a stored finding in one language."""
    return {
        "check": finding["check"],
        "severity": finding["severity"],
        "line": finding["line"],
        "message": finding["message"][tag],
        "remedy": finding["remedy"][tag],
    }


def kind_of_state(state: State | None) -> str:
    """Return the sign of a state: good, warn, bad, busy or calm."""
    match state:
        case State.READY | State.FINISHED:
            return "good"
        case State.HELD | State.CANCELLED:
            return "bad"
        case State.PAUSED | State.MISSING:
            return "warn"
        case State.SENDING:
            return "busy"
        case _:
            return "calm"


def left(words: Catalog, span: timedelta) -> str:
    """Say how long something is away: 13 小时, in 13 h; a past moment: 刚刚, now."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return words.say("desk.left.now")
    if minutes < 60:
        return words.say("desk.left.minutes", count=minutes)
    if minutes < 10 * 60 and minutes % 60:
        return words.say("desk.left.hours_minutes", hours=minutes // 60, minutes=minutes % 60)
    if minutes < 48 * 60:
        return words.say("desk.left.hours", count=round(minutes / 60))
    return words.say("desk.left.days", count=minutes // (24 * 60))


def ago(words: Catalog, span: timedelta) -> str:
    """Say how long ago something was."""
    if span < timedelta(minutes=1):
        return words.say("desk.ago.now")
    return words.say("desk.ago.past", span=left(words, span))
