"""A newsletter that is written and sent here: a folder of digests, readers, people of each role."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from newsletter.people.rights import ALL, Role
from tests.support import DAY, SLUG, add, readers
from tests.test_morning import GOOD
from tests.web.people.support import browser_of
from tests.web.support import PAPER, House, a_house

SIX = datetime.fromisoformat("2026-11-23T06:00:00+08:00")  # an hour and a half before the edition
TEXT = GOOD.format(day=DAY)
PAGE = f"/staff/{SLUG}/editions/{DAY}"
HOME = f"/staff/{SLUG}"


def a_newsroom(folder: Path, *, text: str = TEXT, people: int = 3, **options: Any) -> House:
    """Return an installation at six in the morning, with today's digest in its folder."""
    digests = folder / "digests"
    digests.mkdir()
    house = a_house(folder, **options)
    house.clock.now = SIX
    source = PAPER.source.model_copy(update={"folder": digests, "unattended": True})
    papers = {**house.app.settings.newsletters, SLUG: PAPER.model_copy(update={"source": source})}
    house.app.settings = house.app.settings.model_copy(update={"newsletters": papers})
    if text:
        put(house, text)
    with house.writing() as session:
        add(session, readers(people))
    return house


def put(house: House, text: str, *, day: date = DAY) -> Path:
    """Put a digest where the morning looks, an hour ago."""
    source = house.app.settings.newsletters[SLUG].source.folder
    assert source
    file = Path(source) / f"{day}.md"
    file.write_text(text, encoding="utf-8")
    at = (house.clock() - timedelta(hours=1)).timestamp()
    os.utime(file, (at, at))
    return file


def prepare(house: House) -> None:
    """Let the clockwork look at what is to come; it has known the hour for a while."""
    house.app.unattended(SLUG).current()
    house.app.unattended(SLUG).prepare_day(DAY, anew=True)


def editor(house: House) -> TestClient:
    return browser_of(house, "lin", (SLUG, Role.EDITOR))


def sender(house: House) -> TestClient:
    return browser_of(house, "wang", (SLUG, Role.SENDER))


def chief(house: House) -> TestClient:
    return browser_of(house, "zhang", (ALL, Role.ADMIN))
