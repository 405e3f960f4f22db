"""Making a backup: copy the database, add the keys, seal it, and put it in its folder whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter import __version__
from newsletter.backup import archive
from newsletter.backup.dumping import dump
from newsletter.backup.manifest import DATABASE, Manifest, Member
from newsletter.config import Settings
from newsletter.database import Database
from newsletter.errors import ConfigError

_NAME = re.compile(r"newsletter-\d{8}T\d{6}Z\.backup")
_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that lies in its folder."""

    file: Path
    size: int
    manifest: Manifest
    removed: int = 0  # older ones


def make(settings: Settings, database: Database, *, folder: Path, passphrase: str, now: datetime) -> Made:
    """Make a backup in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"newsletter-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.backup"
    if target.exists():
        raise ConfigError(f"{target} is already there; a backup is never overwritten")
    unfinished = target.with_name(target.name + _UNFINISHED)
    unfinished.unlink(missing_ok=True)
    # Beside the backup and not in /tmp, which is often small, and memory.
    with tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as scratch:
        try:
            copy = dump(database, Path(scratch) / DATABASE, programs=settings.backup.programs)
            files = {DATABASE: copy.file}
            members = [_member(DATABASE, DATABASE, "", copy.file)]
            for number, (role, path) in enumerate(_kept(settings)):
                name = f"{role}-{number}"
                files[name] = path
                members.append(_member(name, role, _place(settings, path), path))
            manifest = Manifest(
                made_at=now,
                software=__version__,
                revision=copy.revision,
                kind="sqlite" if database.is_sqlite else "postgresql",
                instance=copy.instance,
                rows=copy.rows,
                members=members,
            )
            archive.write(unfinished, manifest, files, passphrase)
            unfinished.replace(target)
            _sync(folder)
        finally:
            unfinished.unlink(missing_ok=True)
    return Made(file=target, size=target.stat().st_size, manifest=manifest)


def backups_in(folder: Path) -> Sequence[Path]:
    """Return the backups of a folder, the newest first."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)


def thin_out(folder: Path, *, keep: int) -> int:
    """Remove all but the newest backups; return how many went."""
    old = backups_in(folder)[keep:]
    for path in old:
        path.unlink()
    return len(old)


def _kept(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the files without which the database is of little use."""
    if settings.config_file is not None:
        yield "config", settings.config_file
    if not settings.keys.file.is_file():
        raise ConfigError(
            f"keys.file: there is no {settings.keys.file}, and a backup without the keys is dead"
        )
    yield "keys", settings.keys.file
    for signature in settings.transport.smtp.dkim:
        yield "dkim", signature.key


def _place(settings: Settings, path: Path) -> str:
    home = settings.config_file.parent if settings.config_file else None
    return path.relative_to(home).as_posix() if home and path.is_relative_to(home) else str(path)


def _member(name: str, role: str, path: str, file: Path) -> Member:
    try:
        return Member(
            name=name, role=role, path=path, size=file.stat().st_size, sha256=archive.sha256_of(file)
        )
    except OSError as error:
        raise ConfigError(f"{file} cannot be backed up: {error.strerror}") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
