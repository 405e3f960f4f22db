"""What a check found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"  # it works, and could be better or soon fail
    FAIL = "fail"  # mail does not go out, or does not arrive
    NOT_CHECKED = "not_checked"  # and the words say why


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A sentence in both languages."""

    en: str
    zh: str

    def __getitem__(self, language: str) -> str:
        return self.zh if language == "zh-CN" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One thing that was looked at."""

    check: str  # the id: spf, dkim, certificate …
    about: str  # the domain, host, file or newsletter
    health: Health
    says: Words
    remedy: Words | None = None


def both(text: str) -> tuple[str, str]:
    """Return what is the same in both languages: a command, a record."""
    return text, text


def ok(check: str, about: str, en: str, zh: str) -> Result:
    """Return a good result."""
    return Result(check=check, about=about, health=Health.OK, says=Words(en=en, zh=zh))


def bad(
    check: str, about: str, says: tuple[str, str], remedy: tuple[str, str], *, health: Health = Health.FAIL
) -> Result:
    """Return a bad result; ``says`` and ``remedy`` are English, then Chinese."""
    return Result(
        check=check,
        about=about,
        health=health,
        says=Words(en=says[0], zh=says[1]),
        remedy=Words(en=remedy[0], zh=remedy[1]),
    )


def warn(check: str, about: str, says: tuple[str, str], remedy: tuple[str, str]) -> Result:
    """Return a result that a person should know."""
    return bad(check, about, says, remedy, health=Health.WARN)


def not_checked(check: str, about: str, en: str, zh: str) -> Result:
    """Say why something was not looked at."""
    return Result(check=check, about=about, health=Health.NOT_CHECKED, says=Words(en=en, zh=zh))
