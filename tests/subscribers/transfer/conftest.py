"""A database on each engine, with today's schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from newsletter.database import Database
from tests.support import open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()
