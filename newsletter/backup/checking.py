"""Checking a backup by restoring it: a file that was never opened again is a hope."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import make_url

from newsletter.backup import archive
from newsletter.backup.manifest import Manifest
from newsletter.backup.scratch import NoScratch, compare_sqlite, restore_postgres, scratch_postgres
from newsletter.config import Settings

SAME = "restored into a scratch database, and the same"
ONLY_READ = "read whole; not restored: {}"


def check(settings: Settings, file: Path, passphrase: str) -> tuple[Manifest, str]:
    """Restore a backup into a scratch database and compare; return what it is, and how it was checked.

    Raises ``CannotOpen``, ``UnreadableBackup``, ``DumpFailed`` or ``NotTheSame``. A PostgreSQL backup needs a
    server where we may make a database; elsewhere it is only read.
    """
    with (
        tempfile.TemporaryDirectory(prefix=".checking-", dir=file.parent) as scratch,
        archive.opened(file, passphrase) as (manifest, tar),
    ):
        files = archive.extract(manifest, tar, Path(scratch))
        copy = files[manifest.database.name]
        if manifest.kind == "sqlite":
            compare_sqlite(manifest, copy)
            return manifest, SAME
        url = make_url(settings.database.url)
        if url.get_backend_name() != "postgresql":
            return manifest, ONLY_READ.format("database.url leads to no PostgreSQL server")
        try:
            with scratch_postgres(url) as into:
                restore_postgres(manifest, copy, into, settings.backup.programs)
        except NoScratch as error:
            return manifest, ONLY_READ.format(error)
        return manifest, SAME
