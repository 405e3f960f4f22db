"""The fence: a database that was restored or copied sends nothing until a person has said which it is.

A copy does not know that it is one. So the installation has an id in its database and, beside it, a
mark that a copy does not carry along:

- **SQLite**: a file next to the database's own. It holds the id, the inode of the database's file, how many
  editions were begun, and the last minute that the database knows. A copied file has another inode; one
  that was copied *over* the old has begun fewer editions, or knows an earlier minute, than the mark says.
- **PostgreSQL**: the setting ``database.instance``, when it is set, and what the server itself says: its
  system identifier and timeline, and the oids of the database and of our own table. A restored dump has
  made the table anew; a promoted standby is on another timeline.
- **Both**: where there is a journal, the last minute is told to its disk too. A snapshot of a volume or a
  machine sets the database back with its mark, but not that.

A new container over the same volume or server has the same mark. The caller owns the transaction.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, String, Text, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.errors import NewsletterError
from subscribers import Base, UtcDateTime

logger = logging.getLogger(__name__)

REMEDY = "see `newsletter fence`; `newsletter fence --confirm` opens it"
_ONLY = 1


class FenceClosed(NewsletterError):
    """This database may be a copy, or older than what was sent from it. A person must look."""


class _Unreadable(Exception):
    """The mark beside the database says nothing."""


class Installation(Base):
    """The one row that says which installation this database is."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    instance: Mapped[str] = mapped_column(String(32))
    mark: Mapped[str] = mapped_column(Text)  # what the server said when it was last known to be this one
    begun: Mapped[int] = mapped_column(default=0)  # editions, counted in the transaction that begins one
    pulse: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # see `Fence.beat`
    confirmed_by: Mapped[str | None] = mapped_column(Text)
    established_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The fence around one database."""

    file: Path | None  # of the SQLite database; None on PostgreSQL
    instance: str = ""  # the setting; empty: not compared
    witness: Path | None = None  # on another disk, beside the journal: what a snapshot does not set back

    def why_closed(self, session: Session) -> str:
        """Return why nothing may be sent from this database; empty when it may."""
        # Read before the row: who tells them has committed it, so they never know more than it does.
        seen = _read_witness(self.witness)
        mark = _Beside(self.file) if self.file else None
        try:
            beside = mark.read() if mark else None
        except _Unreadable as error:
            return f"the mark beside the database cannot be read ({error})"
        row = session.get(Installation, _ONLY)
        if row is None:
            return ""  # nothing was ever sent from it: `establish` comes first
        if self.instance and self.instance != row.instance:
            return (
                f"database.instance is {self.instance!r}, and this database is {row.instance!r}: "
                "it is another installation's, or a copy"
            )
        if seen and (seen["instance"] != row.instance or seen["pulse"] > row.pulse):
            return "the journal's disk has seen this database when it was newer: it was set back or restored"
        if mark is None:
            return "" if _server_mark(session) == row.mark else _MOVED
        return mark.why_closed(beside, row)

    def is_established(self, session: Session) -> bool:
        """Say whether the database has its id."""
        return session.get(Installation, _ONLY) is not None

    def establish(self, session: Session, *, now: datetime) -> None:
        """Give a database that has none its id and its mark; of two who do so at once, one does."""
        dialect = sqlite if self.file else postgresql
        written = session.execute(
            dialect.insert(Installation)
            .values(
                id=_ONLY, instance=self.instance or secrets.token_hex(8), mark="", begun=0, established_at=now
            )
            .on_conflict_do_nothing()
            .returning(Installation.id)
        )
        if written.first():
            self._mark(session, session.get_one(Installation, _ONLY))

    def confirm(self, session: Session, *, by: str, now: datetime) -> None:
        """Take this database for the installation from now on, whatever it was."""
        self.establish(session, now=now)
        row = session.get_one(Installation, _ONLY)
        row.instance = self.instance or secrets.token_hex(8)
        row.confirmed_by = f"{by}, {now:%Y-%m-%d %H:%M} UTC"
        self._mark(session, row)

    def beat(self, session: Session, *, now: datetime) -> int | None:
        """Note the minute in the database; return it when it is new, for ``tell`` once that is committed.

        A database that is set back, even to the same file or with the mark beside it, knows an earlier
        minute than what was told.
        """
        minute = int(now.timestamp()) // 60
        earlier = update(Installation).where(Installation.id == _ONLY, Installation.pulse < minute)
        return minute if session.execute(earlier.values(pulse=minute)).rowcount else None  # type: ignore[attr-defined]

    def tell(self, session: Session) -> None:
        """Tell the mark and the witness which minute the database knows; a witness may be away."""
        row = session.get_one(Installation, _ONLY)
        if self.file is not None:
            _Beside(self.file).write(row)
        if self.witness is None:
            return
        try:
            self.witness.parent.mkdir(parents=True, exist_ok=True)
            _write(self.witness, {"instance": row.instance, "pulse": row.pulse})
        except OSError as error:  # of the journal itself people are told; the next minute is told again
            logger.warning("the fence's witness was not told: %s", error)

    def keep(self, session: Session) -> None:
        """Bring the mark beside an SQLite database up to date with the editions begun."""
        row = session.get(Installation, _ONLY)
        if self.file is None or row is None:
            return
        mark = _Beside(self.file)
        try:
            beside = mark.read()
        except _Unreadable:
            return  # `why_closed` says so
        if beside and beside["instance"] == row.instance and beside["begun"] < row.begun:
            mark.write(row)

    def _mark(self, session: Session, row: Installation) -> None:
        session.flush()
        if self.file is None:
            row.mark = _server_mark(session)
        self.tell(session)


@dataclass(frozen=True, slots=True)
class _Beside:
    """The mark beside an SQLite database."""

    database: Path

    @property
    def file(self) -> Path:
        return self.database.with_name(f"{self.database.name}.instance")

    @property
    def inode(self) -> int:
        return self.database.stat().st_ino

    def why_closed(self, beside: Mapping[str, Any] | None, row: Installation) -> str:
        """Return what the mark, as it was read, has against the database."""
        if beside is None:
            return f"{self.file.name} is missing beside the database: it may be a copy"
        if beside["instance"] != row.instance:
            return f"{self.file.name} belongs to another database than the one beside it"
        if beside["inode"] != self.inode:
            return "the database's file is not the one that was written to before: it was copied or restored"
        if beside["begun"] > row.begun:
            return (
                f"{beside['begun']:,} editions were begun from this database and it knows of {row.begun:,}: "
                "it was restored from a backup"
            )
        if beside["pulse"] > row.pulse:
            return "the database is older than the mark beside it: it was set back or restored"
        return ""

    def read(self) -> dict[str, Any] | None:
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _Unreadable(str(error)) from error
        if not isinstance(content, dict) or not isinstance(content.get("begun"), int):
            raise _Unreadable("it is not what was written there")
        # The release before wrote no pulse.
        known = {"inode": content.get("inode"), "pulse": content.get("pulse", 0)}
        return {"instance": content.get("instance"), "begun": content["begun"], **known}

    def write(self, row: Installation) -> None:
        known = {"instance": row.instance, "inode": self.inode, "begun": row.begun, "pulse": row.pulse}
        _write(self.file, known)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    # Several threads of a process may write at once.
    new = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    with open(new, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _read_witness(path: Path | None) -> Mapping[str, Any] | None:
    """Return what the witness saw; None where it says nothing: its disk may be away, and mail goes on."""
    if path is None:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {"instance": str(content["instance"]), "pulse": int(content["pulse"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("the fence's witness cannot be read: %s", error)
        return None


_MOVED = "the database lies on another server, was restored, or a standby was promoted since it was last used"


def count_begun(session: Session) -> None:
    """Count one more edition begun, in the transaction that begins it."""
    if session.get_bind().dialect.name == "sqlite":  # elsewhere the server says more, and rows would wait
        row = session.get(Installation, _ONLY)
        if row is not None:
            row.begun += 1


def _server_mark(session: Session) -> str:
    parts = [
        session.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one(),
        session.execute(text("SELECT CAST('installation' AS regclass)::oid")).scalar_one(),
    ]
    try:
        with session.begin_nested():
            parts += session.execute(
                text(
                    "SELECT system_identifier, timeline_id FROM pg_control_system(), pg_control_checkpoint()"
                )
            ).one()
    except DBAPIError as error:  # some providers do not let us ask: the oids must do
        logger.info("the server does not say which it is: %s", type(error.orig).__name__)
    return "/".join(str(part) for part in parts)
