"""A scratch database: where a backup is restored to first, to be compared with what was backed up.

Nothing but a database that was restored and counted is a backup.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from newsletter.backup.counting import rows_of
from newsletter.backup.dumping import described, run
from newsletter.backup.manifest import Manifest
from newsletter.database import connect
from newsletter.errors import NewsletterError


class NotTheSame(NewsletterError):
    """What was restored is not what was backed up. Take another backup, and find out why."""


class NoScratch(NewsletterError):
    """There is no place to restore to: the database's user may not make databases."""


def compare_sqlite(manifest: Manifest, file: Path) -> None:
    """Raise unless an SQLite file is sound and has all rows that were backed up."""
    _same(manifest, described(file).rows)


@contextmanager
def scratch_postgres(url: URL) -> Iterator[URL]:
    """Yield the URL of an empty database of our own on the same server; it goes unless it was renamed."""
    name = f"newsletter_scratch_{secrets.token_hex(6)}"
    try:
        on_server(url, f'CREATE DATABASE "{name}"')
    except DBAPIError as error:
        raise NoScratch(
            "the database's user may not make a database to restore to (ALTER ROLE … CREATEDB lets it): "
            f"{type(error.orig).__name__}"
        ) from error
    try:
        yield url.set(database=name)
    finally:
        on_server(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def restore_postgres(manifest: Manifest, dump: Path, into: URL, programs: Path | None) -> None:
    """Restore a dump into an empty database and compare; raises ``DumpFailed`` or ``NotTheSame``."""
    run(
        "pg_restore",
        ["--exit-on-error", "--no-owner", "--no-privileges", "--single-transaction", str(dump)],
        into,
        programs,
    )
    restored = connect(into.render_as_string(hide_password=False))
    try:
        with restored.engine.connect() as connection:
            _same(manifest, rows_of(connection))
    finally:
        restored.close()


def on_server(url: URL, statement: str) -> None:
    """Run one statement that concerns whole databases."""
    for maintenance in ("postgres", url.database):
        server = connect(url.set(database=maintenance).render_as_string(hide_password=False))
        try:
            with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(statement))
            return
        except DBAPIError as error:
            # A server need not have a database "postgres"; then our own must do.
            if getattr(error.orig, "sqlstate", None) is not None or maintenance == url.database:
                raise
        finally:
            server.close()


def _same(manifest: Manifest, rows: Mapping[str, int]) -> None:
    if wrong := manifest.differences(rows):
        raise NotTheSame(f"what was restored is not what was backed up: {'; '.join(wrong[:5])}")
