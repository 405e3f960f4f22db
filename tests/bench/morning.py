"""How soon after the hour the first copy leaves, with nobody awake: real threads, the machine's clock."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.app import App
from newsletter.config import Settings
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.schedule import Worker
from newsletter.transports.base import Outcome
from newsletter.transports.memory import MemoryTransport
from tests.bench import measured
from tests.month.script import digest
from tests.support import KEYS, SLUG, add, open_database, readers

READERS = 100_000
AHEAD = timedelta(seconds=12)  # time for the worker to start and to prepare


class FirstCopy(MemoryTransport):
    """Remembers when the first copy was handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.at: datetime | None = None
        self.came = threading.Event()

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Note the moment of the first outcome."""
        for outcome in super().send(mailing, copies, call_id=call_id, lane=lane):
            if self.at is None:
                self.at = datetime.now(UTC)
                self.came.set()
            yield outcome


@measured("≤ 5")
def first_copy_s() -> float:
    """A hundred thousand readers on SQLite; from ``send_at`` to the first copy handed over."""
    zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"  # where it is about noon
    hour = (datetime.now(UTC) + AHEAD).replace(microsecond=0)
    local = hour.astimezone(ZoneInfo(zone))
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "digests"
        folder.mkdir()
        (folder / f"{local:%Y-%m-%d}.md").write_text(digest(local.date()), encoding="utf-8")
        url = f"sqlite:///{home}/newsletter.db"
        database = open_database(url)
        with database.sessions.begin() as session:
            add(session, readers(READERS))
        settings = Settings.model_validate(
            {
                "public_url": "https://news.example.com",
                "database": {"url": url},
                "transport": {"kind": "memory"},
                "newsletters": {
                    SLUG: {
                        "name": "全球AI新闻速递",
                        "source": {"folder": folder, "unattended": True},
                        "schedule": {
                            "zone": zone,
                            "send_at": f"{local:%H:%M:%S}",
                            "deliver_until": "23:59:59",
                        },
                    }
                },
            }
        )
        app, transport = App(settings), FirstCopy()
        app.__dict__.update(keys=KEYS, database=database, transport=transport)
        worker = Worker(app)
        worker.start()
        try:
            if not transport.came.wait(AHEAD.total_seconds() + 60) or transport.at is None:
                raise RuntimeError("no copy came")
            return (transport.at - hour).total_seconds()
        finally:
            worker.stop()
            worker.join()
            app.close()
