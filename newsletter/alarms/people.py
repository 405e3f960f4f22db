"""Who is told at which level. Pure: from settings to names and addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.alarms.tables import Channel
from newsletter.config.alarms import AlarmSettings

NAME_LENGTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One way to reach somebody."""

    channel: Channel
    target: str  # an address, or a webhook's name
    name: str
    language: str  # empty: the newsletter's


def levels(settings: AlarmSettings) -> Mapping[int, Sequence[Listener]]:
    """Return who is told at each level, the first level first."""
    found: dict[int, list[Listener]] = {}

    def add(level: int, listener: Listener) -> None:
        there = found.setdefault(level, [])
        if (listener.channel, listener.target) not in {(each.channel, each.target) for each in there}:
            there.append(listener)

    level = 0
    for person in settings.people:
        level = person.level or level + 1
        name, language = person.name[:NAME_LENGTH], person.language
        if person.email:
            add(level, Listener(channel=Channel.EMAIL, target=person.email, name=name, language=language))
        if person.webhook:
            add(level, Listener(channel=Channel.WEBHOOK, target=person.webhook, name=name, language=language))
    for address in settings.email:
        name = address.partition("@")[0][:NAME_LENGTH]
        add(1, Listener(channel=Channel.EMAIL, target=address, name=name, language=""))
    theirs = {person.webhook for person in settings.people}
    for webhook in settings.webhooks:
        if webhook.name not in theirs:
            for each in webhook.levels:
                add(
                    each,
                    Listener(
                        channel=Channel.WEBHOOK,
                        target=webhook.name,
                        name=webhook.name,
                        language=webhook.language,
                    ),
                )
    return {number: found[number] for number in sorted(found)}


def after(reached: int, all_levels: Mapping[int, Sequence[Listener]]) -> int | None:
    """Return the level after one that was reached; None after the last."""
    return next((number for number in all_levels if number > reached), None)
