"""A JSON file of objects, read one object at a time: what an API of a provider answers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from subscribers.transfer.rows import UnreadableList

LONGEST_OBJECT = 1_000_000  # letters
_BLOCK = 1 << 16
# Pages that were put one behind the other are as good as one array.
_BETWEEN = re.compile(r"[\s,\[\]]*")
_DECODER = json.JSONDecoder()


def objects(stream: BinaryIO, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (its number, the object); a bare text stands for ``{"email": …}``. Raises ``UnreadableList``."""
    text = io.TextIOWrapper(stream, encoding=encoding)
    try:
        yield from _objects(text)
    finally:
        if not stream.closed:
            text.detach()


def _objects(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, Any]]]:
    waiting, number = "", 0
    while True:
        block = text.read(_BLOCK)
        waiting += block
        at = _skip(waiting, 0)
        while at < len(waiting):
            try:
                found, end = _DECODER.raw_decode(waiting, at)
            except (ValueError, RecursionError):
                break  # perhaps only its beginning is here
            if not isinstance(found, dict | str):
                break
            number += 1
            yield number, found if isinstance(found, dict) else {"email": found}
            at = _skip(waiting, end)
        waiting = waiting[at:]
        if waiting and (not block or len(waiting) >= LONGEST_OBJECT):
            raise UnreadableList(f"entry {number + 1} is not a JSON object")
        if not block:
            return


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def cell(value: Any) -> str:
    """Return a JSON value as a CSV would have it, or raise ``UnreadableList``."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # Escapes can say what no database keeps.
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UnreadableList("a character that cannot be stored")
    return text
