"""A small server: one core, 80,000 readers, all in one process (``newsletter run``), a real SMTP sink.

The process is bound to one core by its affinity (``taskset``); its memory is not limited but measured, as the
kernel's own peak (``VmHWM``): a limit of the address space would count what is only reserved.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from newsletter.database import Database
from newsletter.delivery import books
from newsletter.delivery.states import State
from newsletter.editions.edition import Edition
from tests.bench import measured
from tests.bench.smtp import _sink
from tests.month.script import digest
from tests.support import add, open_database, readers

READERS = 80_000
AHEAD = timedelta(seconds=20)  # time to start, and to examine the digest
PATIENCE = timedelta(minutes=10)


@measured("≤ 350")
def one_core_80k_rss_mb() -> float:
    """The most memory that was ever in use, from the start until everybody has it."""
    zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"  # where it is about noon
    hour = (datetime.now(UTC) + AHEAD).replace(microsecond=0)
    local = hour.astimezone(ZoneInfo(zone))
    with tempfile.TemporaryDirectory() as name, _sink() as port:
        home = Path(name)
        init = [sys.executable, "-m", "newsletter", "init", "--no-ask", str(home)]
        subprocess.run(init, check=True, capture_output=True, cwd=home)
        database = open_database(f"sqlite:///{home / 'var' / 'newsletter.db'}")
        with database.sessions.begin() as session:
            add(session, readers(READERS), newsletter="ai_daily")
        (home / "digests").mkdir(exist_ok=True)
        (home / "digests" / f"{local:%Y-%m-%d}.md").write_text(digest(local.date()), encoding="utf-8")
        config = str(home / "config.toml")
        settings = {
            "NEWSLETTER_PUBLIC_URL": "http://localhost:8080",
            "NEWSLETTER_WEB__PORT": str(_free_port()),
            "NEWSLETTER_TRANSPORT__KIND": "smtp",
            "NEWSLETTER_TRANSPORT__SMTP__HOST": "127.0.0.1",
            "NEWSLETTER_TRANSPORT__SMTP__PORT": str(port),
            "NEWSLETTER_TRANSPORT__SMTP__SECURITY": "none",
            "NEWSLETTER_NEWSLETTERS__AI_DAILY__SCHEDULE__ZONE": zone,
            "NEWSLETTER_NEWSLETTERS__AI_DAILY__SCHEDULE__SEND_AT": f"{local:%H:%M:%S}",
            "NEWSLETTER_NEWSLETTERS__AI_DAILY__SCHEDULE__DELIVER_UNTIL": "23:59:59",
            "NEWSLETTER_NEWSLETTERS__AI_DAILY__GATE__PROBE_LINKS": "false",
        }
        running = subprocess.Popen(
            ["taskset", "--cpu-list", "0", sys.executable, "-m", "newsletter", "--config", config, "run"],
            env={**os.environ, **settings},
            cwd=home,
            stdout=subprocess.DEVNULL,
        )
        try:
            _until_everybody_has_it(database, hour)
            seconds = (datetime.now(UTC) - hour).total_seconds()
            status = Path(f"/proc/{running.pid}/status").read_text(encoding="utf-8")
        finally:
            running.terminate()
            running.wait(60)
            database.close()
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    print(f"  ({READERS:,} copies in {seconds:.0f} s after the hour)")
    return int(peak) / 1024


def _until_everybody_has_it(database: Database, hour: datetime) -> None:
    while datetime.now(UTC) < hour + PATIENCE:
        time.sleep(1)
        with database.readers() as session:
            edition = session.scalars(select(Edition).where(Edition.frozen_at.is_not(None))).one_or_none()
            if edition and books.of_edition(session, edition)[State.ACCEPTED] == READERS:
                return
    raise RuntimeError("not everybody has it")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
