"""A folder of digests.

Known are ``2025-11-13.md``, ``2025-11-13-title.md``, Hugo's ``content/**/*.md`` with a date in the
front matter, and page bundles (``x/index.md``; what lies beside it is no digest, and neither is
``_index.md``). A file that is called after another day is not opened. The key of a digest is its path
below the folder without the suffix; of a bundle, its folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter.digests.day import day_in_front, day_in_name
from newsletter.digests.decoding import LARGEST_BYTES
from newsletter.digests.digest import FrontMatter
from newsletter.digests.reader import read, read_front
from newsletter.digests.sources.found import Candidate, Found, PassedOver, Reason
from newsletter.digests.sources.wanted import Seen, Wanted
from newsletter.errors import ConfigError, DigestError

_HEAD_BYTES = 64_000  # more front matter than anybody writes
_SUFFIXES = (".md", ".markdown")
_BUNDLE = ("index.md", "index.markdown")


class FolderSource:
    """Markdown files in a folder, and in the folders below."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, wanted: Wanted) -> Found:
        """Choose the digest to send. Raise ``ConfigError`` when there is no such folder."""
        if not self.folder.is_dir():
            raise ConfigError(
                f"source.folder: there is no folder {self.folder}; make it, or change the setting"
            )
        search = _Search(folder=self.folder, wanted=wanted)
        errors: list[DigestError] = []
        seen: list[Seen] = []
        for path in _files(self.folder, errors, root=True):
            try:
                if (one := search.look(path)) is not None:
                    seen.append(one)
            except DigestError as error:
                seen.append(error)
        return wanted.choose([*errors, *seen])


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
    wanted: Wanted

    def look(self, path: Path) -> Candidate | PassedOver | None:
        """Say what a file is; None when it does not claim the day. Raise ``DigestError``."""
        below = path.relative_to(self.folder)
        key = (
            below.parent if below.stem == "index" and below.parent.parts else below.with_suffix("")
        ).as_posix()

        def passed(reason: Reason, detail: str) -> PassedOver:
            return PassedOver(key=key, origin=str(path), reason=reason, detail=detail)

        named = day_in_name(str(below))
        if named and named not in self.wanted.days:
            return None
        if path.is_symlink() and not self._is_inside(path):
            return passed(Reason.OUTSIDE, "the link leads out of the folder") if named else None
        before = _stat(path)
        if not stat.S_ISREG(before.st_mode):
            return None
        modified_at = datetime.fromtimestamp(before.st_mtime, UTC)
        if self.wanted.is_too_old(modified_at):
            return passed(Reason.TOO_OLD, self.wanted.age(modified_at)) if named else None
        if named is None:
            front = read_front(_head(path), file=str(path), tz=self.wanted.tz)
            claimed = day_in_front(front, self.wanted.tz)
            if claimed is None:
                # Without any front matter it is a note that lies here, and no digest.
                undated = "neither its name nor its front matter says which day it is for"
                return passed(Reason.UNDATED, undated) if front != FrontMatter() else None
            if claimed not in self.wanted.days:
                return None
        if not self.wanted.is_settled(modified_at):
            return passed(Reason.UNSETTLED, "it has only just been changed")
        data = _read(path, LARGEST_BYTES + 1)
        after = _stat(path)
        if (after.st_mtime_ns, after.st_size) != (before.st_mtime_ns, before.st_size):
            return passed(Reason.UNSETTLED, "it changed while it was read")
        digest = read(
            data,
            file=str(path),
            newsletter_name=self.wanted.newsletter_name,
            tz=self.wanted.tz,
            default_day=named,
        )
        return self.wanted.judge(
            digest, key=key, origin=str(path), path=path, data=data, modified_at=modified_at
        )

    def _is_inside(self, path: Path) -> bool:
        try:
            return path.resolve(strict=True).is_relative_to(self.folder.resolve())
        except OSError:
            return False


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
