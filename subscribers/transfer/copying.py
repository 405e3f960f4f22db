"""COPY: how PostgreSQL takes many rows at once that give no conflict.

The rows are sent as text (PostgreSQL manual, COPY, "Text Format"), so the server parses them once and no
statement is planned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

_MEMORY = 8_192  # moments: what neighbouring rows share


def copy(connection: Connection, table: str, values: Mapping[str, Sequence[Any]]) -> None:
    """Send rows, given as one list of values for each column. Raises what the driver raises."""
    lines = "\n".join(map("\t".join, zip(*map(_texts, values.values()), strict=True)))
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(map(quote, values))
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {quote(table)} ({columns}) FROM STDIN") as stream:
        stream.write(lines)


def _texts(values: Sequence[Any]) -> Sequence[str]:
    kind = next((type(value) for value in values if value is not None), None)
    if kind is None:
        return ["\\N"] * len(values)
    if issubclass(kind, int):
        return ["\\N" if value is None else str(value) for value in values]
    if write := _WRITERS.get(kind):
        return ["\\N" if value is None else write(value) for value in values]
    holes = None in values
    # What no text may hold parts them, so that all are escaped at once.
    together = "\0".join(["" if value is None else value for value in values] if holes else values)
    if together.count("\0") >= len(values):
        raise ValueError("a character that cannot be stored")
    for character, escaped in _ESCAPES:
        if character in together:
            together = together.replace(character, escaped)
    texts = together.split("\0")
    if not holes:
        return texts
    return ["\\N" if value is None else text for value, text in zip(values, texts, strict=True)]


_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


@lru_cache(maxsize=_MEMORY)
def _moment(moment: date) -> str:
    return moment.isoformat()


def _hex(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


_WRITERS: Mapping[type, Callable[[Any], str]] = {bytes: _hex, date: _moment, datetime: _moment}
