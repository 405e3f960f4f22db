"""The file transport: one ``.eml`` per copy in a folder, and a page to look at them with.

``<folder>/<edition>/<ref>.eml`` is the very bytes a server would get. A file is there whole or
not at all, for its owner alone (0600), and the same ref is the same file for ever, so a copy that
is handed over twice lies there once. Beside them stand ``index.html`` and the first copy as
``email.html`` and ``email.txt``.

A file survives the death of this process, but not always a power cut: a disk flush for each of
ten thousand copies would take longer than all the rest, for a transport that reaches no reader.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from newsletter.clock import Clock, utc_now
from newsletter.lanes import Lane
from newsletter.mailing import Copy, Mailing, ValueRefused
from newsletter.transports.base import Misconfigured, Outcome, Unavailable, Verdict, whole
from newsletter.transports.mime import Prepared
from newsletter.transports.outbox_page import ROWS, outbox_page

logger = logging.getLogger(__name__)

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_TO = re.compile(rb"^To: ([^\r\n]*)\r$", re.MULTILINE)
# What waiting will not mend.
_FOR_A_PERSON = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}


class FileTransport:
    """Writes every copy below ``folder``, which is made when it is missing."""

    name = "file"
    copies_per_call = 100
    streams = False

    def __init__(self, folder: Path, clock: Clock = utc_now) -> None:
        self._folder = folder
        self._clock = clock
        self._outboxes: dict[str, _Outbox] = {}
        self._lock = threading.Lock()

    def send(
        self, mailing: Mailing, copies: Iterable[Copy | None], *, call_id: str, lane: Lane = Lane.OTHER
    ) -> Iterator[Outcome]:
        """Yield one outcome per copy; the provider's name for a copy is its file's name.

        Raises ``Misconfigured`` when the folder cannot be used and ``Unavailable`` when the disk is
        full or fails.
        """
        given = whole(copies)
        prepared = Prepared(mailing)
        date = self._clock()
        with self._disk():
            outbox = self._outbox(mailing)
        try:
            for copy in given:
                try:
                    message = prepared.message(copy, date)
                except ValueRefused as error:
                    yield Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=str(error))
                    continue
                with self._disk():
                    name = outbox.keep(mailing, copy, message)
                yield Outcome(ref=copy.ref, verdict=Verdict.ACCEPTED, provider_id=name)
        finally:
            outbox.write_index(mailing, f"{date:%Y-%m-%d %H:%M %Z}")

    def close(self) -> None:
        """Forget what lies in the folder; sending again looks anew."""
        with self._lock:
            self._outboxes.clear()

    def _outbox(self, mailing: Mailing) -> _Outbox:
        with self._lock:
            if mailing.edition not in self._outboxes:
                self._outboxes[mailing.edition] = _Outbox(self._folder / mailing.edition)
            return self._outboxes[mailing.edition]

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = f"transport.file.folder {self._folder}: {error.strerror}"
            if error.errno in _FOR_A_PERSON:
                raise Misconfigured(reason) from error
            raise Unavailable(reason) from error


class _Outbox:
    """The folder of one edition. Knows how many copies lie in it, and the first of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Counted once; from here on every page costs the same, however many copies there are.
        self._names = {entry.name for entry in os.scandir(folder) if entry.name.endswith(".eml")}
        # Shorter first, so that r10 comes after r9.
        first = sorted(self._names, key=lambda name: (len(name), name))[:ROWS]
        self._rows = [(name, self._recipient(name)) for name in first]
        self._has_view = (folder / "email.html").exists()

    def keep(self, mailing: Mailing, copy: Copy, message: bytes) -> str:
        """Write one copy and return its file's name."""
        name = _file_name(copy.ref)
        self._write(name, message)
        with self._lock:
            if name not in self._names:
                self._names.add(name)
                if len(self._rows) < ROWS:
                    self._rows.append((name, copy.address))
            if not self._has_view:
                self._has_view = True
                filled = mailing.fill(copy)
                self._write("email.html", filled.html.encode())
                # A browser that opens a text file from the disk goes by the byte order mark.
                self._write("email.txt", filled.text.encode("utf-8-sig"))
        return name

    def write_index(self, mailing: Mailing, moment: str) -> None:
        """Write the page. It is for looking only, so a disk that cannot take it stops nothing."""
        with self._lock:
            page = outbox_page(mailing, rows=self._rows, copies=len(self._names), moment=moment)
            try:
                self._write("index.html", page.encode())
            except OSError as error:
                logger.warning("outbox page not written", extra={"reason": error.strerror})

    def _write(self, name: str, content: bytes) -> None:
        part = self._folder / f".{name}.{threading.get_ident()}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
            part.replace(self._folder / name)
        except OSError:
            part.unlink(missing_ok=True)
            raise

    def _recipient(self, name: str) -> str:
        with (self._folder / name).open("rb") as file:
            found = _TO.search(file.read(4096))
        return found[1].decode("ascii", "replace") if found else ""


def _file_name(ref: str) -> str:
    """Return the file's name: the ref, or what of it may stand in a name and a digest of all of it."""
    plain = _UNSAFE.sub("_", ref)
    if plain != ref or ref.startswith(".") or not 0 < len(ref) <= 150:
        plain = f"{plain.lstrip('.')[:100]}-{hashlib.sha256(ref.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return f"{plain}.eml"
