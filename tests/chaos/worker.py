"""A worker for chaos: the loops of ``newsletter worker``, in a hurry.

The configuration rightly refuses leases under 90 seconds and no setting shortens the pauses that spare a
far side. A run of seconds needs both short, and nothing else: what is sent, written and decided is the
product's own code.
"""

from __future__ import annotations

import logging
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, update
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.config import Settings, load
from newsletter.database import Database
from newsletter.delivery import handover, ledger, pacing, retry, worker
from newsletter.delivery.states import BatchState, State
from newsletter.delivery.tables import Batch, Delivery
from newsletter.migrations import require_current
from newsletter.schedule import Worker
from newsletter.transports import patience, smtp
from newsletter.transports.smtp_job import Patience

LEASE = timedelta(seconds=4)
MARGIN = timedelta(seconds=1.5)
FLAG = ".full"  # beside the configuration
MOST_PAGES = 2**30
PAUSE = timedelta(seconds=0.25)


def hurry() -> None:
    """Shorten what waits."""
    handover.LEASE_MARGIN = MARGIN
    pacing.PAUSES = (PAUSE,) * len(pacing.PAUSES)
    # So many that nobody is given up: what is refused then was refused by the far side.
    retry.PAUSES = (PAUSE,) * 500
    patience.FIRST, patience.LONGEST = PAUSE, 2 * PAUSE
    worker.FORGOTTEN_AFTER = timedelta(seconds=3)
    second = timedelta(seconds=1)
    quick = Patience(command=second, data=second, block=second, dot=second, goodbye=second)
    # The transport asks for the patience of RFC 5321 by this name.
    setattr(smtp, "Patience", lambda: quick)  # noqa: B010  # a class's place is taken by a function


def hurried(settings: Settings) -> Settings:
    """Return the settings with a lease that the configuration would refuse."""
    sending = settings.sending.model_copy(update={"lease_seconds": LEASE.total_seconds()})
    return settings.model_copy(update={"sending": sending})


def heed_limit(database: Database, flag: Path) -> None:
    """Let the file grow no more while ``flag`` is there: a full disk, for who may not mount one."""

    @event.listens_for(database.engine, "begin")
    def _limit(connection: Connection) -> None:
        most = 1 if flag.exists() else MOST_PAGES  # SQLite takes 1 for "as many as there are"
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")


def sabotage() -> None:
    """Break the promise: send what a dead worker had in flight again. Chaos must find that out."""
    honest = ledger.release

    def release(session: Session, batch: Batch, **options: Any) -> BatchState:
        mine = (Delivery.edition_id == batch.edition_id, Delivery.batch_number == batch.number)
        in_flight = update(Delivery).where(*mine, Delivery.state == State.IN_FLIGHT)
        session.execute(in_flight.values(state=State.WAITING))
        return honest(session, batch, **options)

    ledger.release = release


def serve(config: Path, log: Path, *, is_sabotaged: bool = False) -> None:
    """Work until SIGTERM; what there is to say goes to ``log``."""
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    logging.basicConfig(format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s")
    hurry()
    if is_sabotaged:
        sabotage()
    app = App(hurried(load(config)))
    if app.database.is_sqlite:
        heed_limit(app.database, config.with_suffix(FLAG))
    require_current(app.database)
    working = Worker(app, pause=timedelta(seconds=0.1))
    signal.signal(signal.SIGTERM, lambda *_: working.stop())
    working.start()
    working.stopping.wait()
    working.join()
    app.close()
