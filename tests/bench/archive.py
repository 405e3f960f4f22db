"""What it costs to search the archive."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from datetime import timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.database import Database
from newsletter.digests.reader import read
from newsletter.editions import archive
from newsletter.editions.archive import Key
from tests.bench import measured
from tests.support import DAY, SEVEN, SLUG, open_database

EDITIONS = 1_000
STORIES = 20
QUERIES = ["芯片", "从来没有", "zzqq", "芯片 从来没有", "英伟达 openai"]
_FOLDER = tempfile.TemporaryDirectory(prefix="newsletter-bench-archive-")


@measured("≤ 50")
def archive_search_ms() -> float:
    """The slowest of several searches over 1,000 editions: two characters, rare words, none at all."""
    database = _filled()
    return max(statistics.median(_search(database, query) for _ in range(5)) for query in QUERIES)


def _search(database: Database, query: str) -> float:
    started = time.perf_counter()
    with database.readers() as session:
        pages = archive.newest(session, SLUG, terms=archive.terms_of(query))
        for page in pages:
            archive.excerpt(page.text, archive.terms_of(query))
    return (time.perf_counter() - started) * 1000


@cache
def _filled() -> Database:
    database = open_database(f"sqlite:///{Path(_FOLDER.name) / 'archive.db'}")
    dice = random.Random(1)
    han = [chr(0x4E00 + n) for n in range(3_000)]
    with database.sessions.begin() as session:
        for back in range(EDITIONS):
            day = DAY - timedelta(days=back)
            stories = "\n\n".join(
                f"## {n}. [{''.join(dice.choices(han, k=18))}](https://example.com/{n})\n\n"
                f"{''.join(dice.choices(han, k=180))} OpenAI GPT"
                for n in range(1, STORIES + 1)
            )
            source = f"---\ntitle: {day}\ndate: {day}\n---\n\n{stories}\n"
            digest = read(source.encode(), file="d.md", newsletter_name="速递", tz=ZoneInfo("Asia/Shanghai"))
            archive.add(session, SLUG, Key(day), digest, published_at=SEVEN, now=SEVEN)
    return database
