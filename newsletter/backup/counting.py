"""How many rows each table has."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, inspect, select, table


def rows_of(connection: Connection) -> Mapping[str, int]:
    """Return the number of rows of every table, of ours and of the engine's."""
    return {
        name: connection.scalar(select(func.count()).select_from(table(name))) or 0
        for name in sorted(inspect(connection).get_table_names())
    }
