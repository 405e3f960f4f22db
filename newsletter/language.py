"""The interface's words: one catalog per language, beside this file in ``languages/*.toml``.

A catalog says short texts by key (``email.leave``), dates and weekdays. Values are filled in with
``{name}``; a text that counts has the forms ``one`` and ``other``. A key or a value that is missing
is a programming error and raises ``KeyError``: nothing falls back to another language in silence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from newsletter.errors import ConfigError

_FOLDER = resources.files("newsletter") / "languages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """One language's words. ``texts`` holds every string by its dotted key."""

    tag: str  # BCP 47, as in lang= and Content-Language
    direction: str  # ltr or rtl
    weekdays: tuple[str, ...]  # Monday first
    months: tuple[str, ...]
    texts: Mapping[str, str]

    def pattern(self, key: str, *, count: int | None = None) -> str:
        """Return the unfilled text of ``key``, in the form that fits ``count`` when it counts."""
        if count is None:
            return self.texts[key]
        return self.texts[f"{key}.one" if count == 1 else f"{key}.other"]

    def say(self, key: str, *, count: int | None = None, **values: object) -> str:
        """Return the text of ``key`` with ``values`` (and ``count``) filled in."""
        pattern = self.pattern(key, count=count)
        return pattern.format(count=count, **values) if count is not None else pattern.format(**values)

    def long_date(self, day: date) -> str:
        """Return ``day`` with its year: 2026年11月23日, November 23, 2026."""
        return self._date("date.long", day)

    def short_date(self, day: date) -> str:
        """Return ``day`` without its year: 11月23日, November 23."""
        return self._date("date.short", day)

    def weekday(self, day: date) -> str:
        """Return the name of the day of the week."""
        return self.weekdays[day.weekday()]

    def _date(self, key: str, day: date) -> str:
        month_name = self.months[day.month - 1]
        return self.say(key, year=day.year, month=day.month, month_name=month_name, day=day.day)


@cache
def catalog(tag: str) -> Catalog:
    """Return the catalog of ``tag``, or raise ``ConfigError`` with the languages there are."""
    if tag not in tags():
        raise ConfigError(f"there is no language {tag!r}; there are: {', '.join(tags())}")
    document = tomllib.loads((_FOLDER / f"{tag}.toml").read_text(encoding="utf-8"))
    date_words = document["date"]
    return Catalog(
        tag=tag,
        direction=document["language"]["direction"],
        weekdays=tuple(date_words.pop("weekdays")),
        months=tuple(date_words.pop("months")),
        texts=_flat(document),
    )


@cache
def tags() -> tuple[str, ...]:
    """Return the tag of every language there is, sorted."""
    return tuple(
        sorted(file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if file.name.endswith(".toml"))
    )


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            texts |= _flat(value, f"{prefix}{key}.")
        else:
            texts[prefix + key] = str(value)
    return texts
