"""The journal's file: appended under a lock and synced; read with its chain checked."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from newsletter.clock import Clock
from newsletter.journal import entry
from newsletter.journal.entry import Entry, JournalBroken
from subscribers import Fact, Hmac

_TAIL = 65_536  # bytes at the end that hold at least one whole line


@dataclass(frozen=True, slots=True)
class _End:
    """How far the file went when we last wrote, and what the next line continues."""

    inode: int
    size: int
    number: int
    code: bytes


@dataclass(kw_only=True)
class JournalFile:
    """One file. Threads and processes may append to it at once."""

    path: Path
    chain: Callable[[], Hmac]
    clock: Clock
    _end: _End | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def append(self, facts: Sequence[Fact]) -> None:
        """Write facts down for good. Raises ``OSError`` or ``JournalBroken`` when it cannot be done."""
        if not facts:
            return
        chain = self.chain()
        with self._turn, self._locked() as file:
            end = self._found_end(file, chain)
            lines, code, number = [], end.code, end.number
            for fact in facts:
                number += 1
                line, code = entry.written(chain, code, number, fact)
                lines.append(line)
            self._write(file, end, b"".join(lines), number, code)

    def entries(self) -> Iterator[Entry]:
        """Yield what was written, oldest first. Raises ``JournalBroken`` where the chain does not hold.

        A last line without its end was never finished, and nobody was told that it was: it is passed over.
        """
        chain, code = self.chain(), entry.SEED
        with self.path.open("rb") as file:
            for number, line in enumerate(file):
                if not line.endswith(b"\n"):
                    return
                found, code = entry.read(chain, code, number, line.rstrip(b"\n"))
                if found:
                    yield found

    def opened_at(self) -> datetime:
        """Return when the first line was written. Raises ``JournalBroken`` when there is none."""
        with self.path.open("rb") as file:
            return entry.opened_at(file.readline())

    def _locked(self) -> BinaryIO:
        """Return the file, open and locked; closing it lets go."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if is_new:
                _sync_folder(self.path.parent)
        except BaseException:
            file.close()
            raise
        return file

    def _found_end(self, file: BinaryIO, chain: Hmac) -> _End:
        """Return where to go on, mending a line that a crash left unfinished."""
        is_at = os.fstat(file.fileno())
        if self._end and (self._end.inode, self._end.size) == (is_at.st_ino, is_at.st_size):
            return self._end
        start = max(0, is_at.st_size - _TAIL)
        tail = os.pread(file.fileno(), _TAIL, start)
        whole = tail.rfind(b"\n") + 1
        if not whole:
            if start:
                raise JournalBroken(f"{self.path} does not end like a journal")
            os.ftruncate(file.fileno(), 0)
            line, code = entry.opening(chain, now=self.clock())
            return self._write(file, _End(is_at.st_ino, 0, 0, entry.SEED), line, 0, code)
        size = start + whole
        if size != is_at.st_size:
            os.ftruncate(file.fileno(), size)
        last = tail[: whole - 1].rpartition(b"\n")[2]
        number, code = entry.code_of(last)
        return _End(is_at.st_ino, size, number, code)

    def _write(self, file: BinaryIO, end: _End, content: bytes, number: int, code: bytes) -> _End:
        self._end = None
        try:
            done = os.pwrite(file.fileno(), content, end.size)
            if done != len(content):
                raise OSError(f"{self.path}: only a part could be written; is the disk full?")
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), end.size)
            raise
        self._end = _End(end.inode, end.size + len(content), number, code)
        return self._end


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
