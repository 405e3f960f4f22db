"""Bringing a database to the schema of this release: the one door to Alembic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from newsletter.database import Database
from newsletter.errors import NewsletterError

# Any number that no other program on this server locks; replicas that start together wait here.
ADVISORY_LOCK = 0x6E6C6D67


class DatabaseOutdated(NewsletterError):
    """The database and this release do not fit together. The message says which one to bring up."""


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the database to the newest schema; return (revision before, revision now)."""
    with database.engine.connect() as connection, _tables_may_move(connection), connection.begin():
        if not database.is_sqlite:
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        config = _config(connection)
        before = _current(connection)
        _refuse_newer(config, before)
        command.upgrade(config, "head")
        if database.is_sqlite and (broken := connection.execute(text("pragma foreign_key_check")).first()):
            raise DatabaseOutdated(
                f"a row of {broken[0]} points nowhere after migrating; nothing was changed"
            )
        return before, _head(config)


@contextmanager
def _tables_may_move(connection: Connection) -> Iterator[None]:
    """Let SQLite alter a table by copying it, though other tables point there.

    Foreign keys can be switched only outside a transaction; all of them are checked before its end.
    """
    driver = connection.connection.driver_connection
    if driver is None or connection.dialect.name != "sqlite":
        yield
        return
    driver.execute("pragma foreign_keys=off")
    try:
        yield
    finally:
        driver.execute("pragma foreign_keys=on")


def require_current(database: Database) -> None:
    """Raise ``DatabaseOutdated`` unless the database has exactly this release's schema."""
    with database.engine.connect() as connection:
        config = _config(connection)
        current = _current(connection)
        _refuse_newer(config, current)
        if current is None:
            raise DatabaseOutdated("the database is empty; run `newsletter init` (or `newsletter migrate`)")
        if current != _head(config):
            raise DatabaseOutdated("the database is older than this release; run `newsletter migrate`")


def _refuse_newer(config: Config, current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseOutdated(
            f"the database is newer than this release (it has revision {current}); upgrade the software"
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise DatabaseOutdated("this installation has no migrations; install it again")
    return head
