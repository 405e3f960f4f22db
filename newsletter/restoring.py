"""Restoring a backup: into a scratch database first, compared there, and only then put in place.

What was in place before is moved aside and not removed. The fence of what was restored is closed: the
journal is replayed, and then a person opens it (`newsletter fence --confirm`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, inspect, make_url
from sqlalchemy.exc import DBAPIError

from newsletter.backup import archive
from newsletter.backup.dumping import checkpoint
from newsletter.backup.manifest import Manifest, Member
from newsletter.backup.scratch import (
    NoScratch,
    compare_sqlite,
    on_server,
    restore_postgres,
    scratch_postgres,
)
from newsletter.config import Settings, load
from newsletter.database import Database, connect
from newsletter.delivery import heartbeat
from newsletter.errors import ConfigError, NewsletterError
from newsletter.migrations import migrate


class InTheWay(NewsletterError):
    """Something lies where the backup is to go. Choose another place, or say that it may be replaced."""


@dataclass(kw_only=True)
class Restored:
    """What was done."""

    manifest: Manifest
    settings: Settings
    placed: list[Path] = field(default_factory=list)  # files
    aside: list[str] = field(default_factory=list)  # what was moved out of the way, and where to
    to_do: list[str] = field(default_factory=list)  # what only a person can


def restore_home(file: Path, folder: Path, passphrase: str, *, now: datetime) -> Restored:
    """Make an installation in an empty folder: its config.toml, its keys and its database."""
    if folder.exists() and any(folder.iterdir()):
        raise InTheWay(f"{folder} is not empty; name another folder, or leave --into out to restore in place")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        tempfile.TemporaryDirectory(prefix=".restoring-", dir=folder) as scratch,
        archive.opened(file, passphrase) as (manifest, tar),
    ):
        files = archive.extract(manifest, tar, Path(scratch))
        config = next((member for member in manifest.members if member.role == "config"), None)
        if config is None:
            raise ConfigError(
                "the backup has no config.toml: make one (`newsletter init`), and restore in place"
            )
        os.replace(files[config.name], folder / "config.toml")
        settings = load(folder / "config.toml")
        return _restore(settings, manifest, files, replace=False, now=now)


def restore_here(
    settings: Settings, file: Path, passphrase: str, *, replace: bool, now: datetime
) -> Restored:
    """Put a backup in the place of what ``settings`` speak of; with ``replace``, also where something is."""
    home = settings.keys.file.parent
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        tempfile.TemporaryDirectory(prefix=".restoring-", dir=home) as scratch,
        archive.opened(file, passphrase) as (manifest, tar),
    ):
        files = archive.extract(manifest, tar, Path(scratch))
        return _restore(settings, manifest, files, replace=replace, now=now)


def _restore(
    settings: Settings, manifest: Manifest, files: Mapping[str, Path], *, replace: bool, now: datetime
) -> Restored:
    done = Restored(manifest=manifest, settings=settings)
    stamp = f"before-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    url = make_url(settings.database.url)
    if url.get_backend_name() != manifest.kind:
        raise ConfigError(
            f"the backup is of {manifest.kind}, and database.url is not: restore it there, and then "
            "`newsletter move`"
        )
    keys = [
        (member, _target(settings, member)) for member in manifest.members if member.role in ("keys", "dkim")
    ]
    for member, target in keys:
        if not replace and target.exists() and archive.sha256_of(target) != member.sha256:
            raise InTheWay(f"{target} is there and is another one; --replace moves it aside")
    copy = files[manifest.database.name]
    if manifest.kind == "sqlite":
        _place_sqlite(done, Path(url.database or ""), copy, replace=replace, stamp=stamp, now=now)
    else:
        _place_postgres(done, url, copy, replace=replace, stamp=stamp, now=now)
    for member, target in keys:
        _place_file(done, files[member.name], target, member, stamp)
    return done


def _target(settings: Settings, member: Member) -> Path:
    """Return where a key goes: where the settings look for it."""
    if member.role == "keys":
        return settings.keys.file
    for signature in settings.transport.smtp.dkim:
        if signature.key.name == Path(member.path).name:
            return signature.key
    home = settings.config_file.parent if settings.config_file else settings.keys.file.parent
    return home / Path(member.path).name


def _place_file(done: Restored, source: Path, target: Path, member: Member, stamp: str) -> None:
    if target.exists():
        if archive.sha256_of(target) == member.sha256:
            return
        _move_aside(done, target, stamp)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(source, target)
    target.chmod(0o600)
    done.placed.append(target)


def _move_aside(done: Restored, path: Path, stamp: str) -> None:
    aside = path.with_name(f"{path.name}.{stamp}")
    path.replace(aside)
    done.aside.append(f"{path} → {aside}")


# ---- SQLite ----


def _place_sqlite(
    done: Restored, target: Path, copy: Path, *, replace: bool, stamp: str, now: datetime
) -> None:
    compare_sqlite(done.manifest, copy)
    _bring_up(f"sqlite:///{copy}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.stat().st_size:
        old = connect(f"sqlite:///{target}")
        try:
            _require_free(old, str(target), replace=replace, now=now)
            checkpoint(old)
        finally:
            old.close()
        _move_aside(done, target, stamp)
    # Without its mark the fence is shut, whichever inode the new file gets.
    mark = target.with_name(f"{target.name}.instance")
    if mark.exists():
        mark.replace(target.with_name(f"{target.name}.{stamp}.instance"))
    for beside in ("-wal", "-shm"):  # of the old one: they would be taken for the new one's
        target.with_name(target.name + beside).unlink(missing_ok=True)
    new = target.with_name(f"{target.name}.restored")
    shutil.copyfile(copy, new)
    new.chmod(0o600)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(target)
    done.placed.append(target)


def _require_free(old: Database, name: str, *, replace: bool, now: datetime) -> None:
    """Raise unless a database may be replaced, and nobody works on it."""
    with old.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
    if not tables:
        return
    if not replace:
        raise InTheWay(f"{name} is in use; --replace moves it aside and puts the backup in its place")
    if "heartbeat" in tables:
        with old.readers() as session:
            if heartbeat.is_beating(session, now=now):
                raise InTheWay(f"a worker is alive on {name}: stop all of them first")


def _bring_up(url: str) -> None:
    """Bring what was restored to this release's schema."""
    database = connect(url)
    try:
        migrate(database)
        if database.is_sqlite:
            checkpoint(database)
    finally:
        database.close()


# ---- PostgreSQL ----


def _place_postgres(
    done: Restored, url: URL, copy: Path, *, replace: bool, stamp: str, now: datetime
) -> None:
    programs = done.settings.backup.programs
    full = url.render_as_string(hide_password=False)
    state = _state_of(url, replace=replace, now=now)
    try:
        with scratch_postgres(url) as scratch:
            restore_postgres(done.manifest, copy, scratch, programs)
            _bring_up(scratch.render_as_string(hide_password=False))
            _swap(done, url, scratch, state, stamp)
    except NoScratch:
        if state != "empty":
            raise
        restore_postgres(done.manifest, copy, url, programs)  # one transaction: all or nothing
        _bring_up(full)


def _state_of(url: URL, *, replace: bool, now: datetime) -> str:
    database = connect(url.render_as_string(hide_password=False))
    try:
        with database.engine.connect() as connection:
            tables = inspect(connection).get_table_names()
        _require_free(database, f"the database {url.database}", replace=replace, now=now)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "3D000" or "does not exist" in str(error.orig):
            return "missing"
        raise
    finally:
        database.close()
    return "full" if tables else "empty"


def _swap(done: Restored, url: URL, scratch: URL, state: str, stamp: str) -> None:
    """Let the scratch database take the name of the old one, which gets another."""
    name = url.database or ""
    try:
        if state == "empty":
            on_server(url, f"DROP DATABASE {_quoted(name)}")
        elif state == "full":
            aside = f"{name}_{stamp}".lower()
            on_server(scratch, f"ALTER DATABASE {_quoted(name)} RENAME TO {_quoted(aside)}")
            done.aside.append(f"the database {name} → {aside}")
        on_server(scratch, f"ALTER DATABASE {_quoted(scratch.database or '')} RENAME TO {_quoted(name)}")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55006":
            raise InTheWay(f"others are connected to the database {name}: stop them first") from error
        raise


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
