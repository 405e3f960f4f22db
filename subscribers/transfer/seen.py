"""Which addresses of a file were met before, and what it said of each.

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
_RANKS = {standing: standing.severity for standing in Standing}
_BY_RANK = {rank: standing for standing, rank in _RANKS.items()}


class Earlier(NamedTuple):
    """An address that was met before in this file."""

    file: str
    line: int
    said: Standing
    listed: bool


class Seen:
    """Remembers an address by eight bytes of its keyed hash, and all else about it in one number.

    It belongs to the thread that made it.
    """

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._scratch = sqlite3.connect("", isolation_level=None)  # "": a file without a name
        self._scratch.execute("PRAGMA journal_mode = off")
        self._scratch.execute("PRAGMA synchronous = off")
        self._scratch.execute("PRAGMA cache_size = -4096")
        self._scratch.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, about INTEGER)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._scratch.close()

    def find(self, digests: Iterable[bytes]) -> dict[bytes, Earlier]:
        """Return those of ``digests`` that were met before."""
        unpack = _KEY.unpack_from
        by_key = {unpack(digest)[0]: digest for digest in digests}
        rows = self._scratch.execute(
            "SELECT key, about FROM seen WHERE key IN (SELECT value FROM json_each(?))",
            [json.dumps(list(by_key))],
        )
        return {by_key[key]: self._earlier(about) for key, about in rows}

    def note(self, entries: Iterable[tuple[bytes, str, int, Standing, bool]]) -> None:
        """Remember (digest, file, line, what the file says, whether it says it of the list)."""
        files, unpack = self._files, _KEY.unpack_from
        self._scratch.execute("BEGIN")
        self._scratch.executemany(
            "INSERT OR REPLACE INTO seen VALUES (?, ?)",
            sorted(
                (
                    unpack(digest)[0],
                    (files.setdefault(file, len(files)) << 46) | (line << 6) | (_RANKS[said] << 1) | listed,
                )
                for digest, file, line, said, listed in entries
            ),
        )
        self._scratch.execute("COMMIT")

    def _earlier(self, about: int) -> Earlier:
        return Earlier(
            file=list(self._files)[about >> 46],
            line=(about >> 6) & ((1 << 40) - 1),
            said=_BY_RANK[(about >> 1) & 7],
            listed=bool(about & 1),
        )
