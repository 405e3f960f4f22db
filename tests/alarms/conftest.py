"""An installation with people to alarm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.config.alarms import AlarmSettings
from newsletter.database import connect
from tests.alarms.support import PEOPLE, House
from tests.support import HandClock, open_database
from tests.web.support import copy_empty_database

SETTINGS = AlarmSettings.model_validate(PEOPLE)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return an installation in which all is well."""
    file = tmp_path / "newsletter.db"
    copy_empty_database(file)
    database = connect(f"sqlite:///{file}")
    yield House(database, HandClock(), SETTINGS)
    database.close()


@pytest.fixture
def either_house(database_url: str) -> Iterator[House]:
    """Return the same on each kind of database, for what the rows decide."""
    database = open_database(database_url)
    yield House(database, HandClock(), SETTINGS)
    database.close()
