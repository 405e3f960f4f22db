"""Which addresses of a file were met before, and where each of them stands in the end.

A scratch database of its own, on disk where it grows: a list of any length needs the same memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple, Self

from subscribers.transfer.rows import Standing

_BY_RANK = {standing.severity: standing for standing in Standing}


class Earlier(NamedTuple):
    """An address that was met before in this file."""

    place: str  # "line 12"
    said: Standing
    stands: Standing


class Seen:
    """Remembers an address by eight bytes of its keyed hash."""

    def __init__(self) -> None:
        self._scratch = sqlite3.connect("", isolation_level=None)  # "": a file without a name
        self._scratch.execute("PRAGMA journal_mode = off")
        self._scratch.execute("PRAGMA synchronous = off")
        self._scratch.execute("PRAGMA cache_size = -8192")
        self._scratch.execute(
            "CREATE TABLE seen (key INTEGER PRIMARY KEY, place TEXT, said INTEGER, stands INTEGER)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._scratch.close()

    def find(self, digests: Iterable[bytes]) -> dict[bytes, Earlier]:
        """Return those of ``digests`` that were met before."""
        by_key = {_key(digest): digest for digest in digests}
        rows = self._scratch.execute(
            "SELECT key, place, said, stands FROM seen WHERE key IN (SELECT value FROM json_each(?))",
            [json.dumps(list(by_key))],
        )
        return {
            by_key[key]: Earlier(place, _BY_RANK[said], _BY_RANK[stands]) for key, place, said, stands in rows
        }

    def note(self, entries: Iterable[tuple[bytes, str, Standing, Standing]]) -> None:
        """Remember (digest, place, what the file says, where the person stands now)."""
        self._scratch.execute("BEGIN")
        self._scratch.executemany(
            "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)",
            (
                (_key(digest), place, said.severity, stands.severity)
                for digest, place, said, stands in entries
            ),
        )
        self._scratch.execute("COMMIT")


def _key(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big", signed=True)
