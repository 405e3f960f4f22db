"""Moving an installation to another database: SQLite to PostgreSQL, back, or between two of a kind.

Every row is copied at one moment of the old database, in one transaction of the new one, some at a time; then
the new one is read again, and the tables must agree in number and in a hash over all their rows. Nothing is
taken from the old one but its right to send.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Connection, Integer, MetaData, Table, func, insert, inspect, select, text

from newsletter.database import Database
from newsletter.delivery import control, heartbeat
from newsletter.errors import ConfigError, NewsletterError
from newsletter.migrations import migrate, require_current

AT_ONCE = 2_000  # rows
# Alembic's own, which `migrate` has written; and what belongs to one place and is not to be taken along.
LEFT_BEHIND = frozenset({"alembic_version", "heartbeat"})


class NotEmpty(NewsletterError):
    """The database to move to holds something. Name an empty one."""


class NotTheSame(NewsletterError):
    """What arrived is not what was sent off. Nothing was changed; find out why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One table that has arrived, and is the same."""

    table: str
    rows: int
    fingerprint: str


@dataclass(slots=True)
class _Sum:
    """The number of rows, and a hash of them that does not ask for their order."""

    rows: int = 0
    total: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one more."""
        self.rows += 1
        plain = json.dumps({name: _plain(value) for name, value in row.items()}, sort_keys=True)
        self.total = (self.total + int.from_bytes(hashlib.sha256(plain.encode()).digest())) % (1 << 256)

    @property
    def fingerprint(self) -> str:
        """Return the hash, shortened for people."""
        return f"{self.total:064x}"[:16]


def move(
    old: Database,
    new: Database,
    *,
    now: datetime,
    told: Callable[[str, int], None] = lambda _name, _rows: None,
) -> list[Moved]:
    """Copy all of ``old`` to the empty ``new`` and compare; then let ``old`` send no more.

    ``told`` hears of each table when it has been copied. Raises before anything is written where it cannot
    be done, and leaves ``new`` without rows where it fails.
    """
    require_current(old)
    with old.readers() as session:
        if heartbeat.is_beating(session, now=now):
            raise ConfigError("a worker is alive: stop all of them, so that nothing changes meanwhile")
    _require_empty(new)
    migrate(new)
    moved = []
    with old.readers() as source, new.engine.begin() as target:
        reading = source.connection()
        here, there = _tables(reading), _tables(target)
        if names := here.keys() - there.keys():
            # Those of the engine: it makes its own, and is told anew of what is to be sent.
            names = {name for name in names if not name.startswith("procrastinate")}
            if names:
                raise ConfigError(f"the new database has no {', '.join(sorted(names))}")
        order = [table.name for table in _metadata(target).sorted_tables if table.name in here]
        for name in order:
            sent = _copy(reading, here[name], target, there[name])
            told(name, sent.rows)
            arrived = _Sum()
            for row in _rows(target, there[name]):
                arrived.add(row)
            if sent != arrived:
                raise NotTheSame(
                    f"{name}: {sent.rows:,} rows ({sent.fingerprint}) were sent off, and {arrived.rows:,} "
                    f"({arrived.fingerprint}) arrived"
                )
            moved.append(Moved(table=name, rows=arrived.rows, fingerprint=arrived.fingerprint))
        _go_on_counting(target, there)
        _tell_the_engine_anew(target, there)
    with old.sessions.begin() as session:
        control.switch_off(session, because="moved to another database: this one is out of use", now=now)
    return moved


def _require_empty(new: Database) -> None:
    with new.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            if name in LEFT_BEHIND or name.startswith("procrastinate"):
                continue
            quoted = connection.dialect.identifier_preparer.quote(name)
            if connection.execute(text(f"SELECT 1 FROM {quoted} LIMIT 1")).first():  # noqa: S608 - from its catalogue
                raise NotEmpty(f"the database to move to is not empty: it has rows in {name}")


def _metadata(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    return found


def _tables(connection: Connection) -> dict[str, Table]:
    """Return the tables as the database itself describes them: no model of ours has to be known."""
    tables = {
        table.name: table
        for table in _metadata(connection).sorted_tables
        if table.name not in LEFT_BEHIND and not table.name.startswith("procrastinate")
    }
    for table in tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = True
    return tables


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    keys = list(table.primary_key.columns)
    query = select(table).order_by(*keys).execution_options(yield_per=AT_ONCE)
    result = connection.execute(query)
    for row in result.mappings():
        yield {name: _utc(value) for name, value in row.items()}


def _copy(reading: Connection, here: Table, target: Connection, there: Table) -> _Sum:
    sent, rows = _Sum(), _rows(reading, here)
    is_sqlite = target.dialect.name == "sqlite"
    while some := list(islice(rows, AT_ONCE)):
        for row in some:
            sent.add(row)
        if is_sqlite:
            some = [{name: _naive(value) for name, value in row.items()} for row in some]
        target.execute(insert(there), some)
    return sent


def _utc(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return bytes(value) if isinstance(value, memoryview) else value


def _naive(value: object) -> object:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _plain(value: object) -> object:
    """Return a value in one form, whichever database it came from."""
    if isinstance(value, bytes):
        return value.hex()
    if value is None or isinstance(value, str | int | float | dict | list):
        return int(value) if isinstance(value, bool) else value
    return str(value)  # dates and moments


def _go_on_counting(target: Connection, tables: Mapping[str, Table]) -> None:
    """Let PostgreSQL number the next rows after those that have come."""
    if target.dialect.name != "postgresql":
        return
    for name, table in tables.items():
        keys = list(table.primary_key.columns)
        if len(keys) != 1 or not isinstance(keys[0].type, Integer):
            continue
        sequence = target.scalar(select(func.pg_get_serial_sequence(name, keys[0].name)))
        last = target.scalar(select(func.max(keys[0])))
        if sequence and last:
            target.execute(select(func.setval(sequence, last)))


def _tell_the_engine_anew(target: Connection, tables: Mapping[str, Table]) -> None:
    batch = tables["batch"]
    target.execute(batch.update().values(enqueued_at=None))
