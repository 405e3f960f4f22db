"""What an entry of the log says beyond its act, in the words of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsletter.language import Catalog
from newsletter.people.audit import COMMAND_LINE
from newsletter.people.people import FIRST_ADMIN
from newsletter.people.tables import AuditEntry

_VIAS = {COMMAND_LINE: "staff.audit.command_line", FIRST_ADMIN.via: "staff.audit.one_time_link"}


def said(entry: AuditEntry, words: Catalog, names: Mapping[int, str]) -> list[tuple[str, str]]:
    """Return the facts of an entry, each as its label and its value; what says nothing is left out."""
    return [
        (words.texts.get(f"staff.fact.{name}", name), _value(name, value, words, names))
        for name, value in entry.facts.items()
        if value not in (None, "", [], {}, False, 0)
    ]


def via(entry: AuditEntry, words: Catalog) -> str:
    """Return by which way somebody acted, where it was no page."""
    key = _VIAS.get(entry.via)
    return words.say(key) if key else entry.via


def _value(name: str, value: Any, words: Catalog, names: Mapping[int, str]) -> str:
    if value is True:
        return words.say("staff.audit.yes")
    if name == "role":
        return words.texts.get(f"staff.role.{value}", str(value))
    if name == "person" and isinstance(value, int):
        return names.get(value, str(value))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return str(value)
