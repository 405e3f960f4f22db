"""Writes docs/configuration.md: every setting, from the settings themselves, in the words of config.toml."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from newsletter.config.settings import ENV_PREFIX, Settings
from tests.tools import ROOT

PAGE = ROOT / "docs" / "configuration.md"

# What config.toml leaves unsaid because the key says it, or shows only once.
OWN_WORDS = {
    (
        "",
        "public_url",
    ): "where readers reach us: the root of every link in an email; needed before real mail is sent",
    ("", "templates"): "a folder whose email templates replace ours, file by file",
    ("transport.file", "folder"): "where emails are written",
    ("transport.smtp", "host"): "the server that takes our mail",
    ("transport.smtp", "port"): "587 with starttls, 465 with tls, 25 with neither",
    ("transport.smtp", "username"): "empty: no login",
    ("transport.smtp", "weight"): "its share among several servers",
    ("transport.smtp.more", "host"): "one more server",
    ("transport.smtp.more", "port"): "as above",
    ("transport.smtp.more", "security"): "as above",
    ("transport.smtp.more", "username"): "as above",
    ("transport.smtp.more", "password"): "as above",
    ("transport.smtp.more", "connections"): "as above",
    ("transport.smtp.more", "weight"): "its share; 0: only when the others are away",
    ("transport.smtp.dkim", "domain"): "the domain of the sender's address, or one above it",
    ("transport.smtp.dkim", "selector"): "the name of the key in DNS",
    ("transport.smtp.dkim", "key"): "the file of the private key",
    ("transport.sendgrid", "ip_pool"): "which pool of addresses sends",
    ("transport.sendgrid.accounts", "name"): "what status and logs call it",
    ("transport.sendgrid.accounts", "ip_pool"): "as above",
    ("pacing.<lane>", "per_minute"): "copies, over all hosts",
    ("pacing.<lane>", "messages_per_connection"): "then a new connection",
    ("alarms.people", "name"): "who it is",
    ("alarms.people", "email"): "where alarms go",
    ("alarms.webhooks", "name"): "what people and logs call it",
    ("alarms.webhooks", "url"): "the address itself; better in a file",
    ("alarms.webhooks", "secret"): "signs what is posted; better in a file",
    ("alarms.webhooks", "language"): "the words of what is posted; empty: the newsletter's",
    ("mailbox", "host"): "the IMAP server",
    ("mailbox", "port"): "993 with tls, 143 with starttls",
    ("mailbox", "username"): "who logs in",
    ("mailbox", "folder"): "where mail comes in",
    ("mailbox", "poll_seconds"): "how often it is looked at",
    ("mailbox", "timeout_seconds"): "how long the server may take for one step",
    ("canaries.mailboxes", "name"): "what status calls it",
    ("canaries.mailboxes", "address"): "where its copy goes",
    ("canaries.mailboxes", "host"): "its IMAP server",
    ("canaries.mailboxes", "port"): "993 with tls, 143 with starttls",
    ("canaries.mailboxes", "password"): "better in a file",
    ("canaries.mailboxes", "folder"): "its inbox",
    ("web", "port"): "the port of `newsletter serve` and `run`",
    ("staff", "password_rounds"): "the rounds of one hash",
    ("staff", "remembered_days"): "log in again after so long, on a remembered device",
    ("webhooks", "name"): "what people and logs call it",
    ("webhooks", "url"): "the address itself; better in a file",
    ("webhooks", "secret"): "signs every post; better in a file",
    ("fetching", "ports"): "the only ports that are reached",
    ("backup", "passphrase"): "what backups are sealed with; better in a file",
    ("log", "keep_days"): "older files go",
    ("newsletters.<name>", "name"): "what readers call it",
    ("newsletters.<name>", "description"): "one line for the sign-up page and search engines",
    ("newsletters.<name>", "ping_url"): "fetched after every good morning of this one",
    ("newsletters.<name>.sender", "address"): "whom readers see; its domain must be yours",
    ("newsletters.<name>.sender", "reply_to"): "where answers go; empty: the sender",
    ("newsletters.<name>.schedule", "send_at"): "the hour, in the zone",
    ("newsletters.<name>.weekly", "day"): "its day",
    ("newsletters.<name>.gate", "severity"): "hold, warn or off, by the id of a check: see The gate",
    ("newsletters.<name>.gate", "longest_preheader"): "columns, a Han character takes two",
    ("newsletters.<name>.gate", "heaviest_image_bytes"): "a heavier one is warned of",
}

_SECTION = re.compile(r"(?:# )?\[{1,2}([a-z0-9_.]+)\]{1,2}\s*(?:# (.*))?")
_KEY = re.compile(r"(?:# )?([a-z0-9_-]+)(?: = (?P<value>.*?)|: (?P<instead>.*))(?:\s{2,}# (?P<words>.*))?")
_MORE = re.compile(r"(?:#?\s{12,})(?:# *)?(\S.*)")
_NAMES = {"newsletters.ai_daily": "newsletters.<name>", "pacing.qq": "pacing.<lane>"}
_PLAIN = {bool: "true or false", int: "number", float: "number", str: "text", Path: "path", time: "time"}

HEAD = """# Configuration

Every setting there is. This page is made from the settings themselves (`make docs`); the commented
`config.toml` is the same as a file to begin with. Paths are relative to that file. A key
that is not known is an error that names it, never a default.

`NEWSLETTER_SECTION__KEY` overrides a key, `NEWSLETTER_SECTION__KEY_FILE` reads it from a file: `{example}`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: where it stands, what it may be, and what it is without being set."""

    section: str
    name: str
    kind: str
    default: str


def settings(model: type[BaseModel] = Settings, section: str = "") -> Iterator[Setting]:
    """Yield all settings, a section's own before those of the sections in it."""
    inner: list[tuple[type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        found = _section_in(field.annotation)
        if found is None:
            yield Setting(section=section, name=name, kind=_kind(field.annotation), default=_default(field))
            continue
        within, keyed = found
        own = f"{section}.{name}" if section else name
        key = {"newsletters": ".<name>", "pacing": ".<lane>"}.get(own, ".<key>") if keyed else ""
        inner.append((within, own + key))
    for within, own in inner:
        yield from settings(within, own)


def words() -> Mapping[tuple[str, str], str]:
    """Return what config.toml says of each setting, by section and name."""
    said: dict[tuple[str, str], str] = {}
    section, last = "", None
    for line in (ROOT / "config.toml").read_text(encoding="utf-8").splitlines():
        if found := _SECTION.fullmatch(line):
            section, last = found[1], None
            for written, meant in _NAMES.items():
                section = re.sub(rf"^{re.escape(written)}\b", meant, section)
            if found[2]:
                said[section, ""] = found[2]
        elif (found := _KEY.fullmatch(line)) and not line.startswith(" "):
            last = (section, found[1].replace("-", "_"))
            said[last] = found["words"] or found["instead"] or ""
        elif last and (found := _MORE.fullmatch(line)):
            said[last] = f"{said[last]} {found[1]}".strip()
        else:
            last = None
    return {**OWN_WORDS, **{place: text for place, text in said.items() if text}}


def unknown() -> list[str]:
    """Return the keys of config.toml that are no settings."""
    known = {(each.section, each.name) for each in settings()}
    free = "newsletters.<name>.gate.severity"  # its keys are the ids of checks
    told = {place for place in words() if place[1] and place[0] != free}
    return sorted(f"{section}.{name}" for section, name in told - known)


def page() -> str:
    """Return the whole page."""
    said = words()
    parts = [HEAD.format(example=f"{ENV_PREFIX}TRANSPORT__SENDGRID__API_KEY_FILE")]
    current = None
    for each in settings():
        if each.section != current:
            current = each.section
            parts.append(f"\n## {_title(current)}\n")
            if about := said.get((current, "")):
                parts.append(f"\n{_sentence(about)}\n")
            parts.append("\n| key | may be | without it | what it is |\n|---|---|---|---|\n")
        about = said.get((each.section, each.name), "")
        parts.append(f"| `{each.name}` | {each.kind} | {each.default} | {_cell(_sentence(about))} |\n")
    return "".join(parts)


def _title(section: str) -> str:
    return f"`[{section}]`" if section else "At the top"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _section_in(kind: Any) -> tuple[type[BaseModel], bool] | None:
    """Return the section that a field holds, and whether it holds many by a name of one's own."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind, False
    origin, inner = get_origin(kind), get_args(kind)
    if origin is dict and isinstance(inner[1], type) and issubclass(inner[1], BaseModel):
        return inner[1], True
    if origin in (tuple, list, Union, types.UnionType):
        return next((found for each in inner if (found := _section_in(each))), None)
    return None


def _kind(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _kind(inner[0])
    if origin is Literal:
        return _either([str(each) for each in inner])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_kind(each) for each in inner if each is not type(None)))
    if origin in (tuple, list):
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"{_kind(inner[1])} by {_kind(inner[0])}"
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return _either([str(each.value) for each in kind])
        if issubclass(kind, SecretStr):
            return "secret"
        if issubclass(kind, date):
            return "date"
        return next((word for plain, word in _PLAIN.items() if kind is plain), "text")
    return "text"


def _either(choices: list[str]) -> str:
    shown = [f"`{each}`" if each else "empty" for each in choices]
    return ", ".join(shown[:-1]) + (" or " if len(shown) > 1 else "") + shown[-1]


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True) if not field.is_required() else PydanticUndefined
    if value is PydanticUndefined:
        return "*must be set*"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Enum):
        value = value.value
    if value is None or value in ("", (), [], {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(f"`{each.value if isinstance(each, Enum) else each}`" for each in value)
    return f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
