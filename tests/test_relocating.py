"""Moving to another database: every row arrives as it was, numbers go on, and the old one sends no more."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, select, text, update

import subscribers
from newsletter import relocating
from newsletter.database import Database, connect
from newsletter.delivery import books, control, heartbeat
from newsletter.delivery.states import State
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition
from newsletter.errors import ConfigError
from newsletter.fence import Fence
from newsletter.relocating import NotEmpty, NotTheSame, move
from newsletter.transports.memory import MemoryTransport
from subscribers import Address, Consent, Event, Reason, Status, Subscriber, Subscription
from tests.journal.support import happen
from tests.support import KEYS, SEVEN, SLUG, a_sender, add, frozen, open_database, readers


def filled(url: str) -> Database:
    """Return a database with a bit of everything."""
    database = open_database(url)
    with database.sessions.begin() as session:
        add(session, readers(7))
        session.execute(
            update(Subscriber)
            .where(Subscriber.id == 1)
            .values(attributes={"姓名": "张三", "n": [1, 2.5, None]})
        )
        subscribers.suppress_address(
            session, KEYS.addresses.digest(Address("r3@example.com")), reason=Reason.BOUNCED, now=SEVEN
        )
        Fence(file=database.file).establish(session, now=SEVEN)
    happen(database, "r2@example.com", Event.LEFT, now=SEVEN + timedelta(microseconds=123456))
    edition = frozen(database, batch_size=2)
    drain(a_sender(database, MemoryTransport()), edition.id)
    return database


@pytest.fixture
def other_url(database_url: str, postgres_server: URL, tmp_path: Path) -> Iterator[str]:
    """Yield an empty database of the other kind."""
    if database_url.startswith("postgresql"):
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    plain = postgres_server.set(drivername="postgresql").render_as_string(hide_password=False)
    name = sql.Identifier(f"test_{uuid.uuid4().hex}")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    yield postgres_server.set(database=name.as_string().strip('"')).render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def old(database_url: str) -> Iterator[Database]:
    database = filled(database_url)
    yield database
    database.close()


@pytest.fixture
def new(other_url: str) -> Iterator[Database]:
    database = connect(other_url)
    yield database
    database.close()


def test_everything_arrives_and_goes_on(old: Database, new: Database) -> None:
    moved = {each.table: each.rows for each in move(old, new, now=SEVEN)}

    assert moved["subscriber"] == 7
    assert moved["delivery"] == 5
    with new.sessions.begin() as session:
        person = session.get_one(Subscriber, 1)
        assert person.attributes == {"姓名": "张三", "n": [1, 2.5, None]}
        assert session.get_one(Subscription, (SLUG, 2)).status is Status.LEFT
        act = session.scalars(select(Consent).where(Consent.event == Event.LEFT)).one()
        assert act.at == SEVEN + timedelta(microseconds=123456)
        counted = books.of_edition(session, session.scalars(select(Edition)).one())
        assert (counted.balanced, counted[State.ACCEPTED]) == (True, 5)
        another = Subscriber(address_hash=b"n" * 32, attributes={}, created_at=SEVEN)
        session.add(another)
        session.flush()
        assert another.id == 8


def test_the_old_one_sends_no_more_and_the_new_one_waits_for_a_person(old: Database, new: Database) -> None:
    move(old, new, now=SEVEN)

    with old.readers() as session:
        assert control.switched_off(session)
    with new.readers() as session:
        assert Fence(file=new.file).why_closed(session)
        assert control.switched_off(session) is None


def test_there_and_back_is_the_same(old: Database, new: Database, tmp_path: Path) -> None:
    there = move(old, new, now=SEVEN)
    again = connect(f"sqlite:///{tmp_path / 'again.db'}")

    back = move(new, again, now=SEVEN)

    assert back == there
    again.close()


def test_a_database_that_holds_something_is_refused(old: Database, new: Database) -> None:
    move(old, new, now=SEVEN)

    with pytest.raises(NotEmpty):
        move(old, new, now=SEVEN)


def test_while_somebody_works_nothing_is_moved(old: Database, new: Database) -> None:
    with old.sessions.begin() as session:
        heartbeat.beat(session, owner="w", part="editions", now=SEVEN)

    with pytest.raises(ConfigError, match="a worker is alive"):
        move(old, new, now=SEVEN)


def test_a_row_that_arrives_otherwise_is_noticed_and_nothing_stays(
    old: Database, new: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = relocating._copy

    def lossy(*arguments: object) -> object:
        sent = copy(*arguments)  # type: ignore[arg-type]  # as they came
        if arguments[1].name == "subscriber":  # type: ignore[attr-defined]  # a table
            arguments[2].execute(text("UPDATE subscriber SET domain = 'x' WHERE id = 1"))  # type: ignore[attr-defined]  # a connection
        return sent

    monkeypatch.setattr(relocating, "_copy", lossy)

    with pytest.raises(NotTheSame, match="subscriber: 7 rows"):
        move(old, new, now=SEVEN)
    with new.readers() as session:
        assert session.query(Subscriber).count() == 0
    with old.readers() as session:
        assert control.switched_off(session) is None
