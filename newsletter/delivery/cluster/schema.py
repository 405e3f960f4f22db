"""The schema ``queue``: procrastinate's tables, apart from ours so that Alembic does not look into them."""

from __future__ import annotations

from pathlib import Path
from typing import LiteralString, cast

import psycopg
from procrastinate.schema import SchemaManager

INSTALL_LOCK = 0x6E6C7175  # any number that no other program on this server locks


def install(conninfo: str) -> None:
    """Make the schema, or bring it to the version of the library: all of it, or nothing.

    Replicas that start together wait for each other here.
    """
    migrations = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [INSTALL_LOCK])
        connection.execute("CREATE SCHEMA IF NOT EXISTS queue")
        connection.execute("SET LOCAL search_path TO queue")
        connection.execute("CREATE TABLE IF NOT EXISTS installed_migration (name text PRIMARY KEY)")
        installed = {name for (name,) in connection.execute("SELECT name FROM installed_migration")}
        missing = [file for file in migrations if file.name not in installed]
        scripts = [file.read_text(encoding="utf-8") for file in missing]
        if not installed:
            # The library's schema is what all its migrations so far would have made.
            scripts = [SchemaManager.get_schema()]
        for script in scripts:
            connection.execute(cast(LiteralString, script))
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO installed_migration VALUES (%s)", [(file.name,) for file in missing]
            )
