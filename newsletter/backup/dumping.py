"""Taking a database as it is at one moment, while others write to it, into one file.

SQLite by its online backup in one step: writers go on beside it, and nothing of theirs is in the copy.
PostgreSQL by ``pg_dump`` over the snapshot in which the rows are counted.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, text

from newsletter.backup.counting import rows_of
from newsletter.database import Database, connect
from newsletter.errors import ConfigError, NewsletterError


class DumpFailed(NewsletterError):
    """The database could not be copied. The message has the words of the program that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """A database in a file, and what is in it."""

    file: Path
    revision: str
    instance: str
    rows: Mapping[str, int]


def dump(database: Database, into: Path, *, programs: Path | None = None) -> Dump:
    """Write the database to the file ``into``, mode 0600."""
    os.close(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    return _sqlite(database, into) if database.is_sqlite else _postgres(database, into, programs)


def _sqlite(database: Database, into: Path) -> Dump:
    if database.file is None:
        raise ConfigError("database.url: a database in memory cannot be backed up")
    source = sqlite3.connect(f"file:{database.file}?mode=ro", uri=True)
    target = sqlite3.connect(into)
    try:
        # One step: in several, every write of another process would begin it anew.
        source.backup(target, pages=-1)
        target.execute("pragma journal_mode=delete")  # one file, with nothing beside it
    except sqlite3.Error as error:
        raise DumpFailed(f"the database could not be copied: {error}") from error
    finally:
        target.close()
        source.close()
    return described(into)


def described(file: Path) -> Dump:
    """Return what is in an SQLite file. Raises ``DumpFailed`` when it is damaged."""
    copy = connect(f"sqlite:///{file}")
    try:
        with copy.engine.connect() as connection:
            if (said := connection.exec_driver_sql("pragma integrity_check(1)").scalar()) != "ok":
                raise DumpFailed(f"the database is damaged: {said}")
            rows = rows_of(connection)
            return Dump(
                file=file,
                revision=connection.exec_driver_sql("select version_num from alembic_version").scalar() or "",
                instance=connection.exec_driver_sql("select instance from installation").scalar() or "",
                rows=rows,
            )
    finally:
        copy.close()
        for beside in ("-wal", "-shm"):
            file.with_name(file.name + beside).unlink(missing_ok=True)


def checkpoint(database: Database) -> None:
    """Bring all that lies beside an SQLite file into it."""
    connection = database.engine.raw_connection()
    try:
        # Not in a transaction of ours, which would be in its own way.
        connection.cursor().execute("pragma wal_checkpoint(truncate)")
    finally:
        connection.close()


def _postgres(database: Database, into: Path, programs: Path | None) -> Dump:
    steady = database.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with steady.connect() as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        rows = rows_of(connection)
        revision = connection.scalar(text("SELECT version_num FROM alembic_version")) or ""
        instance = connection.scalar(text("SELECT instance FROM installation")) or ""
        run(
            "pg_dump",
            ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={into}"],
            database.engine.url,
            programs,
        )
    return Dump(file=into, revision=revision, instance=instance, rows=rows)


def run(name: str, arguments: list[str], url: URL, programs: Path | None) -> str:
    """Run one of PostgreSQL's programs on a database; return what it prints. Raises ``DumpFailed``."""
    program = shutil.which(name, path=str(programs) if programs else None)
    if program is None:
        where = f"in {programs}" if programs else "on this machine"
        raise ConfigError(
            f"there is no {name} {where}: install PostgreSQL's client programs (postgresql-client), or set "
            "backup.programs to their folder"
        )
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = dict(os.environ) | ({"PGPASSWORD": str(url.password)} if url.password else {})
    ended = subprocess.run(
        [program, *arguments, f"--dbname={plain}"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if ended.returncode:
        said = " ".join(ended.stderr.split())[:500]
        raise DumpFailed(f"{name} failed: {said}")
    return ended.stdout
