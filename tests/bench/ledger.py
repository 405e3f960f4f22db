"""What the ledger costs at a million readers: freezing, and claim, intent and record without a far side."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from newsletter.database import Database
from newsletter.delivery import calls, ledger
from newsletter.delivery.calls import Became
from newsletter.delivery.states import Event
from newsletter.delivery.worker import drain, spare_the_collector
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing
from newsletter.transports.base import Outcome, Verdict, whole
from tests.bench import measured
from tests.bench.transfer import a_postgres
from tests.support import DAY, SEVEN, SLUG, a_mailing, a_sender, new_edition, open_database

MILLION = 1_000_000
# Shares as a Chinese list has them; the domains say the lane.
DOMAINS = ("qq.com", "163.com", "gmail.com", "qq.com", "example.com", "outlook.com", "126.com", "foxmail.com")


def fill(database: Database, people: int) -> None:
    """Put people on the list, in the database itself: what an import costs is measured elsewhere."""
    cases = " ".join(f"when {n} then '{domain}'" for n, domain in enumerate(DOMAINS))
    if database.is_sqlite:
        numbers = "with recursive k(n) as (select 1 union all select n + 1 from k where n < :people)"
        hashed = "cast(printf('%032d', n) as blob)"
    else:
        numbers = "with k(n) as (select generate_series(1, :people))"
        hashed = "convert_to(lpad(n::text, 32, '0'), 'UTF8')"
    domain = f"case n % {len(DOMAINS)} {cases} end"
    with database.sessions.begin() as session:
        session.execute(
            text(
                f"""insert into subscriber (id, address, address_hash, domain, attributes, created_at)
                {numbers} select n, 'r' || n || '@' || {domain}, {hashed}, {domain}, '{{}}', :at from k"""
            ),
            {"people": people, "at": "2026-11-01 00:00:00"},
        )
        session.execute(
            text(
                f"""insert into subscription (newsletter, subscriber_id, status, cadence, tags, created_at)
                {numbers} select :slug, n, 'active', 'daily', '[]', :at from k"""
            ),
            {"people": people, "slug": SLUG, "at": "2026-11-01 00:00:00"},
        )
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))


class Nowhere:
    """A transport that accepts at once and keeps nothing."""

    name = "nowhere"
    copies_per_call = 1000
    streams = False

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Accept every copy."""
        for copy in whole(copies):
            yield Outcome(ref=copy.ref, verdict=Verdict.ACCEPTED, provider_id=call_id)

    def close(self) -> None:
        """Nothing to let go of."""


@measured("≤ 5")
def freeze_1m_sqlite_s() -> float:
    """Freezing an edition for a million readers on SQLite: one transaction, committed."""
    return _measure("sqlite", "freeze")["freeze"]


@measured("≤ 5")
def freeze_1m_postgres_s() -> float:
    """The same on PostgreSQL."""
    return _measure("postgres", "freeze")["freeze"]


@measured("≥ 150,000")
def claim_record_sqlite_per_s() -> float:
    """Copies a second through claim, intent and record, in one process: no far side, no composing."""
    return _measure("sqlite", "ledger")["per_s"]


@measured("≥ 40,000")
def claim_record_postgres_per_s() -> float:
    """The same on PostgreSQL."""
    return _measure("postgres", "ledger")["per_s"]


@measured("≤ 1.35")
def growth_1m_over_10k() -> float:
    """Time per reader of freezing and handing over, a million readers over ten thousand, on SQLite."""
    return _measure("sqlite", "whole")["per_reader"] / _measure("sqlite", "whole", 10_000)["per_reader"]


@measured("≤ 1.3")
def memory_1m_over_10k() -> float:
    """Peak memory of the same two runs."""
    return _measure("sqlite", "whole")["rss"] / _measure("sqlite", "whole", 10_000)["rss"]


@contextmanager
def _database(kind: str) -> Iterator[str]:
    if kind == "postgres":
        with a_postgres() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"


def _measure(kind: str, what: str, people: int = MILLION) -> dict[str, float]:
    """Run ``what`` in a process of its own, and return what it printed."""
    with _database(kind) as url:
        database = open_database(url)
        fill(database, people)
        database.close()
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.ledger", url, what, str(people)],
            check=True,
            capture_output=True,
            text=True,
        )
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def main(url: str, what: str, people: int) -> None:
    """Measure, and print names and numbers."""
    database = open_database(url)
    started = time.perf_counter()
    with database.snapshot() as session:
        edition = new_edition()
        ledger.freeze(session, edition, {"zh-CN": a_mailing()}, batch_size=1000, now=SEVEN)
    frozen_in = time.perf_counter() - started
    print("freeze", frozen_in)
    if what == "freeze":
        return
    started = time.perf_counter()
    if what == "ledger":
        _claim_and_record(database)
    else:
        drain(a_sender(database, Nowhere()), edition.id)
    took = time.perf_counter() - started
    print("per_s", people / took)
    print("per_reader", (took + frozen_in) / people)
    print("rss", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _claim_and_record(database: Database) -> None:
    """Do with every batch what a sender does with the ledger: claim, take up, record, give back."""
    lease = timedelta(minutes=3)
    spare_the_collector()
    while True:
        with database.sessions.begin() as session:
            batch = ledger.claim(session, owner="bench", now=SEVEN, lease=lease)
            if batch is None:
                return
            call = calls.open_call(batch, transport="nowhere", now=SEVEN)
            taken = calls.take(
                session,
                batch,
                call,
                newsletter=SLUG,
                day=DAY,
                after_id=0,
                limit=1000,
                now=SEVEN,
                lease=lease,
            )
        with database.sessions.begin() as session:
            name = call.key
            results = [Became(id_, Event.ACCEPTED, name) for id_, _ in taken.readers]
            calls.record(session, batch, call, results, now=SEVEN)
            ledger.release(session, batch, now=SEVEN)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
