"""What an alarm says, in one language: the same sentences for mail, JSON and chat robots.

Pure: an alarm's facts and a catalog in, sentences out. A sentence whose facts are not all known is
replaced by a shorter one, or left out: an alarm never fails because of its words.
"""

from __future__ import annotations

import shlex
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any

from newsletter.alarms.cause import COMMANDS, Cause
from newsletter.language import Catalog

PROBLEMS_TOLD = 20
REPLIES_TOLD = 3
DETAILS_TOLD = 20


class Event(StrEnum):
    """Why somebody is written to."""

    RAISED = "raised"
    CHANGED = "changed"  # still wrong, in another way
    AGAIN = "again"  # still wrong, at a moment that matters
    ESCALATED = "escalated"  # nobody answered
    CLEARED = "cleared"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """An alarm as it is told now: the facts, without rows and without anybody's address."""

    cause: Cause
    event: Event
    newsletter: str  # its slug; empty: the whole installation
    name: str  # the newsletter's name
    day: date
    facts: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    alarm_id: int
    raised_at: datetime
    now: datetime
    zone: tzinfo
    next_at: datetime | None = None
    next_names: Sequence[str] = ()
    taken_by: str = ""
    url: str = ""  # where one can say "I have it"; empty: nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to change, with its place."""

    place: str
    text: str
    remedy: str

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        return f"{self.place}{self.text}" + (f" → {self.remedy}" if self.remedy else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is said. Empty parts are left out."""

    language: str
    direction: str
    name: str
    subject: str
    title: str
    paragraphs: tuple[str, ...]
    problems_title: str = ""
    problems: tuple[Problem, ...] = ()
    warnings_title: str = ""
    warnings: tuple[Problem, ...] = ()
    more: str = ""  # how many problems are not listed
    said_title: str = ""
    said: tuple[str, ...] = ()
    then_title: str = ""
    then: str = ""
    escalation: str = ""
    button: str = ""
    press: str = ""
    url: str = ""
    terminal: str = ""
    terminal_command: str = ""
    commands_title: str = ""
    commands: tuple[tuple[str, str], ...] = ()
    why: str = ""


def say(occasion: Occasion, words: Catalog) -> Message:
    """Return what ``occasion`` sounds like in the language of ``words``."""
    holds, warnings = _problems(occasion, words)
    values = _values(occasion, words)
    title = _title(occasion, words, values, len(holds))
    message = Message(
        language=words.tag,
        direction=words.direction,
        name=occasion.name,
        subject=title,
        title=title,
        paragraphs=(),
        why=words.say("alarm.why", name=occasion.name),
    )
    if occasion.event is Event.TEST:
        return replace(message, paragraphs=(words.say("alarm.test.lead"),))
    if occasion.event is Event.CLEARED:
        calm = words.say(
            "alarm.calm",
            raised=local(occasion.raised_at, occasion),
            cleared=local(occasion.now, occasion),
        )
        return replace(
            message,
            subject=words.say("alarm.cleared", title=title),
            paragraphs=(calm, *_because(occasion, words)),
        )
    lead = _sentence(words, f"alarm.{occasion.cause}.lead", values)
    is_still = occasion.event in (Event.CHANGED, Event.AGAIN)
    more = max(0, len(holds) - PROBLEMS_TOLD)
    said = _replies(occasion, words)
    commands = _commands(occasion, words, values)
    return replace(
        message,
        subject=words.say("alarm.still" if is_still else "alarm.action", title=title),
        paragraphs=(lead, *_because(occasion, words), *_details(occasion, words)),
        problems_title=words.say("alarm.problems", count=len(holds)) if holds else "",
        problems=tuple(holds[:PROBLEMS_TOLD]),
        warnings_title=words.say("alarm.warnings", count=len(warnings)) if warnings else "",
        warnings=tuple(warnings[:PROBLEMS_TOLD]),
        more=words.say("alarm.more", count=more) if more else "",
        said_title=words.say("alarm.said") if said else "",
        said=said,
        then_title=words.say("alarm.then"),
        then=_sentence(words, f"alarm.{occasion.cause}.then", values),
        escalation=_escalation(occasion, words),
        button=words.say("alarm.button") if occasion.url else "",
        press=words.say("alarm.press") if occasion.url else "",
        url=occasion.url,
        terminal=words.say("alarm.terminal"),
        terminal_command=f"newsletter alarms ack {occasion.alarm_id}",
        commands_title=words.say("alarm.commands") if commands else "",
        commands=commands,
    )


def local(moment: datetime, occasion: Occasion) -> str:
    """Return a moment as the people of a newsletter read it; with its day when that is another one."""
    there = moment.astimezone(occasion.zone)
    return f"{there:%H:%M}" if there.date() == occasion.day else f"{there:%m-%d %H:%M}"


def plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as they are stored: moments and dates as text that ``say`` reads again."""
    return {
        name: {"at": value.isoformat()} if isinstance(value, datetime) else _json(value)
        for name, value in facts.items()
    }


def _json(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(name): _json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    return str(value)


def _values(occasion: Occasion, words: Catalog) -> dict[str, str]:
    which = f"--newsletter {shlex.quote(occasion.newsletter)} --day {occasion.day.isoformat()}"
    kind = occasion.facts.get("kind", "daily")
    known = {
        "name": occasion.name,
        "date": words.short_date(occasion.day),
        "issue": words.texts.get(f"alarm.issue.{kind}", words.texts["alarm.issue.daily"]),
    }
    if occasion.newsletter:
        known["which"] = which
    return known | {
        name: _text(value, occasion)
        for name, value in occasion.facts.items()
        if value is not None and value != "" and not isinstance(value, list)
    }


def _text(value: Any, occasion: Occasion) -> str:
    if isinstance(value, Mapping):
        return local(datetime.fromisoformat(value["at"]), occasion) if "at" in value else ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return " ".join(f"{value:g}".split() if isinstance(value, float) else str(value).split())


def _fits(pattern: str, values: Mapping[str, str]) -> bool:
    return all(not name or name in values for _, name, _, _ in string.Formatter().parse(pattern))


def _sentence(words: Catalog, key: str, values: Mapping[str, str]) -> str:
    full = words.texts.get(f"{key}_full")
    pattern = full if full and _fits(full, values) else words.texts[key]
    return pattern.format(**values)


def _title(occasion: Occasion, words: Catalog, values: Mapping[str, str], holds: int) -> str:
    if occasion.event is Event.TEST:
        return words.say("alarm.test.title")
    key = f"alarm.{occasion.cause}.title"
    if key in words.texts:
        return words.texts[key].format(**values)
    return words.pattern(key, count=holds).format(**{**values, "count": holds})


def _problems(occasion: Occasion, words: Catalog) -> tuple[list[Problem], list[Problem]]:
    holds: list[Problem] = []
    warnings: list[Problem] = []
    for finding in occasion.findings:
        line = finding.get("line")
        problem = Problem(
            place=words.say("alarm.line", line=line) if line else "",
            text=_in_language(finding.get("message"), words) or str(finding.get("check", "")),
            remedy=_in_language(finding.get("remedy"), words),
        )
        (holds if finding.get("severity", "hold") == "hold" else warnings).append(problem)
    return holds, warnings


def _in_language(texts: Any, words: Catalog) -> str:
    if isinstance(texts, Mapping):
        return str(texts.get(words.tag) or next(iter(texts.values()), ""))
    return str(texts or "")


def _because(occasion: Occasion, words: Catalog) -> tuple[str, ...]:
    because = occasion.facts.get("because")
    return (words.say("alarm.because", because=_text(because, occasion)),) if because else ()


def _details(occasion: Occasion, words: Catalog) -> tuple[str, ...]:
    details = occasion.facts.get("details")
    return (
        tuple(
            # A sentence in each language, or what is the same in all.
            _in_language(each, words) if isinstance(each, Mapping) else _text(each, occasion)
            for each in details[:DETAILS_TOLD]
        )
        if isinstance(details, list)
        else ()
    )


def _replies(occasion: Occasion, words: Catalog) -> tuple[str, ...]:
    replies = occasion.facts.get("replies")
    if not isinstance(replies, list):
        return ()
    return tuple(
        words.say("alarm.said_line", reply=" ".join(str(reply).split()), times=f"{times:,}")
        for reply, times in replies[:REPLIES_TOLD]
    )


def _escalation(occasion: Occasion, words: Catalog) -> str:
    if occasion.taken_by:
        return words.say("alarm.taken", name=occasion.taken_by)
    if occasion.next_at is None or not occasion.next_names:
        return words.say("alarm.last")
    names = words.say("alarm.and").join(occasion.next_names)
    return words.say("alarm.next", time=local(occasion.next_at, occasion), names=names)


def _commands(occasion: Occasion, words: Catalog, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = [
        (words.say(f"alarm.command.{key}"), command.format(**values))
        for key, command in COMMANDS.get(occasion.cause, ())
        if _fits(command, values)
    ]
    own = occasion.facts.get("command")
    if isinstance(own, str) and own:
        found.append((words.say("alarm.command.own"), own))
    return tuple(found)


def written(message: Message) -> str:
    """Return a message as lines of light Markdown, which chat robots understand and people can read."""
    blocks = ["\n\n".join(message.paragraphs)]
    if message.problems:
        lines = [f"{n}. {problem.sentence}" for n, problem in enumerate(message.problems, 1)]
        blocks.append("\n".join([message.problems_title, *lines, *([message.more] if message.more else [])]))
    if message.warnings:
        lines = [f"- {problem.sentence}" for problem in message.warnings]
        blocks.append("\n".join([message.warnings_title, *lines]))
    if message.said:
        blocks.append("\n".join([message.said_title, *(f"- {reply}" for reply in message.said)]))
    if message.then:
        blocks.append(
            "\n".join(filter(None, (f"**{message.then_title}**", message.then, message.escalation)))
        )
    if message.url:
        blocks.append(f"[{message.button}]({message.url})")
    if message.commands:
        blocks.append("\n".join(f"{what} `{command}`" for what, command in message.commands))
    if message.terminal:
        blocks.append(f"{message.terminal} `{message.terminal_command}`")
    return "\n\n".join(blocks)
