"""The database: reached, of this release, and an SQLite without its known fault."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, ok, warn
from newsletter.migrations import DatabaseOutdated, require_current

CHECK = "database"
# With these a WAL that is reset at the wrong moment could damage the file (sqlite.org/wal.html, "WAL-reset").
_FAULTY_FROM, _MENDED = (3, 7, 0), (3, 51, 3)
_MENDED_TOO = ((3, 44, 6), (3, 50, 7))  # of older lines


def look(patient: Patient) -> Iterator[Result]:
    """Look at it."""
    database = patient.app.database
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    try:
        with database.readers() as session:
            session.execute(text("select 1"))
    except SQLAlchemyError as error:
        yield bad(
            CHECK,
            name,
            (f"it does not answer ({type(error).__name__})", f"数据库没有应答（{type(error).__name__}）"),
            ("is the server there, and database.url right?", "请确认数据库在运行、database.url 正确"),
        )
        return
    try:
        require_current(database)
    except DatabaseOutdated as error:
        yield bad(
            CHECK,
            name,
            (str(error), "数据库结构与程序版本不一致"),
            ("run `newsletter migrate`, or upgrade the software", "运行 newsletter migrate，或升级程序"),
        )
        return
    yield ok(CHECK, name, "it answers and is of this release", "应答正常，结构与程序一致")
    if closed := patient.app.why_fenced():
        yield bad(
            "fence",
            name,
            (closed, "数据库像是副本或旧备份，已停止一切发送"),
            ("see `newsletter fence`", "请查看 newsletter fence"),
        )
    if database.is_sqlite and _is_faulty(sqlite3.sqlite_version_info):
        version = sqlite3.sqlite_version
        yield warn(
            "sqlite",
            version,
            (
                f"SQLite {version} has a rare fault: a WAL reset at the wrong moment may damage the file",
                f"SQLite {version} 有一个罕见缺陷：WAL 在特定时刻重置可能损坏文件",
            ),
            (
                "use one from 3.51.3 on (a newer Python or system), and keep nightly backups",
                "请换用 3.51.3 及以后的版本（更新 Python 或系统），并保留每晚备份",
            ),
        )


def _is_faulty(version: tuple[int, ...]) -> bool:
    mended = any(version[:2] == line[:2] and version >= line for line in _MENDED_TOO)
    return _FAULTY_FROM <= version < _MENDED and not mended
