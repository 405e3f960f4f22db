"""A database that keeps a journal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

import subscribers
from newsletter.database import Database
from newsletter.journal.file import JournalFile
from newsletter.journal.writing import keep
from subscribers import Address, Event, Evidence, Subscription, find
from tests.support import KEYS, SEVEN, SLUG, HandClock, open_database

BY_HAND = Evidence(origin="test")


def a_journal(path: Path, clock: HandClock | None = None) -> JournalFile:
    return JournalFile(path=path, chain=lambda: KEYS.journal, clock=clock or HandClock())


def keeping(url: str, journal: JournalFile) -> Database:
    database = open_database(url)
    keep(database, journal)
    return database


def listed(session: Session, address: str) -> Subscription:
    person = find(session, KEYS.addresses, Address(address))
    assert person is not None
    return session.get_one(Subscription, (SLUG, person.id))


def happen(database: Database, address: str, event: Event, *, now: datetime = SEVEN) -> None:
    with database.sessions.begin() as session:
        subscribers.happen(session, listed(session, address), event, evidence=BY_HAND, now=now)
