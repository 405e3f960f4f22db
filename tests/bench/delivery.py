"""What freezing and handing over cost."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from newsletter.delivery import ledger
from newsletter.delivery.worker import drain
from newsletter.transports.memory import MemoryTransport
from tests.bench import measured
from tests.support import SEVEN, a_mailing, a_sender, add, frozen, new_edition, open_database, readers

TEN_THOUSAND = 10_000


@measured("≤ 1")
def freeze_10k_sqlite_s() -> float:
    """Freezing an edition for 10,000 readers: one transaction, committed."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'bench.db'}")
        with database.sessions.begin() as session:
            add(session, readers(TEN_THOUSAND))
        started = time.perf_counter()
        with database.snapshot() as session:
            ledger.freeze(session, new_edition(), {"zh-CN": a_mailing()}, batch_size=1000, now=SEVEN)
        took = time.perf_counter() - started
        database.close()
    return took


@measured("")
def drain_10k_sqlite_s() -> float:
    """Handing 10,000 copies to a transport that does nothing, the ledger kept."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'bench.db'}")
        edition = frozen(database, readers(TEN_THOUSAND))
        started = time.perf_counter()
        drain(a_sender(database, MemoryTransport()), edition.id)
        took = time.perf_counter() - started
        database.close()
    return took
