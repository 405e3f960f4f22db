"""A database with today's schema, and a folder of digests. What races with rows runs on both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from newsletter.database import Database, connect
from tests.support import open_database
from tests.web.support import copy_empty_database


@pytest.fixture
def both(database_url: str) -> Iterator[Database]:
    if database_url.startswith("sqlite"):
        copy_empty_database(Path(make_url(database_url).database or ""))
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    copy_empty_database(tmp_path / "newsletter.db")
    opened = connect(f"sqlite:///{tmp_path / 'newsletter.db'}")
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "digests"
    folder.mkdir()
    return folder
