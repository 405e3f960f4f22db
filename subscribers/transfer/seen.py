"""Which addresses of a file were met before, and where each of them stands in the end.

A scratch database of its own, on disk where it grows: a list of any length needs the same memory.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterable
from typing import NamedTuple, Self

from subscribers.transfer.rows import Standing

_KEY = struct.Struct(">q")
_BY_RANK = {standing.severity: standing for standing in Standing}


class Earlier(NamedTuple):
    """An address that was met before in this file."""

    file: str
    line: int
    said: Standing
    stands: Standing


class Seen:
    """Remembers an address by eight bytes of its keyed hash, and all else about it in one number."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._scratch = sqlite3.connect("", isolation_level=None)  # "": a file without a name
        self._scratch.execute("PRAGMA journal_mode = off")
        self._scratch.execute("PRAGMA synchronous = off")
        self._scratch.execute("PRAGMA cache_size = -8192")
        self._scratch.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, about INTEGER)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._scratch.close()

    def find(self, digests: Iterable[bytes]) -> dict[bytes, Earlier]:
        """Return those of ``digests`` that were met before."""
        by_key = {_key(digest): digest for digest in digests}
        rows = self._scratch.execute(
            "SELECT key, about FROM seen WHERE key IN (SELECT value FROM json_each(?))",
            [json.dumps(list(by_key))],
        )
        return {by_key[key]: self._earlier(about) for key, about in rows}

    def note(self, entries: Iterable[tuple[bytes, str, int, Standing, Standing]]) -> None:
        """Remember (digest, file, line, what the file says, where the person stands now)."""
        files = self._files
        self._scratch.execute("BEGIN")
        self._scratch.executemany(
            "INSERT OR REPLACE INTO seen VALUES (?, ?)",
            sorted(
                (
                    _key(digest),
                    (files.setdefault(file, len(files)) << 46)
                    | (line << 6)
                    | (said.severity << 3)
                    | stands.severity,
                )
                for digest, file, line, said, stands in entries
            ),
        )
        self._scratch.execute("COMMIT")

    def _earlier(self, about: int) -> Earlier:
        return Earlier(
            file=list(self._files)[about >> 46],
            line=(about >> 6) & ((1 << 40) - 1),
            said=_BY_RANK[(about >> 3) & 7],
            stands=_BY_RANK[about & 7],
        )


def _key(digest: bytes) -> int:
    return _KEY.unpack_from(digest)[0]
