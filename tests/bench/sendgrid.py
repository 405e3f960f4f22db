"""What handing over by SendGrid costs us. The stub is a process of its own, and its time is not ours."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import cache
from pathlib import Path

from newsletter.delivery import books, ledger
from newsletter.delivery.composer import Composer
from newsletter.delivery.states import State
from newsletter.delivery.worker import drain
from newsletter.editions.edition import Edition
from newsletter.mailing import Copy, Mailing
from newsletter.testing.sendgrid_process import SendGridProcess
from newsletter.transports.base import Verdict
from newsletter.transports.sendgrid import SendGridTransport
from tests.bench import measured, rendering
from tests.bench.ledger import fill
from tests.support import KEYS, SEVEN, URLS, a_sender, new_edition, open_database

THOUSAND = 1_000
MILLION = 1_000_000
THREADS = 4  # as the settings have it
CALLS = 50


def composed(mailing: Mailing, first: int) -> list[Copy]:
    """Return a thousand copies as the composer makes them."""
    composer = Composer(KEYS, URLS)
    return [
        composer.compose(mailing, 1, reader, f"reader{reader}@example.com")
        for reader in range(first, first + THOUSAND)
    ]


@measured("≤ 25")
def sendgrid_transport_us() -> float:
    """Processor time of our process for one copy: from values to the answer, in calls of a thousand."""
    mailing = rendering._mailing()
    copies = composed(mailing, 1)
    with SendGridProcess() as stub, closing(SendGridTransport(stub.key, host=stub.url)) as transport:
        list(transport.send(mailing, copies, call_id="first"))
        started = time.process_time()
        for number in range(CALLS):
            for outcome in transport.send(mailing, copies, call_id=f"c{number}"):
                if outcome.verdict is not Verdict.ACCEPTED:
                    raise AssertionError(outcome.reply)
        took = time.process_time() - started
        counts = stub.counts()
    if counts["copies"] != (CALLS + 1) * THOUSAND:
        raise AssertionError(f"{counts['copies']} copies came")
    print(f"  (the stub's own: {counts['cpu_s'] / counts['copies'] * 1e6:.1f} µs a copy)")
    return took / CALLS / THOUSAND * 1_000_000


@measured("≤ 60")
def sendgrid_1m_s() -> float:
    """Handing an edition to a million readers, the ledger kept on SQLite: frozen, sent, closed."""
    return _million()["seconds"]


@measured("≤ 300")
def sendgrid_1m_rss_mb() -> float:
    """Peak memory of our process in such a run."""
    return _million()["rss_mb"]


@measured("")
def sendgrid_1m_cpu_us() -> float:
    """Processor time of our process for one copy in such a run: ledger, composing and transport."""
    return _million()["cpu_us"]


@cache
def _million() -> dict[str, float]:
    """Run it once, in a process of its own: three numbers of one run."""
    return run(MILLION)


def run(people: int) -> dict[str, float]:
    """Send to so many readers, hold the stub's count to it, and return what it took."""
    with tempfile.TemporaryDirectory() as folder, SendGridProcess() as stub:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        database = open_database(url)
        fill(database, people)
        database.close()
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.sendgrid", url, stub.url, stub.key],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        counts = stub.counts()
    if (counts["copies"], counts["refs_twice"], counts["addresses_twice"]) != (people, 0, 0):
        raise AssertionError(f"not everyone got one copy: {counts}")
    own = counts["cpu_s"]
    print(f"  (the stub's own: {own:.1f} s of processor time, {own / people * 1e6:.1f} µs a copy)")
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def main(database_url: str, stub_url: str, key: str) -> None:
    """Freeze an edition and send it, and print names and numbers."""
    database = open_database(database_url)
    wall, cpu = time.perf_counter(), time.process_time()
    with database.snapshot() as session:
        edition = new_edition()
        ledger.freeze(session, edition, {"zh-CN": rendering._mailing()}, batch_size=THOUSAND, now=SEVEN)
    with closing(SendGridTransport(key, host=stub_url)) as transport:
        drain(a_sender(database, transport), edition.id, threads=THREADS)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with database.readers() as session:
        kept = books.of_edition(session, session.get_one(Edition, edition.id))
    database.close()
    if not kept.balanced or kept[State.ACCEPTED] != kept.owed:
        raise AssertionError(f"the books say {kept.as_json()}")
    print("seconds", wall)
    print("cpu_us", cpu / kept.owed * 1e6)
    print("rss_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
