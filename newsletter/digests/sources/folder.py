"""A folder of digests: which of its files is the one for a day, and why the others are not.

Known are ``2025-11-13.md``, ``2025-11-13-title.md``, Hugo's ``content/**/*.md`` with a date in the
front matter, and page bundles (``x/index.md``; what lies beside it is no digest, and neither is
``_index.md``). A file that is called after another day is not opened. Nothing is skipped silently
that claims the day: it is chosen, passed over with a reason, or an error.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path

from newsletter.digests.day import day_in_front, day_in_name
from newsletter.digests.decoding import LARGEST_BYTES
from newsletter.digests.digest import Digest, FrontMatter
from newsletter.digests.reader import read, read_front
from newsletter.errors import ConfigError, DigestError

SETTLED_AFTER = timedelta(seconds=5)  # an editor or a copy may still be at work on a younger file
_HEAD_BYTES = 64_000  # more front matter than anybody writes
_SUFFIXES = (".md", ".markdown")
_BUNDLE = ("index.md", "index.markdown")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why a file is not the digest to send."""

    UNSETTLED = "unsettled"  # changed only just now
    DRAFT = "draft"
    NOT_YET = "not_yet"  # publishDate lies ahead
    EXPIRED = "expired"  # expiryDate is past
    TOO_OLD = "too_old"
    SENT = "sent"
    OTHER_DAY = "other_day"  # its name says the day, its front matter another
    UNDATED = "undated"
    OUTSIDE = "outside"  # a link that leads out of the folder
    OLDER = "older"  # another one is newer


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A digest that may go out."""

    key: str  # where it lies: the path below the folder without its suffix, the folder of a bundle
    path: Path
    hash: str  # SHA-256 of its bytes, hex
    modified_at: datetime
    digest: Digest

    @property
    def day(self) -> date:
        """The day it is for."""
        return self.digest.day


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A file that claims the day and does not go out. ``str`` of it tells a person why."""

    key: str
    path: Path
    reason: Reason
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a folder holds for a day.

    While ``errors`` is not empty, somebody's digest for this day cannot be read, and sending
    another one in its place, unattended, would be wrong.
    """

    chosen: Candidate | None
    passed_over: tuple[PassedOver, ...] = ()
    errors: tuple[DigestError, ...] = ()


def find(
    folder: Path,
    *,
    day: date,
    now: datetime,
    tz: tzinfo,
    newsletter_name: str,
    max_age: timedelta | None = None,
    yesterday_evening: bool = True,
    already_sent: Callable[[Candidate], bool] = lambda candidate: False,
) -> Found:
    """Choose the newest digest not yet sent whose day is ``day``, or the day before.

    ``max_age`` is counted from the file's last change; None admits any. Raise ``ConfigError``
    when there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"source.folder: there is no folder {folder}; make it, or change the setting")
    days = (day, day - timedelta(days=1)) if yesterday_evening else (day,)
    search = _Search(
        folder=folder, days=days, now=now, tz=tz, newsletter_name=newsletter_name, max_age=max_age
    )
    candidates: list[Candidate] = []
    passed_over: list[PassedOver] = []
    errors: list[DigestError] = []
    for path in _files(folder, errors, root=True):
        try:
            match search.look(path):
                case Candidate() as candidate if already_sent(candidate):
                    passed_over.append(_passed(candidate, Reason.SENT, "it was sent already"))
                case Candidate() as candidate:
                    candidates.append(candidate)
                case PassedOver() as passed:
                    passed_over.append(passed)
        except DigestError as error:
            errors.append(error)
    candidates.sort(key=_newness, reverse=True)
    passed_over += [
        _passed(other, Reason.OLDER, f"{candidates[0].path} is newer and goes out")
        for other in candidates[1:]
    ]
    return Found(
        chosen=candidates[0] if candidates else None, passed_over=tuple(passed_over), errors=tuple(errors)
    )


def _newness(candidate: Candidate) -> tuple[date, datetime, datetime, str]:
    written = candidate.digest.front.date
    moment = written if isinstance(written, datetime) else _LONG_AGO
    return candidate.day, moment, candidate.modified_at, candidate.key


def _passed(candidate: Candidate, reason: Reason, detail: str) -> PassedOver:
    return PassedOver(key=candidate.key, path=candidate.path, reason=reason, detail=detail)


def _files(folder: Path, errors: list[DigestError], *, root: bool = False) -> Iterator[Path]:
    """Yield the Markdown files below ``folder`` that can be digests, in order of their names."""
    try:
        with os.scandir(folder) as listing:
            entries = [entry for entry in listing if not entry.name.startswith((".", "_"))]
    except OSError as error:
        errors.append(_unreadable(folder, error))
        return
    entries.sort(key=lambda entry: entry.name)
    index = [entry for entry in entries if entry.name.lower() in _BUNDLE]
    if index and not root:  # a page bundle: the rest, and the folders below, are its pictures and notes
        yield from (Path(entry.path) for entry in index[:1])
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), errors)
        elif entry.name.lower().endswith(_SUFFIXES) and not entry.is_dir():
            yield Path(entry.path)


@dataclass(frozen=True, kw_only=True)
class _Search:
    """Looks at one file after the other."""

    folder: Path
    days: tuple[date, ...]
    now: datetime
    tz: tzinfo
    newsletter_name: str
    max_age: timedelta | None

    def look(self, path: Path) -> Candidate | PassedOver | None:
        """Say what a file is; None when it does not claim the day. Raise ``DigestError``."""
        below = path.relative_to(self.folder)
        key = (
            below.parent if below.stem == "index" and below.parent.parts else below.with_suffix("")
        ).as_posix()

        def passed(reason: Reason, detail: str) -> PassedOver:
            return PassedOver(key=key, path=path, reason=reason, detail=detail)

        named = day_in_name(str(below))
        if named and named not in self.days:
            return None
        if path.is_symlink() and not self._is_inside(path):
            return passed(Reason.OUTSIDE, "the link leads out of the folder") if named else None
        before = _stat(path)
        if not stat.S_ISREG(before.st_mode):
            return None
        modified_at = datetime.fromtimestamp(before.st_mtime, UTC)
        age = self.now - modified_at
        if self.max_age is not None and age > self.max_age:
            return passed(Reason.TOO_OLD, f"it was last changed {_hours(age)} ago") if named else None
        if named is None:
            front = read_front(_head(path), file=str(path), tz=self.tz)
            claimed = day_in_front(front, self.tz)
            if claimed is None:
                # Without any front matter it is a note that lies here, and no digest.
                undated = "neither its name nor its front matter says which day it is for"
                return passed(Reason.UNDATED, undated) if front != FrontMatter() else None
            if claimed not in self.days:
                return None
        if age < SETTLED_AFTER:
            return passed(Reason.UNSETTLED, "it has only just been changed")
        data = _read(path, LARGEST_BYTES + 1)
        after = _stat(path)
        if (after.st_mtime_ns, after.st_size) != (before.st_mtime_ns, before.st_size):
            return passed(Reason.UNSETTLED, "it changed while it was read")
        digest = read(
            data, file=str(path), newsletter_name=self.newsletter_name, tz=self.tz, default_day=named
        )
        if digest.day not in self.days:
            return passed(Reason.OTHER_DAY, f"its front matter says it is for {digest.day}")
        if obstacle := self._obstacle(digest.front):
            return passed(*obstacle)
        return Candidate(
            key=key,
            path=path,
            hash=hashlib.sha256(data).hexdigest(),
            modified_at=modified_at,
            digest=digest,
        )

    def _is_inside(self, path: Path) -> bool:
        try:
            return path.resolve(strict=True).is_relative_to(self.folder.resolve())
        except OSError:
            return False

    def _obstacle(self, front: FrontMatter) -> tuple[Reason, str] | None:
        """Say what the front matter has against its going out now."""
        if front.draft:
            return Reason.DRAFT, "it is marked as a draft"
        if front.publish_at and self.now < (moment := self._moment(front.publish_at)):
            return Reason.NOT_YET, f"its publishDate is {moment:%Y-%m-%d %H:%M}"
        if front.expires_at and self.now >= (moment := self._moment(front.expires_at)):
            return Reason.EXPIRED, f"its expiryDate was {moment:%Y-%m-%d %H:%M}"
        return None

    def _moment(self, when: date | datetime) -> datetime:
        return when if isinstance(when, datetime) else datetime.combine(when, time.min, self.tz)


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error


def _read(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise _unreadable(path, error) from error


def _head(path: Path) -> bytes:
    """Return the whole lines of the start of a file."""
    head = _read(path, _HEAD_BYTES)
    return head if len(head) < _HEAD_BYTES else head[: head.rfind(b"\n") + 1]


def _unreadable(path: Path, error: OSError) -> DigestError:
    return DigestError(
        f"cannot be read ({error.strerror})", remedy="check that it is there and may be read", file=str(path)
    )


def _hours(age: timedelta) -> str:
    return f"{age / timedelta(hours=1):.0f} hours"
