"""The day it is needed: the machine is lost, and what was asked of it since the backup is not."""

from __future__ import annotations

import json
import os
import re
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.cli.conftest import Run

TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
DIGEST = """---
title: 今日速递 {day}
---

1. [开源模型登上榜首，第{day}号](https://news.site.example/{day}/one)

   参数只有七十亿，一张显卡就能跑，训练数据和代码全部公开。

2. [浏览器开始内置翻译，第{day}号](https://news.site.example/{day}/two)

   离线也能用，支持四十种语言，译文不出本机。
"""


def write_digest(home: Path, day: date) -> None:
    file = home / "digests" / f"{day}.md"
    file.write_text(DIGEST.format(day=day), encoding="utf-8")
    long_ago = time.time() - 600  # nobody is writing it any more
    os.utime(file, (long_ago, long_ago))


def mailed(home: Path, day: date) -> set[str]:
    """Return who got a copy of a day's edition."""
    found = set[str]()
    for file in (home / "var" / "outbox" / f"ai_daily-{day}").rglob("*.eml"):
        to = re.search(rb"^To: .*?(\w+)@example\.com", file.read_bytes(), re.MULTILINE)
        assert to
        found.add(to[1].decode())
    return found


def test_whoever_left_since_the_backup_gets_nothing_and_no_edition_goes_out_twice(
    run: Run, tmp_path: Path
) -> None:
    home, there, other_disk = tmp_path / "home", tmp_path / "there", tmp_path / "disk"
    assert run("init", home).code == 0
    passphrase = run("backup", "--new-passphrase", other_disk / "passphrase")
    assert passphrase.code == 0
    config = (home / "config.toml").read_text(encoding="utf-8")
    config = config.replace("[journal]", f'[journal]\nfile = "{other_disk / "journal"}"')
    config = config.replace(
        "[backup]",
        f'[backup]\nfolder = "{other_disk}"\npassphrase_file = "{other_disk / "passphrase"}"',
    )
    (home / "config.toml").write_text(config, encoding="utf-8")

    def newsletter(*words: str, at: Path = home, code: int = 0) -> str:
        ended = run("--config", at / "config.toml", *words)
        assert ended.code == code, ended.out + ended.err
        return ended.out + ended.err

    for name in "abcdef":
        newsletter("subscribers", "add", f"{name}@example.com", "--origin", "test")
    write_digest(home, TODAY)
    newsletter("morning", "--day", str(TODAY))
    assert mailed(home, TODAY) == set("abcdef")

    made = json.loads(newsletter("backup", "--json"))
    assert made["checked"]
    for name in "abc":
        newsletter("subscribers", "leave", f"{name}@example.com")
    newsletter("subscribers", "erase", "d@example.com")
    tomorrow = TODAY + timedelta(days=1)
    write_digest(home, tomorrow)
    newsletter("morning", "--day", str(tomorrow))
    assert mailed(home, tomorrow) == set("ef")

    # The machine is lost; another disk is not.
    home.rename(tmp_path / "lost")
    restore = ("restore", made["file"], "--into", str(there))
    told = run(*restore, "--passphrase-file", other_disk / "passphrase")
    assert (told.code, "4 leaves, 1 erasure, 1 edition that began" in told.out) == (0, True), (
        told.out + told.err
    )
    (there / "digests").mkdir()
    write_digest(there, tomorrow)

    assert "nothing is sent" in newsletter("morning", "--day", str(tomorrow), at=there, code=2)
    newsletter("fence", at=there, code=3)
    newsletter("fence", "--confirm", "--yes", at=there)
    newsletter("morning", "--day", str(tomorrow), at=there)
    assert mailed(there, tomorrow) == set()

    after = TODAY + timedelta(days=2)
    write_digest(there, after)
    newsletter("morning", "--day", str(after), at=there)
    assert mailed(there, after) == set("ef")
    assert "unbroken" in newsletter("journal", "verify", at=there)


def test_the_fence_stays_closed_while_the_journal_is_away(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    run("init", home)
    config = (home / "config.toml").read_text(encoding="utf-8")
    journal = tmp_path / "disk" / "journal"
    config = config.replace("[journal]", f'[journal]\nfile = "{journal}"')
    (home / "config.toml").write_text(config, encoding="utf-8")
    words = ("--config", home / "config.toml")
    run(*words, "subscribers", "add", "a@example.com", "--origin", "test")
    run(*words, "subscribers", "leave", "a@example.com")
    (home / "var" / "newsletter.db.instance").unlink()
    journal.rename(tmp_path / "away")

    away = run(*words, "fence", "--confirm", "--yes")
    lost = run(*words, "fence", "--confirm", "--yes", "--without-journal")

    assert (away.code, "is the disk that holds the journal there?" in away.err) == (2, True)
    assert (lost.code, "whoever left since" in lost.out) == (0, True)
