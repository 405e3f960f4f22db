"""A morning for ten thousand readers on SQLite, through every transport, killed and run again.

What the far side kept is the judge: nobody twice, nobody lost, doubt counted.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter import keys
from newsletter.config import load
from newsletter.database import connect
from newsletter.migrations import migrate
from newsletter.testing.smtp_sink import SmtpSink
from newsletter.testing.stub_sendgrid import StubSendGrid
from subscribers import Address
from tests.run_morning import Lifted
from tests.support import DAY, Reader, add
from tests.test_morning import GOOD

TEN_THOUSAND = 10_000
FEW = 1_500  # for the runs that are killed
TO = re.compile(rb"^To: <?([^>\r\n]+)>?\r$", re.M)


class Far:
    """A far side: how to be reached, and whom it has kept a message for."""

    kind = "memory"

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}
        self.folder: Path | None = None
        self.sink: SmtpSink | None = None
        self.stub: StubSendGrid | None = None

    def kept(self) -> Counter[str]:
        """Count the messages by address."""
        if self.sink:
            return Counter(message.recipient for message in self.sink.messages)
        if self.stub:
            return Counter(message.address for message in self.stub.messages)
        if self.folder:
            emails = [path.read_bytes()[:4000] for path in self.folder.rglob("*.eml")]
            return Counter(match[1].decode() for match in map(TO.search, emails) if match)
        return Counter()


@contextmanager
def far_side(kind: str, folder: Path) -> Iterator[Far]:
    """Open a far side of a kind, with the settings that lead to it."""
    far = Far()
    far.kind = kind
    if kind == "smtp":
        with SmtpSink(keeps_content=False) as far.sink:
            far.settings = {"host": "127.0.0.1", "port": str(far.sink.port), "security": "none"}
            yield far
    elif kind == "sendgrid":
        with StubSendGrid() as far.stub:
            far.settings = {"host": far.stub.url, "api_key": far.stub.key}
            yield far
    else:
        far.folder = folder / "outbox" if kind == "file" else None
        yield far


def install(folder: Path, far: Far, readers: int) -> Path:
    """Set an installation up with a list and the digest of the day; return its configuration."""
    chosen = "".join(
        f"{name} = {value if value.isdigit() else json.dumps(value)}\n"
        for name, value in far.settings.items()
    )
    config = folder / "config.toml"
    config.write_text(
        f"""
public_url = "https://news.example.com"
[database]
url = "sqlite:///newsletter.db"
[keys]
file = "keys.toml"
[transport]
kind = "{far.kind}"
[transport.file]
folder = "outbox"
{f"[transport.{far.kind}]" if chosen else ""}
{chosen}
[newsletters.ai_daily]
name = "全球AI新闻速递"
sender.address = "news@news.example.com"
""",
        encoding="utf-8",
    )
    settings = load(config)
    hasher = keys.create(settings.keys.file).addresses
    database = connect(settings.database.url)
    migrate(database)
    with database.sessions.begin() as session:
        people = [Reader(address=f"r{n}@example.com") for n in range(readers)]
        add(session, people, now=datetime(2026, 11, 1, tzinfo=UTC))
        assert hasher.digest(Address("r0@example.com"))
    database.close()
    digests = folder / "digests"
    digests.mkdir()
    digest = digests / f"{DAY}.md"
    digest.write_text(GOOD.format(day=DAY), encoding="utf-8")
    an_hour_ago = time.time() - 3600
    os.utime(digest, (an_hour_ago, an_hour_ago))
    return config


def start(config: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.run_morning", str(config), DAY.isoformat()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("kind", ["memory", "file", "smtp", "sendgrid"])
def test_ten_thousand_get_one_copy_each_and_a_second_run_sends_none(kind: str, tmp_path: Path) -> None:
    with far_side(kind, tmp_path) as far:
        app = Lifted(load(install(tmp_path, far, TEN_THOUSAND)))

        first = app.morning("ai_daily").run(DAY)
        second = app.morning("ai_daily").run(DAY)

        kept = far.kept()
        app.close()
    assert first.books
    assert first.books.balanced
    assert (first.sent_now, second.sent_now) == (TEN_THOUSAND, 0)
    if kind != "memory":  # it was in the process's memory, and the books above are all there is
        assert len(kept) == TEN_THOUSAND
        assert set(kept.values()) == {1}


@pytest.mark.parametrize("kind", ["file", "smtp", "sendgrid"])
def test_killed_at_any_moment_and_run_again_nobody_gets_two_and_doubt_is_counted(
    kind: str, tmp_path: Path
) -> None:
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    kills = 0
    with far_side(kind, tmp_path) as far:
        config = install(tmp_path, far, FEW)
        for _ in range(4):
            process = start(config)
            reached = sum(far.kept().values()) + chance.randint(1, FEW // 4)
            while process.poll() is None and sum(far.kept().values()) < reached:
                time.sleep(0.005)
            time.sleep(chance.random() * 0.05)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.communicate()
        last = start(config)
        out, err = last.communicate(timeout=120)
        kept = far.kept()

    assert last.returncode == 0, err.decode()
    report = json.loads(out)
    books = report["books"]
    print(f"{kind}: {kills} kills, {books}")
    assert kills
    assert set(kept.values()) == {1}, "somebody has two copies"
    assert books["balanced"]
    assert books["accepted"] + books["in_doubt"] == FEW
    assert books["accepted"] <= len(kept) <= FEW
    # Whoever the far side has no copy for is counted as doubt, never as accepted.
    assert FEW - len(kept) <= books["in_doubt"]
