"""An installation for each test, on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.support import House, a_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = a_house(tmp_path)
    yield opened
    opened.app.close()
