"""An empty house, on each kind of database."""

from collections.abc import Iterator

import pytest

from tests.signup.support import House
from tests.support import open_database


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    """Return an installation in which nobody has asked for anything yet."""
    database = open_database(database_url)
    yield House(database)
    database.close()
