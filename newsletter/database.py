"""The door to the database: the only module that makes an engine.

SQLite runs in WAL with BEGIN IMMEDIATE and synchronous FULL: the driver's defaults lose updates
between two processes, and a lost intent would be a second copy. PostgreSQL runs as it is.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker

from newsletter.errors import ConfigError, NewsletterError

BUSY_TIMEOUT_MS = 30_000
# A network that swallows packets must not hold us for the quarter of an hour that TCP would wait. What
# database.url says itself goes first.
LIVELINESS = {
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


class DatabaseBusy(NewsletterError):
    """Another process of ours is sending from this SQLite file. Wait for it, or stop it."""


@dataclass(frozen=True)
class Database:
    """An engine and its two kinds of transaction."""

    engine: Engine
    sessions: sessionmaker[Session]  # may write
    readers: sessionmaker[Session]  # never writes; on SQLite it waits for nobody

    @property
    def is_sqlite(self) -> bool:
        """Whether one process owns the database."""
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Open a writing transaction in which every statement sees the same moment."""
        if self.is_sqlite:
            with self.sessions.begin() as session:
                yield session
            return
        steady = self.engine.execution_options(isolation_level="REPEATABLE READ")
        with self.sessions(bind=steady) as session, session.begin():
            yield session

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for PostgreSQL and for a database in memory."""
        name = self.engine.url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    @contextmanager
    def sole_sender(self) -> Iterator[bool]:
        """Hold the right to send from an SQLite file; yield whether it is ours alone.

        True means that every other owner's lease belongs to a dead process. On PostgreSQL many
        may send, and False is yielded. Raises ``DatabaseBusy`` when another process holds it.
        """
        if not self.is_sqlite or not self.engine.url.database:
            yield False
            return
        # Not removed afterwards: two processes must never lock two different files.
        with open(f"{self.engine.url.database}.lock", "a+", opener=_private) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DatabaseBusy(
                    "another newsletter process is sending from this database; wait for it, or stop it"
                ) from None
            yield True


def connect(url: str) -> Database:
    """Return the database behind ``url``; a missing SQLite file is made, with mode 0600."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            engine = _sqlite(Path(parsed.database))
        elif parsed.get_backend_name() != "postgresql":
            raise ConfigError("database.url: must be sqlite:///a/file or postgresql://user@host/name")
        else:
            engine = create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={name: value for name, value in LIVELINESS.items() if name not in parsed.query},
            )
    except (ArgumentError, ModuleNotFoundError) as error:
        raise ConfigError(f"database.url: {error}; for PostgreSQL install newsletter[postgres]") from error
    reading = engine.execution_options(readonly=True)
    if engine.dialect.name == "postgresql":
        # What is read together belongs together: the books are two statements.
        reading = reading.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(
        engine=engine,
        sessions=sessionmaker(engine, expire_on_commit=False),
        readers=sessionmaker(reading, expire_on_commit=False),
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sqlite(path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    # SQLite gives -wal and -shm the mode of the file itself.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in (
            "journal_mode=wal",
            "synchronous=full",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=on",
            "cache_size=-65536",
            "temp_store=memory",
        ):
            dbapi.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        readonly = connection.get_execution_options().get("readonly")
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine
