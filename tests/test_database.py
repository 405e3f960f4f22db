"""The database: no lost updates, aware moments, private files, one sender on SQLite."""

from __future__ import annotations

import multiprocessing
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from newsletter.database import DatabaseBusy, connect
from newsletter.errors import ConfigError
from newsletter.migrations import DatabaseOutdated, migrate, require_current
from subscribers import Subscriber
from tests.support import SEVEN, open_database

ROUNDS = 40


def _count_up(url: str) -> None:
    database = connect(url)
    for _ in range(ROUNDS):
        with database.sessions.begin() as session:
            person = session.get_one(Subscriber, 1, with_for_update=True)
            count = person.attributes["count"]
            session.execute(
                update(Subscriber).where(Subscriber.id == 1).values(attributes={"count": count + 1})
            )
    database.close()


def test_no_update_is_lost_between_processes(database_url: str) -> None:
    database = open_database(database_url)
    with database.sessions.begin() as session:
        session.add(Subscriber(id=1, address_hash=b"h" * 32, attributes={"count": 0}, created_at=SEVEN))
    spawn = multiprocessing.get_context("spawn")

    processes = [spawn.Process(target=_count_up, args=(database_url,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    with database.readers() as session:
        assert session.get_one(Subscriber, 1).attributes["count"] == 3 * ROUNDS
    database.close()


def test_moments_come_back_aware_in_utc_whatever_zone_they_were_given_in(database_url: str) -> None:
    database = open_database(database_url)
    shanghai = timezone(timedelta(hours=8))
    moment = datetime(2026, 11, 23, 7, 30, tzinfo=shanghai)
    with database.sessions.begin() as session:
        session.add(Subscriber(address_hash=b"h" * 32, attributes={}, created_at=moment))

    with database.readers() as session:
        read = session.scalars(select(Subscriber)).one().created_at

    assert read == moment
    assert read.tzinfo is UTC
    database.close()


def test_a_naive_moment_is_refused(database_url: str) -> None:
    database = open_database(database_url)
    with pytest.raises(StatementError, match="without a time zone"), database.sessions.begin() as session:
        session.add(Subscriber(address_hash=b"h" * 32, attributes={}, created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    database.close()


def test_sqlite_runs_as_the_ledger_needs_it_and_its_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "newsletter.db"
    database = open_database(f"sqlite:///{path}")
    with database.readers() as session:
        session.execute(text("select count(*) from subscriber"))
        pragmas = {
            name: session.execute(text(f"pragma {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    database.close()

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    assert set(modes.values()) == {0o600}


def test_one_process_at_a_time_sends_from_an_sqlite_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    one, other = connect(url), connect(url)

    with one.sole_sender() as alone:
        assert alone is True
        with pytest.raises(DatabaseBusy), other.sole_sender():
            pass
    with other.sole_sender() as alone:
        assert alone is True
    one.close()
    other.close()


def test_an_empty_an_older_and_a_newer_database_are_told_apart(database_url: str) -> None:
    database = connect(database_url)
    with pytest.raises(DatabaseOutdated, match="empty"):
        require_current(database)
    migrate(database)
    require_current(database)

    with database.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(DatabaseOutdated, match="newer"):
        require_current(database)
    with pytest.raises(DatabaseOutdated, match="newer"):
        migrate(database)
    database.close()


def test_the_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    from alembic import command

    from newsletter.migrations.migrate import _config

    database = open_database(database_url)

    with database.engine.begin() as connection:
        command.check(_config(connection))  # raises when autogenerate would add anything
    database.close()


@pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
def test_the_schema_can_be_taken_down_and_put_up_again(database_url: str) -> None:
    from alembic import command

    from newsletter.migrations.migrate import _config

    database = open_database(database_url)
    with database.engine.begin() as connection:
        command.downgrade(_config(connection), "base")
    migrate(database)
    require_current(database)
    database.close()


def test_what_was_sent_before_revisions_is_still_there_after_the_upgrade(database_url: str) -> None:
    from alembic import command

    from newsletter.migrations.migrate import _config

    database = open_database(database_url)
    with database.engine.begin() as connection:
        command.downgrade(_config(connection), "0003")
    old_rows = (
        "insert into edition (id, newsletter, day, kind, serial, state, findings, excluded, created_at) "
        "values (1, 'n', '2026-11-22', 'daily', 1, 'finished', '[]', '{}', '2026-11-22 00:00:00')",
        "insert into mailing (id, edition_id, language, fingerprint, content) "
        "values (7, 1, 'zh-CN', 'f', 'c')",
        "insert into batch (id, edition_id, number, mailing_id, lane, size, first_subscriber_id, "
        "last_subscriber_id, state, due_at, deferrals) "
        "values (1, 1, 0, 7, 'qq', 1, 1, 1, 'done', '2026-11-22 00:00:00', 0)",
    )
    with database.sessions.begin() as session:
        for row in old_rows:
            session.execute(text(row))

    migrate(database)

    with database.readers() as session:
        assert session.execute(
            text(
                "select m.id, m.revision, e.revision from batch b join mailing m on m.id = b.mailing_id "
                "join edition e on e.id = b.edition_id"
            )
        ).one() == (7, 1, 1)
    with pytest.raises(IntegrityError), database.sessions.begin() as session:
        session.execute(text("delete from mailing"))  # what points there is looked after again
    database.close()


def test_an_unknown_database_is_a_setting_s_error() -> None:
    with pytest.raises(ConfigError, match=r"database\.url"):
        connect("oracle://nowhere")


def test_a_postgresql_that_falls_silent_does_not_hold_us_for_ever(database_url: str) -> None:
    database = connect(database_url)
    if database.is_sqlite:
        return

    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver
        asked = driver.info.get_parameters()
    database.close()

    assert (asked["tcp_user_timeout"], asked["connect_timeout"]) == ("30000", "10")
