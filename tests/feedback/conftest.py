"""An empty database for each test, on both kinds; the schema is made once and then emptied or copied."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, text

from newsletter.database import Database, connect
from subscribers import Base
from tests.support import open_database


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with today's schema and nothing in it."""
    file = tmp_path_factory.mktemp("empty") / "newsletter.db"
    open_database(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def one_postgres(postgres_server: URL) -> Iterator[Database]:
    """A PostgreSQL database with today's schema."""
    name = f"test_{uuid.uuid4().hex}"
    server = connect(postgres_server.render_as_string(hide_password=False))
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = open_database(postgres_server.set(database=name).render_as_string(hide_password=False))
    yield database
    database.close()
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        file = tmp_path / "newsletter.db"
        shutil.copy(request.getfixturevalue("empty_file"), file)
        opened = connect(f"sqlite:///{file}")
        yield opened
        opened.close()
        return
    opened = request.getfixturevalue("one_postgres")
    tables = ", ".join(f'"{name}"' for name in Base.metadata.tables)
    with opened.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    yield opened
