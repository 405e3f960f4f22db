"""COPY: how PostgreSQL takes many rows at once that give no conflict.

The rows are sent as text (PostgreSQL manual, COPY, "Text Format"), so the server parses them once and no
statement is planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from subscribers.base import Base, UtcDateTime

Escapes = Sequence[tuple[str, str]]
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def copy(
    connection: Connection, model: type[Base], names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Send rows, whose values are as ``pouring`` has them. Raises what the driver raises."""
    columns = zip(names, zip(*rows, strict=True), strict=True)
    written = (texts(values, model.__table__.c[name].type, _ESCAPES, null="\\N") for name, values in columns)
    lines = "\n".join(map("\t".join, zip(*written, strict=True)))
    quote = connection.dialect.identifier_preparer.quote
    target = f"{quote(model.__tablename__)} ({', '.join(map(quote, names))})"
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as stream:
        stream.write(lines)


def texts(values: Sequence[Any], of: Any, escapes: Escapes, *, null: str, around: str = "") -> Sequence[str]:
    """Return the values of a column as PostgreSQL reads them. Raises ``ValueError`` for a NUL."""
    kind = next((type(value) for value in values if value is not None), None)
    if kind is None:
        return [null] * len(values)
    holes = None in values
    if kind is int:
        return [null if value is None else str(value) for value in values]
    if kind is bytes:
        return [null if value is None else f"{around}\\\\x{value.hex()}{around}" for value in values]
    # What no text may hold parts them, so that all are escaped at once. Without a zone a moment would be
    # taken for one of the server's.
    after = "+00" if isinstance(of, UtcDateTime) else ""
    between = f"{after}\0"
    together = between.join(["" if value is None else value for value in values] if holes else values)
    if together.count("\0") >= len(values):
        raise ValueError("a character that cannot be stored")
    for character, escaped in escapes:
        if character in together:
            together = together.replace(character, escaped)
    if around:
        together = together.replace("\0", f"{around}\0{around}")
    found = f"{around}{together}{after}{around}".split("\0")
    if not holes:
        return found
    return [null if value is None else text for value, text in zip(values, found, strict=True)]
