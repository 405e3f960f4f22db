"""A furnished installation and an admin's browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.web.console.support import furnish
from tests.web.people.support import admin
from tests.web.support import House, a_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = a_house(tmp_path, spool=tmp_path / "spool")
    furnish(opened)
    yield opened
    opened.app.close()


@pytest.fixture
def client(house: House) -> TestClient:
    return admin(house)
