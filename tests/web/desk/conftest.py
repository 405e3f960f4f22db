"""A newsroom for each test, on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.desk.support import a_newsroom, prepare
from tests.web.support import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = a_newsroom(tmp_path)
    prepare(opened)
    yield opened
    opened.app.close()
