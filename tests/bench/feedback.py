"""What comes back, over real HTTP on loopback: posts of a hundred events, and the applier behind them.

The posts are written and signed beforehand and come from another process, four at a time, as a provider's
servers do. The site is the whole one, behind uvicorn, with its signature check and its durable write.
``FEEDBACK_POSTS=10000`` makes it a million events; the default is bounded, so that a round is short.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from sqlalchemy import func, insert, select

from newsletter.delivery.tables import Batch, Call
from newsletter.feedback.tables import Feedback
from newsletter.testing.event_webhook import EventWebhook, wire
from newsletter.web.site import make_site
from tests.bench import measured
from tests.bench.transfer import a_postgres
from tests.support import SEVEN, frozen, readers
from tests.web.support import House, a_house

PER_POST = 100
POSTS = int(os.environ.get("FEEDBACK_POSTS", "500"))
CLIENTS = 4
NOW = SEVEN + timedelta(hours=1)
PATH = "/webhooks/sendgrid"

HARD = {"event": "bounce", "type": "bounce", "reason": "550 5.1.1 no such user", "status": "5.1.1"}
FULL = {"event": "bounce", "type": "blocked", "reason": "552 5.2.2 mailbox full", "status": "5.2.2"}
PROCESSED = {"event": "processed"}
DELIVERED = {
    "event": "delivered",
    "response": "250 2.0.0 OK 1795420815 - gsmtp",
    "ip": "198.51.100.17",
    "tls": 1,
}
DEFERRED = {"event": "deferred", "response": "451 4.7.1 Greylisting in action", "attempt": "1"}
# What becomes of copies on an ordinary morning.
LIVES = (
    [[PROCESSED, DELIVERED]] * 960
    + [[PROCESSED, DEFERRED, DELIVERED]] * 25
    + [[PROCESSED, HARD]] * 8
    + [[PROCESSED, FULL]] * 5
    + [[PROCESSED, DELIVERED, {"event": "spamreport"}]] * 1
    + [[PROCESSED, DELIVERED, {"event": "open", "useragent": "Mozilla/5.0 (iPhone)"}]] * 1
)


@dataclass(frozen=True)
class Taken:
    """One run."""

    events_per_s: float
    p99_ms: float
    apply_over_intake: float
    memory_grown_mb: float


@measured("≥ 5000")
def webhook_postgres_events_per_s() -> float:
    """Events taken in a second, PostgreSQL with its usual durability."""
    with a_postgres() as url:
        return _run(url).events_per_s


@measured("≥ 2000")
def webhook_sqlite_events_per_s() -> float:
    """Events taken in a second, SQLite with synchronous FULL."""
    taken = _run(None)
    _LAST.append(taken)
    return taken.events_per_s


_LAST: list[Taken] = []


@measured("≤ 300")
def webhook_p99_ms() -> float:
    """How long the slowest in a hundred posts waited for its answer (SQLite)."""
    return _last().p99_ms


@measured("≥ 1.0")
def apply_over_intake() -> float:
    """How fast the applier is, over how fast posts come in (SQLite)."""
    return _last().apply_over_intake


@measured("≤ 20")
def apply_memory_grown_mb() -> float:
    """What the process has grown by from the first tenth of the events to the last."""
    return _last().memory_grown_mb


def _last() -> Taken:
    # One run tells all of it, so a round of all measurements makes one.
    return _LAST.pop(0) if len(_LAST) > 1 else (_LAST[0] if _LAST else _run(None))


def _run(url: str | None) -> Taken:
    key = EventWebhook("http://127.0.0.1/").key
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        house = a_house(folder, url=url, feedback={"sendgrid_keys": [key.public_key]})
        house.clock.now = NOW
        events = POSTS * PER_POST
        (folder / "posts").write_bytes(b"")
        _write_posts(house, key, folder / "posts", events)
        with _served(house) as address:
            told = json.loads(
                subprocess.run(
                    [sys.executable, "-m", "tests.bench.feedback", address, str(folder / "posts")],
                    check=True,
                    capture_output=True,
                ).stdout
            )
        applied_s, grown = _apply_all(house)
        _expect_all(house)
        house.app.close()
    return Taken(
        events_per_s=events / told["seconds"],
        p99_ms=statistics.quantiles(told["waits_ms"], n=100)[98],
        apply_over_intake=told["seconds"] / applied_s,
        memory_grown_mb=grown,
    )


def _write_posts(house: House, key: Any, file: Path, events: int) -> None:
    """Freeze an edition, give it calls, and write the posts about its copies, headers and all."""
    people = events // 2
    edition = frozen(house.app.database, readers(people), now=SEVEN)
    with house.writing() as session:
        batches = session.scalars(select(Batch).where(Batch.edition_id == edition.id)).all()
        calls = [
            {"key": f"{batch.id:032x}", "batch_id": batch.id, "transport": "sendgrid", "copies": batch.size}
            | {"opened_at": SEVEN, "closed_at": SEVEN, "provider_id": f"m{batch.id}"}
            for batch in batches
        ]
        session.execute(insert(Call), calls)
    call_of = {
        id_: f"{batch.id:032x}"
        for batch in batches
        for id_ in range(batch.first_subscriber_id, batch.last_subscriber_id + 1)
    }
    chance = random.Random(7)
    told: list[dict[str, Any]] = []
    webhook = EventWebhook("http://127.0.0.1/", key=key)
    with file.open("wb") as out:

        def write(some: list[dict[str, Any]]) -> None:
            body, headers = webhook.signed(wire(some), now=NOW)
            line = json.dumps(headers).encode()
            out.write(len(line).to_bytes(4, "big") + len(body).to_bytes(4, "big") + line + body)

        written = 0
        for id_ in range(1, people + 1):
            for number, event in enumerate(chance.choice(LIVES)):
                told.append(_told(edition.id, id_, call_of[id_], number, event))
            # As from many servers: what is near in time is not near in order.
            if len(told) >= 40 * PER_POST:
                chance.shuffle(told)
                while len(told) >= 20 * PER_POST and written < events:
                    some, told = told[:PER_POST], told[PER_POST:]
                    write(some)
                    written += len(some)
        while written < events and told:
            some, told = told[:PER_POST], told[PER_POST:]
            write(some)
            written += len(some)


def _told(edition_id: int, id_: int, call: str, number: int, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "email": f"r{id_}@example.com",
        "timestamp": 1795420802 + number * 6 + id_ % 60,
        "sg_event_id": f"cHJvY2Vzc2VkLTAtMTA5NDkwMDEtVWE5ejlsU1RTYXFZ{id_}-{number}",
        "sg_message_id": f"m{call[-6:]}.recvd-5f54b5d587-pczjm-1-67BADEEA-{id_}.0",
        "smtp-id": "<Ua9z9lSTSaqYBWJe_Xfc-Q@geopod-ismtpd-18>",
        "category": ["ai_daily-2026-11-23"],
        "nl_ref": f"e{edition_id}-s{id_}",
        "nl_call": call,
        **event,
    }


@contextmanager
def _served(house: House) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(make_site(house.app), proxy_headers=False, access_log=False, log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _apply_all(house: House) -> tuple[float, float]:
    """Let everything take effect; return the seconds, and what the memory grew by after the first tenth."""
    applier = house.app.applier
    early = 0.0
    rounds = 0
    started = time.perf_counter()
    while applier.step():
        rounds += 1
        if rounds == max(1, POSTS // 640):
            early = _memory_mb()
    seconds = time.perf_counter() - started
    return seconds, max(0.0, _memory_mb() - early)


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _expect_all(house: House) -> None:
    with house.app.database.readers() as session:
        copies = session.scalar(select(func.count()).select_from(Feedback)) or 0
    if copies < POSTS * PER_POST * 0.45:
        raise AssertionError(f"only {copies} copies were heard of")


# ---- the other side, in a process of its own ----


def _post_all(address: str, file: Path) -> dict[str, Any]:
    posts: list[tuple[dict[str, str], bytes]] = []
    content = memoryview(file.read_bytes())
    at = 0
    while at < len(content):
        head, length = (int.from_bytes(content[at + n : at + n + 4], "big") for n in (0, 4))
        at += 8
        posts.append(
            (json.loads(bytes(content[at : at + head])), bytes(content[at + head : at + head + length]))
        )
        at += head + length
    netloc = urlsplit(address).netloc

    def post(share: list[tuple[dict[str, str], bytes]]) -> list[float]:
        connection = http.client.HTTPConnection(netloc, timeout=60)
        waits: list[float] = []
        for headers, body in share:
            began = time.perf_counter()
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 204:
                raise AssertionError(f"a post was answered with {answer.status}")
            waits.append((time.perf_counter() - began) * 1000)
        return waits

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as threads:
        waits = [
            wait for some in threads.map(post, [posts[n::CLIENTS] for n in range(CLIENTS)]) for wait in some
        ]
    return {"seconds": time.perf_counter() - started, "waits_ms": waits}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_post_all(sys.argv[1], Path(sys.argv[2]))))
