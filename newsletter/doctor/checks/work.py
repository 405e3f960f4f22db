"""Whether a worker is alive: without one nothing begins by itself."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery import heartbeat
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, not_checked, ok, warn

CHECK = "worker"


def look(patient: Patient) -> Iterator[Result]:
    """Look for signs of life."""
    try:
        with patient.app.database.readers() as session:
            is_alive = heartbeat.is_beating(session, now=patient.now)
    except SQLAlchemyError:
        yield not_checked(CHECK, "", "the database does not tell", "数据库没有应答")
        return
    if is_alive:
        yield ok(CHECK, "", "a worker is alive", "后台进程在运行")
    else:
        yield warn(
            CHECK,
            "",
            ("no worker is alive: nothing goes out by itself", "没有后台进程在运行：什么都不会自动发出"),
            ("start `newsletter run`", "启动 newsletter run"),
        )
