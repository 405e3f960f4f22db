"""The queue has a schema of its own: made by whoever is first, unseen by Alembic."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from newsletter.database import Database
from newsletter.delivery.cluster import ProcrastinateEngine
from newsletter.errors import ConfigError
from tests.delivery.cluster.support import DEADLINE_SECONDS, Worked, an_engine, jobs, running, wait_until

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def test_many_replicas_may_install_at_once_and_again(database_url: str, database: Database) -> None:
    with ThreadPoolExecutor(4) as replicas:
        for done in [replicas.submit(an_engine(database_url).install) for _ in range(4)]:
            done.result()
    an_engine(database_url).install()

    with database.sessions.begin() as session:
        an_engine(database_url).enqueue(session, [1])
    assert jobs(database) == {"todo": 1}


def test_an_older_queue_is_brought_up_and_keeps_its_jobs(
    engine: ProcrastinateEngine, database: Database
) -> None:
    made = "procrastinate_trigger_function_status_events_update_v1"  # by the last migration
    with database.sessions.begin() as session:
        engine.enqueue(session, [1])
        session.execute(text(f"drop function queue.{made} cascade"))
        session.execute(text("delete from queue.installed_migration where name like '03.04.00_50%'"))

    engine.install()

    with database.readers() as session:
        assert session.scalar(text(f"select to_regproc('queue.{made}')"))
    assert jobs(database) == {"todo": 1}


def test_the_migrations_of_the_ledger_do_not_see_the_queue(database_url: str, database: Database) -> None:
    from alembic import command

    from newsletter.migrations.migrate import _config, migrate

    an_engine(database_url).install()
    migrate(database)

    with database.engine.begin() as connection:
        command.check(_config(connection))  # raises when autogenerate would drop or add anything


def test_a_queue_that_is_thrown_away_ends_its_workers_and_can_be_made_anew(
    engine: ProcrastinateEngine, database: Database
) -> None:
    work = Worked()
    with ThreadPoolExecutor(1) as beside:
        ended = beside.submit(engine.run, work, concurrency=1, stopping=threading.Event())
        with database.sessions.begin() as session:
            engine.enqueue(session, [1])
        wait_until(lambda: work.ids, "the first batch")

        with database.sessions.begin() as session:
            session.execute(text("drop schema queue cascade"))
        with pytest.raises(ConfigError, match="newsletter migrate"):
            ended.result(DEADLINE_SECONDS)

    engine.install()
    with database.sessions.begin() as session:
        engine.enqueue(session, [2])
    with running(engine, work):
        wait_until(lambda: 2 in work.ids, "the batch in the new queue")
