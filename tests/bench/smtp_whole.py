"""An edition over SMTP with the ledger kept, beside postfix's own smtp-source: same sink, size and run."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from newsletter.clock import utc_now
from newsletter.database import Database
from newsletter.delivery import books, ledger
from newsletter.delivery.states import State
from newsletter.delivery.worker import courier_of
from newsletter.editions.edition import Edition
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_connection import Server
from tests.bench import measured
from tests.bench.ledger import fill
from tests.bench.smtp import CONNECTIONS, MESSAGES, _mailing, _sink, _theirs
from tests.bench.transfer import a_postgres
from tests.support import SLUG, a_sender, new_edition, open_database

THREADS = 2


@measured("≥ 1.0")
def smtp_sqlite_over_smtp_source() -> float:
    """Personalised messages a second, claimed, composed, handed over and recorded on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        return _over_smtp_source(open_database(f"sqlite:///{Path(folder) / 'bench.db'}"))


@measured("≥ 1.0")
def smtp_postgres_over_smtp_source() -> float:
    """The same on PostgreSQL, its server on this machine too."""
    with a_postgres() as url:
        return _over_smtp_source(open_database(url))


def _over_smtp_source(database: Database) -> float:
    fill(database, MESSAGES)
    with database.snapshot() as session:
        edition = new_edition()
        ledger.freeze(session, edition, {"zh-CN": _mailing()}, batch_size=1000, now=utc_now())
    with _sink() as port:
        theirs = _theirs(port)
        server = Server(host="127.0.0.1", port=port, security="none", connections=CONNECTIONS)
        transport = SmtpTransport([server], messages_per_connection=MESSAGES)
        sender = replace(a_sender(database, transport), clock=utc_now)
        started = time.perf_counter()
        courier_of({SLUG: sender}, threads=THREADS).send_due()
        took = time.perf_counter() - started
        transport.close()
    with database.readers() as session:
        kept = books.of_edition(session, session.scalars(select(Edition)).one())
    database.close()
    if kept[State.ACCEPTED] != MESSAGES or not kept.balanced:
        raise RuntimeError(f"not everybody has it: {kept}")
    return MESSAGES / took / theirs
