"""What a worker more is worth: the same edition, sent by one worker and by four."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import distinct, func, select

from newsletter import keys
from newsletter.clock import utc_now
from newsletter.database import Database
from newsletter.delivery.engine import engine_for
from newsletter.delivery.heartbeat import Heartbeat
from newsletter.editions.edition import Edition
from newsletter.editions.states import State
from tests.bench import measured
from tests.chaos.fleet import Fleet
from tests.chaos.places import Servers
from tests.support import SLUG, add, frozen, open_database, readers

READERS = 20_000
WAIT_SECONDS = 0.05  # a message
CONNECTIONS = 16  # of one worker


@measured("≥ 3.2")
def workers_4_over_1() -> float:
    """How much faster four workers send 20,000 copies to a server that waits 50 ms a message."""
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own when we are root
        servers = Servers(folder / "postgres")
        try:
            one, four = (_seconds(servers, folder, workers=workers) for workers in (1, 4))
        finally:
            servers.remove()
    return one / four


def _seconds(servers: Servers, folder: Path, *, workers: int) -> float:
    """Return the time from the first message's arrival to the last one's."""
    url = servers.new_database()
    database = open_database(url)
    engine = engine_for("procrastinate", url)
    engine.install()
    with database.sessions.begin() as session:
        add(session, readers(READERS))
    with _sink() as (port, arrived):
        config = folder / f"{workers}.toml"
        keys.create(config.with_suffix(".keys"))
        config.write_text(
            f'public_url = "https://news.example.com"\n'
            f'database.url = "{url}"\n'
            f'keys.file = "{config.with_suffix(".keys")}"\n'
            f'newsletters.{SLUG}.name = "全球AI新闻速递"\n'
            f'[sending]\nengine = "procrastinate"\n'
            f'[transport]\nkind = "smtp"\n'
            f'[transport.smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
            f"connections = {CONNECTIONS}\n",
            encoding="utf-8",
        )
        chance = random.Random(0)
        with Fleet(config, size=workers, chance=chance, is_plain=True) as fleet:
            while _beating(database) < workers:
                time.sleep(0.1)
            time.sleep(2)  # until the queue's own workers listen, too
            edition = frozen(database, batch_size=200, now=utc_now())
            while not _is_finished(database, edition.id):
                time.sleep(0.2)
            fleet.end()
    engine.close()
    database.close()
    if (arrived["messages"], arrived["addresses"]) != (READERS, READERS):
        raise AssertionError(f"{READERS} readers, and there arrived {arrived}")
    return arrived["seconds"]


def _beating(database: Database) -> int:
    """Return how many workers are up."""
    with database.readers() as session:
        return session.scalar(select(func.count(distinct(Heartbeat.owner)))) or 0


def _is_finished(database: Database, edition_id: int) -> bool:
    with database.readers() as session:
        return session.scalar(select(Edition.state).where(Edition.id == edition_id)) is State.FINISHED


@contextmanager
def _sink() -> Iterator[tuple[int, dict[str, float]]]:
    """Yield the port of a sink, and what it will have said when it has ended."""
    arrived: dict[str, float] = {}
    command = [sys.executable, "-m", "tests.bench.waiting_sink", str(WAIT_SECONDS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline()), arrived
        said, _ = process.communicate()
        arrived |= json.loads(said)
