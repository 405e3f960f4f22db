"""Many rows whose values are ready, as fast as each database takes them.

Values are what both databases hold: text, numbers, bytes and None. JSON is its text, a day is ``2026-11-25``,
and a moment is UTC as SQLite keeps it, ``2026-11-25 07:30:00.000000``. So SQLite takes them as they are, and
PostgreSQL by COPY. For values that are still to be converted there is ``bulk``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    String,
    Text,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from subscribers.base import Base, Choice
from subscribers.transfer.bulk import Conflict, give_way
from subscribers.transfer.copying import copy, texts

Row = tuple[Any, ...]

UNIQUE_VIOLATION = "23505"  # PostgreSQL, Appendix A


def insert(
    session: Session,
    model: type[Base],
    names: Sequence[str],
    rows: Sequence[Row],
    conflict: Conflict | None = None,
) -> None:
    """Insert rows, whose values are those of the columns ``names``."""
    connection = session.connection()
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        _sqlite_insert(connection, model, names, rows, conflict or _as_it_is)
    elif conflict is None:
        copy(connection, model, names, rows)
    else:
        _postgres_insert(connection, model, names, rows, conflict)


def insert_numbered(
    session: Session, model: type[Base], names: Sequence[str], rows: Sequence[Row], *, key: str
) -> dict[Any, int]:
    """Insert those rows that give no conflict; return their new ids by the value of ``key``."""
    connection = session.connection()
    if not rows:
        return {}
    at = list(names).index(key)
    if connection.dialect.name == "postgresql":
        return _postgres_numbered(connection, model, names, rows, at)
    # SQLite has one writer, and it is us: the next numbers are ours.
    table = model.__table__
    last = connection.scalar(select(func.max(table.c.id))) or 0
    ids = range(last + 1, last + 1 + len(rows))
    numbered = [(id_, *row) for id_, row in zip(ids, rows, strict=True)]
    of = {row[at]: id_ for id_, row in zip(ids, rows, strict=True)}
    if _sqlite_insert(connection, model, ("id", *names), numbered, give_way) == len(rows):
        return of
    present = set(connection.scalars(select(table.c.id).where(table.c.id > last)))
    return {value: id_ for value, id_ in of.items() if id_ in present}


def _postgres_numbered(
    connection: Connection, model: type[Base], names: Sequence[str], rows: Sequence[Row], at: int
) -> dict[Any, int]:
    sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
    numbers = select(func.nextval(sequence)).select_from(func.generate_series(1, len(rows)))
    ids = connection.scalars(numbers).all()
    numbered = [(id_, *row) for id_, row in zip(ids, rows, strict=True)]
    try:
        with connection.begin_nested():
            copy(connection, model, ("id", *names), numbered)
    except Exception as error:
        if getattr(error, "sqlstate", None) != UNIQUE_VIOLATION:
            raise
        # Somebody came in at this very moment: row by row, then, giving way.
        returning = ("id", names[at])
        added: Sequence[Any] = _postgres_insert(
            connection, model, names, rows, give_way, returning=returning
        ).all()
        return {_value(row[1]): row[0] for row in added}
    return {row[at]: id_ for id_, row in zip(ids, rows, strict=True)}


def _as_it_is(statement: Any) -> Any:
    return statement


def _value(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _sqlite_insert(
    connection: Connection,
    model: type[Base],
    names: Sequence[str],
    rows: Sequence[Row],
    conflict: Conflict,
) -> int:
    """Return how many rows were added or changed."""
    statement, order = _sqlite_statement(model, tuple(names), conflict, connection.dialect)
    return connection.exec_driver_sql(statement, list(map(order, rows) if order else rows)).rowcount


@lru_cache
def _sqlite_statement(
    model: type[Base], names: tuple[str, ...], conflict: Conflict, dialect: Any
) -> tuple[str, Callable[[Row], Row] | None]:
    """Return an INSERT, and what brings a row's values into the order of its columns, if they are not."""
    compiled = conflict(sqlite.insert(model)).compile(dialect=dialect, column_keys=names)
    order = compiled.positiontup or []
    return str(compiled), None if order == list(names) else itemgetter(*map(names.index, order))


def _postgres_insert(
    connection: Connection,
    model: type[Base],
    names: Sequence[str],
    rows: Sequence[Row],
    conflict: Conflict,
    *,
    returning: Sequence[str] = (),
) -> CursorResult[Any]:
    table = model.__table__
    arrays = (_array(name, table.c[name].type) for name in names)
    given = func.unnest(*arrays).table_valued(*names).render_derived()
    columns = select(*(given.c[name] for name in names))
    statement = conflict(postgresql.insert(model).from_select(names, columns))
    if returning:
        statement = statement.returning(*(table.c[name] for name in returning))
    values = zip(names, zip(*rows, strict=True), strict=True)
    return connection.execute(statement, {name: _literal(each, table.c[name].type) for name, each in values})


def _array(name: str, of: Any) -> ColumnElement[Any]:
    # As text, for a cast to VARCHAR(n) would cut off what is too long; the INSERT refuses it.
    carried = Text() if isinstance(of, String | Choice) else of
    return cast(bindparam(name, type_=Text), postgresql.ARRAY(carried))


def _literal(values: Sequence[Any], of: Any) -> str:
    """Return values as PostgreSQL writes an array: the driver would convert them one by one."""
    escapes = (("\\", "\\\\"), ('"', '\\"'))
    return "{" + ",".join(texts(values, of, escapes, null="NULL", around='"')) + "}"
