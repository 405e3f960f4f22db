"""What SendGrid would find wrong in the body of ``POST /v3/mail/send``. Pure.

The rules are those of Twilio's OpenAPI, the limits and rules it leaves out, and a few that are
stricter than the real service on purpose: an unknown key is an error, and so are empty headers or
substitutions. Every error names its field as SendGrid does: ``personalizations.7.to.0.email``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_PERSONALIZATIONS = 1000
MOST_RECIPIENTS = 1000
MOST_SUBSTITUTIONS = 150
MOST_BYTES = 10_000  # of substitutions, and of custom_args, for one recipient
LONGEST_DELAY = 72 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of the ``errors`` in an answer."""

    field: str | None
    message: str


class _Strings:
    """An object whose keys are free and whose values are strings."""


# A type, [item], {key: rule} with a "!" after a key that must be there, or _Strings.
_MAILBOX = {"email!": str, "name": str}
_SWITCH = {"enable": bool}
_PERSONALIZATION = {
    "from": _MAILBOX,
    "to!": [_MAILBOX],
    "cc": [_MAILBOX],
    "bcc": [_MAILBOX],
    "subject": str,
    "headers": _Strings,
    "substitutions": _Strings,
    "dynamic_template_data": dict,
    "custom_args": _Strings,
    "send_at": int,
}
_BODY = {
    "personalizations!": [_PERSONALIZATION],
    "from!": _MAILBOX,
    "reply_to": _MAILBOX,
    "reply_to_list": [_MAILBOX],
    "subject": str,
    "content": [{"type!": str, "value!": str}],
    "attachments": [
        {"content!": str, "type": str, "filename!": str, "disposition": str, "content_id": str},
    ],
    "template_id": str,
    "headers": _Strings,
    "categories": [str],
    "custom_args": _Strings,
    "send_at": int,
    "batch_id": str,
    "asm": {"group_id!": int, "groups_to_display": [int]},
    "ip_pool_name": str,
    "mail_settings": {
        "bypass_list_management": _SWITCH,
        "bypass_spam_management": _SWITCH,
        "bypass_bounce_management": _SWITCH,
        "bypass_unsubscribe_management": _SWITCH,
        "footer": {"enable": bool, "text": str, "html": str},
        "sandbox_mode": _SWITCH,
    },
    "tracking_settings": {
        "click_tracking": {"enable": bool, "enable_text": bool},
        "open_tracking": {"enable": bool, "substitution_tag": str},
        "subscription_tracking": {"enable": bool, "text": str, "html": str, "substitution_tag": str},
        "ganalytics": {
            "enable": bool,
            **dict.fromkeys(("utm_source", "utm_medium", "utm_term", "utm_content", "utm_campaign"), str),
        },
    },
    "sections": dict,
}
_RESERVED = frozenset(
    {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
    | {"to", "from", "subject", "reply-to", "cc", "bcc"}
)
_TYPE_NAMES = {str: "string", int: "integer", bool: "boolean", dict: "object", list: "array"}
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@([^\s@<>()\[\],;:\\\"]+)")


def problems(body: Any, *, now: datetime, is_batch: Callable[[str], bool] = lambda _: False) -> list[Problem]:
    """Return everything wrong with ``body``; when its shape is wrong, only that.

    ``is_batch`` says whether a batch id was issued.
    """
    found = list(_shape(body, _BODY, "")) or list(_limits(body, now))
    if not found and "batch_id" in body and not is_batch(body["batch_id"]):
        return [Problem("batch_id", "The batch_id was never issued.")]
    return found


def _shape(value: Any, rule: Any, path: str) -> Iterator[Problem]:
    if rule is _Strings or isinstance(rule, dict):
        expected: type = dict
    elif isinstance(rule, list):
        expected = list
    else:
        expected = rule
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        given = _TYPE_NAMES.get(type(value), "number" if isinstance(value, float) else "null")
        message = f"Invalid type. Expected: {_TYPE_NAMES[expected]}, given: {given}."
        yield Problem(path or None, message)
    elif rule is _Strings:
        if not all(isinstance(one, str) for one in value.values()):
            # The real service does not say which one it is either.
            yield Problem(None, "Bad Request")
    elif isinstance(rule, list):
        for number, one in enumerate(value):
            yield from _shape(one, rule[0], _join(path, number))
    elif isinstance(rule, dict):
        rules = {key.rstrip("!"): inner for key, inner in rule.items()}
        for key in rule:
            if key.endswith("!") and key[:-1] not in value:
                yield Problem(_join(path, key[:-1]), f"The {key[:-1]} parameter is required.")
        for key, one in value.items():
            if key in rules:
                yield from _shape(one, rules[key], _join(path, key))
            else:
                yield Problem(_join(path, key), f"Additional property {key} is not allowed.")


def _join(path: str, key: str | int) -> str:
    return f"{path}.{key}" if path else str(key)


def _limits(body: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    personalizations = body["personalizations"]
    if not 1 <= len(personalizations) <= MOST_PERSONALIZATIONS:
        yield Problem("personalizations", f"There must be 1 to {MOST_PERSONALIZATIONS} personalizations.")
    yield from _recipients(personalizations)
    yield from _mailbox(body["from"], "from")
    if "reply_to" in body:
        yield from _mailbox(body["reply_to"], "reply_to")
        if "reply_to_list" in body:
            yield Problem("reply_to", "Use reply_to or reply_to_list, not both.")
    for number, one in enumerate(body.get("reply_to_list", [])):
        yield from _mailbox(one, f"reply_to_list.{number}")
    yield from _content(body, personalizations)
    yield from _categories(body.get("categories", []))
    if len(body.get("asm", {}).get("groups_to_display", [])) > 25:
        yield Problem("asm.groups_to_display", "At most 25 groups may be displayed.")
    if not 2 <= len(body.get("ip_pool_name", "pool")) <= 64:
        yield Problem("ip_pool_name", "The ip_pool_name must be 2 to 64 characters long.")
    yield from _extras(body, "", now)
    for number, one in enumerate(personalizations):
        path = f"personalizations.{number}"
        yield from _extras(one, path, now)
        yield from _sizes(one, path, root_args=body.get("custom_args", {}))


def _recipients(personalizations: list[dict[str, Any]]) -> Iterator[Problem]:
    seen: set[str] = set()
    count = 0
    for number, personalization in enumerate(personalizations):
        if not personalization["to"]:
            yield Problem(f"personalizations.{number}.to", "The to array must not be empty.")
        for kind in ("to", "cc", "bcc"):
            for place, one in enumerate(personalization.get(kind, [])):
                yield from _mailbox(one, f"personalizations.{number}.{kind}.{place}")
                count += 1
                if (key := one["email"].casefold()) in seen:
                    message = f"Each address may be there only once; [{one['email']}] is there again."
                    yield Problem("personalizations", message)
                seen.add(key)
        if "from" in personalization:
            yield from _mailbox(personalization["from"], f"personalizations.{number}.from")
    if count > MOST_RECIPIENTS:
        yield Problem("personalizations", f"There may be {MOST_RECIPIENTS} recipients in a request.")


def _mailbox(mailbox: Mapping[str, str], path: str) -> Iterator[Problem]:
    match = _ADDRESS.fullmatch(mailbox["email"])
    try:
        is_address = bool(match and match[1].encode("idna"))
    except UnicodeError:
        is_address = False
    if not is_address:
        yield Problem(f"{path}.email", "Does not contain a valid address.")
    if path.startswith("personalizations") and set(mailbox.get("name", "")) & {";", ","}:
        yield Problem(f"{path}.name", "The name must not contain semicolons or commas.")


def _content(body: Mapping[str, Any], personalizations: list[dict[str, Any]]) -> Iterator[Problem]:
    if "template_id" in body:
        return
    content = body.get("content", [])
    if not content:
        yield Problem("content", "The content is required unless a template_id is given.")
    for number, part in enumerate(content):
        for key in ("type", "value"):
            if not part[key]:
                yield Problem(f"content.{number}.{key}", f"The content {key} must be at least one character.")
    order = {"text/plain": 0, "text/html": 1}
    ranks = [order.get(part["type"], 2) for part in content]
    if ranks != sorted(ranks):
        yield Problem("content", "text/plain must come first, then text/html, then any other type.")
    if "subject" in body:
        if not body["subject"]:
            yield Problem("subject", "The subject must be at least one character.")
    elif not all(one.get("subject") for one in personalizations):
        yield Problem("subject", "The subject is required.")


def _categories(categories: list[str]) -> Iterator[Problem]:
    if len(categories) > 10 or len(set(categories)) < len(categories):
        yield Problem("categories", "There may be 10 different categories.")
    if not all(one.isascii() and len(one) <= 255 for one in categories):
        yield Problem("categories", "A category is at most 255 ASCII characters.")


def _extras(place: Mapping[str, Any], path: str, now: datetime) -> Iterator[Problem]:
    """Check what may stand both at the root and in a personalization."""
    for key in ("headers", "custom_args", "substitutions"):
        if key in place and not place[key]:
            yield Problem(_join(path, key), f"The {key} must not be empty.")
    names: set[str] = set()
    for name, value in place.get("headers", {}).items():
        field = _join(path, f"headers.{name}")
        if name.lower() in _RESERVED:
            yield Problem(field, f"The header {name} is reserved.")
        if not re.fullmatch(r"[!-9;-~]+", name) or name.lower() in names:
            yield Problem(field, "Header names are ASCII without spaces, each one once.")
        if re.search(r"[\r\n\0]", value):
            yield Problem(field, "A header value must be one line.")
        names.add(name.lower())
    if place.get("send_at", 0) > now.timestamp() + LONGEST_DELAY:
        yield Problem(_join(path, "send_at"), "Scheduling is allowed for the next 72 hours.")


def _sizes(one: Mapping[str, Any], path: str, *, root_args: Mapping[str, str]) -> Iterator[Problem]:
    substitutions = one.get("substitutions", {})
    if len(substitutions) > MOST_SUBSTITUTIONS:
        yield Problem(f"{path}.substitutions", f"There may be {MOST_SUBSTITUTIONS} substitutions.")
    if _bytes(substitutions) > MOST_BYTES:
        yield Problem(f"{path}.substitutions", f"The substitutions may take {MOST_BYTES} bytes.")
    if _bytes({**root_args, **one.get("custom_args", {})}) > MOST_BYTES:
        yield Problem(f"{path}.custom_args", f"The custom_args may take {MOST_BYTES} bytes.")


def _bytes(strings: Mapping[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in strings.items())
