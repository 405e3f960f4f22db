"""The spool: uploaded lists, in a folder that only we can read, until they are taken in or given up.

A file has a random name. Whoever has the name of a job has not the name of its file.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.errors import NewsletterError

KEPT_FOR = timedelta(days=7)
ERRORS = ".errors.csv"
_NAME = re.compile(r"[0-9a-f]{32}(\.errors\.csv)?")


class TooLarge(NewsletterError):
    """The file is larger than an upload may be. Import it with `newsletter subscribers import`."""


class Spool:
    """The folder, and how large a file in it may be."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    def put(self, blocks: Iterable[bytes]) -> str:
        """Keep a file; return its name. Raises ``TooLarge``, and then nothing is kept."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = secrets.token_hex(16)
        path, size = self.path(name), 0
        try:
            with open(path, "xb", opener=_private) as file:
                for block in blocks:
                    size += len(block)
                    if size > self.max_bytes:
                        raise TooLarge(f"the file is larger than {self.max_bytes // 1_000_000:,} MB")
                    file.write(block)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name

    def path(self, name: str) -> Path:
        """Return where a file lies. Raises ``ValueError`` for what is no name of ours."""
        if not _NAME.fullmatch(name):
            raise ValueError("this is not the name of a file in the spool")
        return self.folder / name

    def has(self, name: str) -> bool:
        """Say whether a file lies here; on another host it does not."""
        return self.path(name).is_file()

    def errors(self, name: str) -> Path:
        """Return where the rows that were not taken in are written."""
        return self.path(name + ERRORS)

    def remove(self, name: str, *, errors: bool = True) -> None:
        """Forget a file, and what was wrong with it."""
        self.path(name).unlink(missing_ok=True)
        if errors:
            self.errors(name).unlink(missing_ok=True)

    def sweep(self, *, now: datetime, but: Collection[str] = ()) -> None:
        """Remove what has lain here for a week, but not the files named."""
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            stem = path.name.removesuffix(ERRORS)
            old = now.timestamp() - path.stat().st_mtime > KEPT_FOR.total_seconds()
            if _NAME.fullmatch(path.name) and stem not in but and old:
                path.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
