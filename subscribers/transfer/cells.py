"""What stands in one cell: dates, yes and no, lists, JSON, and formulas made harmless. Pure."""

from __future__ import annotations

import ast
import csv
import ipaddress
import json
import math
import re
import socket
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar

from subscribers.transfer.rows import Unsaid

Kind = TypeVar("Kind", list[Any], dict[str, Any])

# What a spreadsheet takes for the beginning of a formula, also in full width.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
TAG_LENGTH = 100
TAGS = 100
JSON_LENGTH = 100_000

YES = frozenset("true t yes y 1 是 已订阅".split())
NO = frozenset("false f no n 0 否".split())

# Go prints a time as "2024-05-01 10:11:12.123456 +0000 UTC".
_GO = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d\d):?(\d\d)(?: \S{1,8})?(?: m=\S+)?")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_OTHER_SHAPES = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M",
    "%Y年%m月%d日",
)
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)  # most systems write the same time into several columns
def moment(text: str) -> datetime | None:
    """Return a moment however it is written, or None; without a zone it is taken as UTC."""
    text = text.strip()
    if not text:
        return None
    found = _moment(text)
    try:
        found = found and (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC))
    except (OverflowError, ValueError):
        return None
    return found if found and _EARLIEST <= found < _LATEST else None


def _moment(text: str) -> datetime | None:
    if text.isascii() and text.isdigit() and 9 <= len(text) <= 13:
        return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        if go := _GO.fullmatch(text):
            return datetime.fromisoformat(f"{go[1]}{go[2]}:{go[3]}")
        if _FRACTION.search(text):
            return datetime.fromisoformat(_FRACTION.sub(r"\1", text))
    except ValueError:
        return None
    for shape in _OTHER_SHAPES:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def day(text: str) -> date | None:
    """Return a date, or None."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def truth(text: str) -> bool | None:
    """Return what a yes or a no means; None for anything else."""
    word = text.strip().casefold()
    return True if word in YES else False if word in NO else None


def ip_address(text: str) -> str | None:
    """Return an IP address in its normal form, or None."""
    text = text.strip()
    try:
        socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        pass
    else:
        return text  # many times faster than below
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def tags(text: str) -> tuple[str, ...]:
    """Return the tags of a cell: a list, or names between commas with or without quotes.

    Raises ``Unsaid`` when they are too many or too long.
    """
    text = text.strip()
    if not text:
        return ()
    names = structure(text, list, column="tags") if text.startswith("[") else None
    if names is None:
        names = next(csv.reader([text], skipinitialspace=True), [])
    found = tuple(dict.fromkeys(name for name in (str(name).strip() for name in names) if name))
    if len(found) > TAGS or any(len(name) > TAG_LENGTH for name in found):
        raise Unsaid(f"tags: more than {TAGS}, or one of more than {TAG_LENGTH} letters")
    return found


def structure(text: str, kind: type[Kind], *, column: str) -> Kind:
    """Return the JSON of a cell, which must be a ``kind``; empty is an empty one. Raises ``Unsaid``.

    A list or dictionary as Python prints it is understood, too: some systems export that.
    """
    text = text.strip()
    if not text:
        return kind()
    if len(text) > JSON_LENGTH:
        raise Unsaid(f"{column}: more than {JSON_LENGTH:,} letters")
    try:
        found = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        found = _as_python_prints(text)
    if not isinstance(found, kind):
        raise Unsaid(f"{column}: not a JSON {'object' if kind is dict else 'list'}")
    if "\\" in text:
        _check_text(found, column)
    return found


def _as_python_prints(text: str) -> Any:
    try:
        # Through JSON again, so that nothing but JSON is stored.
        return json.loads(json.dumps(ast.literal_eval(text), allow_nan=False))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _no_constant(_name: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError("a number beyond all bounds")
    return number


def _check_text(value: Any, column: str) -> None:
    # Without the backslashes that are text, every \u0000 that is left stands for the character.
    text = json.dumps(value, ensure_ascii=False).replace("\\\\", "")
    if "\\u0000" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unsaid(f"{column}: a character that cannot be stored")


def guard_cell(text: str) -> str:
    """Return ``text`` so that a spreadsheet shows it and does not run it."""
    return f"'{text}" if text.startswith((*FORMULA, "'")) else text


def unguard_cell(text: str) -> str:
    """Take back what ``guard_cell`` did."""
    return text[1:] if text[:1] == "'" and text[1:2] and text[1:2] in (*FORMULA, "'") else text
