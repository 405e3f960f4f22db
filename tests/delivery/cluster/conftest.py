"""What the tests of the cluster share: an installed queue and the database it is in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from newsletter.database import Database, connect
from newsletter.delivery.cluster import ProcrastinateEngine
from tests.delivery.cluster.support import an_engine


@pytest.fixture
def engine(database_url: str) -> ProcrastinateEngine:
    made = an_engine(database_url)
    made.install()
    return made


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = connect(database_url)
    yield opened
    opened.close()
