"""A process of its own that reads a file, so that reading and writing take a core each.

It is started anew and not forked, so it holds no connection and no lock of ours. What it needs to know goes
through its input, where nobody else sees the key; what it has read comes through its output, which is full
when we are behind, and then it waits. When we are gone, it ends at its next word.
"""

from __future__ import annotations

import gc
import marshal
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import IO, Any, Self

from subscribers.addresses import AddressHasher
from subscribers.transfer.entries import ImportTerms
from subscribers.transfer.portions import Portion, Portions, Source
from subscribers.transfer.reading import ImportOptions
from subscribers.transfer.rows import Standing, UnreadableList

_START = "import sys; sys.path[:] = {path}; from subscribers.transfer.apart import main; main()"
# Rows refer to nothing that refers to them, so they go by themselves. Looking for circles after every 700
# new objects, as Python does, takes a fifth of the time of an import.
COLLECT_AFTER = 200_000
_HEAD = struct.Struct("<BI")  # what it is, and its length


class _Word(IntEnum):
    RECOGNISED = 1
    PORTION = 2
    UNREADABLE = 3
    END = 4


class Apart:
    """Has another process read. Opening it raises ``UnreadableList`` for a file that is no list of people."""

    def __init__(self, path: Path, options: ImportOptions, terms: ImportTerms, hasher: AddressHasher) -> None:
        self.sources: Sequence[Source] = ()
        self.skipped: Sequence[str] = ()
        self._errand = _packed(path, options, terms, hasher)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        start = _START.format(path=[str(place) for place in sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # whoever presses Ctrl-C means us, and we end it
        )
        try:
            self._tell()
            word, said = self._hear()
            if word is not _Word.RECOGNISED:
                raise _error(word, said)
            sources, self.skipped = marshal.loads(said)  # noqa: S302 - our own
            self.sources = list(map(Source._make, sources))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()

    def portions(self) -> Generator[Portion]:
        """Give what the other process has read, once. Raises ``UnreadableList``."""
        while True:
            word, said = self._hear()
            if word is _Word.END:
                return
            if word is not _Word.PORTION:
                raise _error(word, said)
            yield Portion.from_bytes(said)

    def _tell(self) -> None:
        process = self.process
        if process.stdin:
            with process.stdin as ear:
                ear.write(self._errand)

    def _hear(self) -> tuple[_Word, bytes]:
        voice = self.process.stdout
        head = voice.read(_HEAD.size) if voice else b""
        if voice and len(head) == _HEAD.size:
            word, length = _HEAD.unpack(head)
            said = voice.read(length)
            if len(said) == length:
                return _Word(word), said
        code = self.process.wait()
        why = "it was killed; is memory short?" if code == -signal.SIGKILL else f"code {code}"
        raise UnreadableList(f"the process that reads the file ended ({why}); the same command goes on")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The other process, while this is open and after."""
        if self._process is None:
            raise RuntimeError("open it first: with Apart(…)")
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            with self._process:  # closes the pipes and waits
                pass


def _error(word: _Word, said: bytes) -> Exception:
    if word is _Word.UNREADABLE:
        return UnreadableList(said.decode())
    return RuntimeError(f"{word!r} was not expected here")


def _packed(path: Path, options: ImportOptions, terms: ImportTerms, hasher: AddressHasher) -> bytes:
    errand: Mapping[str, Any] = {
        "path": str(path),
        "format": options.format,
        "encoding": options.encoding,
        "columns": dict(options.columns),
        "at_least": options.at_least and options.at_least.value,
        "newsletter": terms.newsletter,
        "origin": terms.origin,
        "now": terms.now.isoformat(),
        "languages": list(terms.languages),
        "key": hasher.key,
    }
    return marshal.dumps(errand)


def _unpacked(packed: bytes) -> Portions:
    errand: dict[str, Any] = marshal.loads(packed)  # noqa: S302 - our own
    least = errand["at_least"]
    return Portions(
        Path(errand["path"]),
        ImportOptions(
            format=errand["format"],
            encoding=errand["encoding"],
            columns=errand["columns"],
            at_least=Standing(least) if least else None,
        ),
        ImportTerms(
            newsletter=errand["newsletter"],
            origin=errand["origin"],
            now=datetime.fromisoformat(errand["now"]),
            languages=frozenset(errand["languages"]),
        ),
        AddressHasher(errand["key"]),
    )


def main() -> None:
    """Be the process that reads."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    with os.fdopen(os.dup(1), "wb", buffering=0) as voice:
        os.dup2(2, 1)  # whoever prints does not speak in between
        try:
            with _unpacked(sys.stdin.buffer.read()) as reading:
                about = ([tuple(source) for source in reading.sources], list(reading.skipped))
                _say(voice, _Word.RECOGNISED, marshal.dumps(about))
                for portion in reading.portions():
                    _say(voice, _Word.PORTION, portion.to_bytes())
            _say(voice, _Word.END)
        except UnreadableList as error:
            _say(voice, _Word.UNREADABLE, str(error).encode())
        except BrokenPipeError:
            pass  # nobody listens any more


def _say(voice: IO[bytes], word: _Word, said: bytes = b"") -> None:
    rest = memoryview(_HEAD.pack(word, len(said)) + said)
    while rest:
        rest = rest[voice.write(rest) :]
