"""What a backup says of itself: what is in it, and how many rows, so that it can be compared. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from newsletter.errors import NewsletterError

FORMAT = 1
NAME = "manifest.json"
DATABASE = "database"  # the name of the database in the archive


class UnreadableBackup(NewsletterError):
    """What is in the backup is not what a backup holds. Take another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file in a backup."""

    name: str  # in the archive
    role: str  # database, config, keys, dkim
    path: str  # where it lay: relative to config.toml, or absolute
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The first file in a backup."""

    made_at: datetime
    software: str
    revision: str  # of the schema
    kind: str  # sqlite or postgresql
    instance: str  # which installation it is
    rows: Mapping[str, int]  # by table
    members: Sequence[Member]

    def to_json(self) -> str:
        """Return it as it lies in the archive."""
        document = asdict(self) | {"format": FORMAT, "made_at": self.made_at.isoformat()}
        return json.dumps(document, ensure_ascii=False, indent=2)

    @property
    def database(self) -> Member:
        """The database."""
        return next(member for member in self.members if member.role == DATABASE)

    def differences(self, rows: Mapping[str, int]) -> list[str]:
        """Return what another count of the tables does not agree with."""
        return [
            f"{table}: {rows.get(table, 0):,} rows, and {count:,} were backed up"
            for table, count in sorted(self.rows.items())
            if rows.get(table, 0) != count
        ]


def read(text: str) -> Manifest:
    """Return a manifest, or raise ``UnreadableBackup``."""
    try:
        document = json.loads(text)
        if document.pop("format") != FORMAT:
            raise UnreadableBackup("the backup is of a newer release; upgrade the software")
        document["made_at"] = datetime.fromisoformat(document["made_at"])
        document["members"] = tuple(Member(**member) for member in document["members"])
        manifest = Manifest(**document)
        _ = manifest.database
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise UnreadableBackup("the backup's own description cannot be read") from error
    return manifest
