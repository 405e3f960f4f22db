"""A database of each kind, with the tables of people."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from newsletter.database import Database
from tests.support import open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.sessions.begin() as session:
        yield session
