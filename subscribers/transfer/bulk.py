"""Many rows in one statement, as fast as each database takes them.

SQLAlchemy writes the SQL and knows the types, but the rows do not pass through it one by one: SQLite gets
their values one after another, PostgreSQL one array for each column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    CursorResult,
    LargeBinary,
    Select,
    String,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import KeyedColumnElement

from subscribers.base import Base, Choice, UtcDateTime

# A list of values for each column, all of one length. JSON is given as its text.
Values = Mapping[str, Sequence[Any]]
Conflict = Callable[[Any], Any]  # is given the INSERT, and returns it with ON CONFLICT …

# Rows in one statement for SQLite. While it works, others may run: a thread that reads the file, above all.
_AT_ONCE = 200
_ALONE = 0x6E6C696D  # any number that no other program on this server locks
_MEMORY = 8_192  # values: what one row repeats, and neighbouring rows


def alone(session: Session) -> None:
    """Wait until no other transaction that asks for the same is open: two of them might block each other.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_ALONE)))


def find(
    session: Session, query: Select[*tuple[Any, ...]], of: InstrumentedAttribute[Any], keys: Iterable[Any]
) -> Sequence[Any]:
    """Return the rows of ``query`` where ``of`` is one of ``keys``, as the driver gives them."""
    connection, keys = session.connection(), list(keys)
    if connection.dialect.name == "postgresql":
        # A join: for "= ANY (array)" of a table that is new to it, PostgreSQL reads the whole table.
        wanted = select(func.unnest(_array("keys", of.type)))
        return connection.execute(query.where(of.in_(wanted)), {"keys": _literal(keys)}).all()
    compiled = query.where(of.in_([literal_column("/*keys*/")])).compile(dialect=connection.dialect)
    names = compiled.positiontup or []
    marks = ",".join("?" * len(keys))
    others = (compiled.params[name] for name in names)
    return connection.exec_driver_sql(str(compiled).replace("/*keys*/", marks), (*others, *keys)).all()


def give_way(statement: Any) -> Any:
    """Leave a row that there is as it is."""
    return statement.on_conflict_do_nothing()


def insert(session: Session, model: type[Base], values: Values, conflict: Conflict | None = None) -> None:
    """Insert rows."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        _postgres_insert(connection, model, values, conflict or _as_it_is)
    else:
        _sqlite_insert(connection, model, values, conflict or _as_it_is)


def _as_it_is(statement: Any) -> Any:
    return statement


def _sqlite_insert(connection: Connection, model: type[Base], values: Values, conflict: Conflict) -> int:
    """Return how many rows were added or changed."""
    table = model.__table__
    names = list(values)
    compiled = conflict(sqlite.insert(model)).compile(dialect=connection.dialect, column_keys=names)
    columns = [_texts(table.c[name], connection, values[name]) for name in compiled.positiontup]
    one = f"({', '.join('?' * len(columns))})"
    before, _, after = str(compiled).partition(one)
    many = f"{before}{', '.join([one] * _AT_ONCE)}{after}"
    rows, changed = list(zip(*columns, strict=True)), 0
    rest = len(rows) % _AT_ONCE
    for start in range(rest, len(rows), _AT_ONCE):
        some = chain.from_iterable(rows[start : start + _AT_ONCE])
        changed += connection.exec_driver_sql(many, tuple(some)).rowcount
    if rest:  # one by one: the driver keeps a hundred statements, and each length would be another
        changed += connection.exec_driver_sql(str(compiled), rows[:rest]).rowcount
    return changed


def _texts(of: KeyedColumnElement[Any], connection: Connection, values: Sequence[Any]) -> Sequence[Any]:
    """Return values as the driver takes them."""
    if isinstance(of.type, JSON | LargeBinary):
        return values
    convert = _converter(of, connection.dialect)
    return values if convert is None else [convert(value) for value in values]


@cache
def _converter(of: KeyedColumnElement[Any], dialect: Any) -> Callable[[Any], Any] | None:
    if isinstance(of.type, UtcDateTime):
        return _moments(dialect)
    convert = of.type.dialect_impl(dialect).bind_processor(dialect)
    return convert and lru_cache(maxsize=_MEMORY)(convert)


@cache
def _moments(dialect: Any) -> Callable[[Any], Any]:
    # One memory for all columns: a row has the same moment in several of them.
    convert = UtcDateTime().dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(maxsize=_MEMORY)(convert or (lambda moment: moment))


def _postgres_insert(
    connection: Connection,
    model: type[Base],
    values: Values,
    conflict: Conflict,
    *,
    returning: Sequence[str] = (),
) -> CursorResult[Any]:
    table = model.__table__
    names = list(values)
    arrays = (_array(name, table.c[name].type) for name in names)
    rows = func.unnest(*arrays).table_valued(*names).render_derived()
    given = select(*(rows.c[name] for name in names))
    statement = conflict(postgresql.insert(model).from_select(names, given))
    if returning:
        statement = statement.returning(*(table.c[name] for name in returning))
    return connection.execute(statement, {name: _literal(values[name]) for name in names})


def _array(name: str, of: Any) -> ColumnElement[Any]:
    # As text, for a cast to VARCHAR(n) would cut off what is too long; the INSERT refuses it.
    carried = Text() if isinstance(of, String | Choice) else of
    return cast(bindparam(name, type_=Text), postgresql.ARRAY(carried))


def _literal(values: Sequence[Any]) -> str:
    """Return values as PostgreSQL writes an array: the driver would convert them one by one."""
    kind = next((type(value) for value in values if value is not None), None)
    if kind is None:
        return f"{{{','.join(['NULL'] * len(values))}}}"
    write = str if issubclass(kind, str | int) else _WRITERS[kind]
    holes = None in values
    texts = ["" if value is None else write(value) for value in values] if holes else list(map(write, values))
    # What no text may hold parts them, so that all are escaped at once.
    together = "\0".join(texts)
    if together.count("\0") >= len(texts):
        raise ValueError("a character that cannot be stored")
    escaped = together.replace("\\", "\\\\").replace('"', '\\"')
    if not holes:
        return '{"' + escaped.replace("\0", '","') + '"}'
    pairs = zip(values, escaped.split("\0"), strict=True)
    return "{" + ",".join("NULL" if value is None else f'"{text}"' for value, text in pairs) + "}"


@lru_cache(maxsize=_MEMORY)
def _written(moment: date) -> str:
    return moment.isoformat()


def _hex(value: bytes) -> str:
    return f"\\x{value.hex()}"


_WRITERS: Mapping[type, Callable[[Any], str]] = {bytes: _hex, date: _written, datetime: _written}
