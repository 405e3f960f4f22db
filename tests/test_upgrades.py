"""Upgrades: replicas that start at once, and the release before on the new schema."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from newsletter import migrations
from newsletter.database import Database, connect
from newsletter.migrations import DatabaseOutdated, migrate, require_current

REPLICAS = 4


def _migrate(url: str, start: Any, answers: Any) -> None:
    database = connect(url)
    start.wait(60)
    try:
        answers.put(migrate(database))
    except Exception as error:  # noqa: BLE001 - told to the test
        answers.put(repr(error))
    database.close()


def test_of_many_replicas_that_migrate_at_once_one_does_and_the_others_wait(database_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    start, answers = spawn.Event(), spawn.Queue()

    replicas = [spawn.Process(target=_migrate, args=(database_url, start, answers)) for _ in range(REPLICAS)]
    for each in replicas:
        each.start()
    start.set()
    said = [answers.get(timeout=120) for _ in replicas]
    for each in replicas:
        each.join(60)

    head = _scripts().get_current_head()
    assert sorted(said, key=str) == sorted([(None, head)] + [(head, head)] * (REPLICAS - 1), key=str)
    database = connect(database_url)
    require_current(database)
    database.close()


def test_a_newer_database_is_refused_and_left_as_it_is(database_url: str) -> None:
    database = connect(database_url)
    migrate(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for attempt in (migrate, require_current):
        with pytest.raises(DatabaseOutdated, match="newer than this release"):
            attempt(database)

    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    database.close()


# ---- the release before runs on the new schema ----


@dataclass(frozen=True)
class Table:
    """What a release that knows nothing of later ones relies on."""

    columns: Mapping[str, tuple[str, bool]]  # type and whether it may be empty
    needed: frozenset[str]  # an INSERT must name them
    unique: frozenset[tuple[str, ...]]
    points_to: frozenset[tuple[str, ...]]


def _schema(connection: Connection) -> dict[str, Table]:
    seen = inspect(connection)
    found = {}
    for name in seen.get_table_names():
        columns = seen.get_columns(name)
        primary = set(seen.get_pk_constraint(name)["constrained_columns"])
        unique = [each["column_names"] for each in seen.get_unique_constraints(name)]
        unique += [each["column_names"] for each in seen.get_indexes(name) if each["unique"]]
        found[name] = Table(
            columns={each["name"]: (str(each["type"]), each["nullable"]) for each in columns},
            needed=frozenset(
                each["name"]
                for each in columns
                if not each["nullable"] and each["default"] is None and each["name"] not in primary
            ),
            unique=frozenset(tuple(str(part) for part in names) for names in unique),
            points_to=frozenset(tuple(each["constrained_columns"]) for each in seen.get_foreign_keys(name)),
        )
    return found


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return ScriptDirectory.from_config(config)


@contextmanager
def _at(database: Database, revision: str) -> Iterator[Connection]:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        if database.is_sqlite and raw is not None:
            raw.execute("pragma foreign_keys=off")
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
        yield connection


def test_every_migration_lets_the_release_before_go_on(database_url: str) -> None:
    database = connect(database_url)
    revisions = [script.revision for script in _scripts().walk_revisions()][::-1]
    before: dict[str, Table] = {}
    wrong: list[str] = []
    for revision in revisions:
        with _at(database, revision) as connection:
            after = _schema(connection)
        for name, old in before.items():
            new = after.get(name)
            if new is None:
                wrong.append(f"{revision} takes away {name}")
                continue
            for column, (kind, may_be_empty) in old.columns.items():
                if column not in new.columns:
                    wrong.append(f"{revision} takes away {name}.{column}")
                elif new.columns[column][0] != kind:
                    wrong.append(f"{revision} makes another type of {name}.{column}")
                elif may_be_empty and not new.columns[column][1]:
                    wrong.append(f"{revision} wants {name}.{column}, which could be empty before")
            wrong += [
                f"{revision} wants {name}.{column}, of which the release before knows nothing"
                for column in new.needed - old.columns.keys()
            ]
            wrong += [
                f"{revision} makes {', '.join(names)} of {name} unique"
                for names in new.unique - old.unique
                if set(names) <= old.columns.keys()
            ]
            wrong += [
                f"{revision} ties {', '.join(names)} of {name} to another table"
                for names in new.points_to - old.points_to
                if set(names) <= old.columns.keys()
            ]
        before = after
    database.close()

    assert wrong == []
