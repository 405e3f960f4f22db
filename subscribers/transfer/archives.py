"""ZIP archives: their members as streams, within limits. Nothing is ever written to a path."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, BinaryIO

from subscribers.transfer.rows import UnreadableList

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MEMBERS = 20_000  # an export of Substack has three files for every post
MEMBER_BYTES = 4 << 30
MEMBER_RATIO = 200  # a list shrinks to a tenth; a bomb to a thousandth
SMALL_BYTES = 1 << 20  # below this no ratio is dangerous
DIRECTORY_BYTES = 8 << 20

_END = struct.Struct("<4s4H2LH")
_KINDS = (".csv", ".tsv", ".txt", ".json")
_UNPACKABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    struct.error,
    ValueError,
)


def looks_packed(start: bytes) -> bool:
    """Say whether a file that begins so is a ZIP archive."""
    return start.startswith((b"PK\x03\x04", b"PK\x05\x06"))


class Archive:
    """An opened archive. Raises ``UnreadableList`` for one that is broken, locked or out of bounds."""

    def __init__(self, stream: BinaryIO) -> None:
        _check_directory(stream)
        try:
            self._zip = zipfile.ZipFile(stream)
        except _UNPACKABLE as error:
            raise UnreadableList(f"the archive is damaged ({type(error).__name__})") from None

    def names(self) -> list[str]:
        """Return the members that may hold people, in the order of the archive."""
        names = [info.filename for info in self._zip.infolist() if not info.is_dir()]
        if "xl/workbook.xml" in names:
            raise UnreadableList("this is an Excel workbook; save the sheet as “CSV UTF-8” and import that")
        return [
            name
            for name in names
            if name.lower().endswith(_KINDS)
            and not name.startswith("__MACOSX/")
            and not name.rpartition("/")[2].startswith(".")
        ]

    def size(self, name: str) -> int:
        """Return how many bytes a member says it has."""
        return self._zip.getinfo(name).file_size

    def open(self, name: str) -> io.BufferedReader:
        """Return the bytes of a member as a stream."""
        info = self._zip.getinfo(name)
        label = label_of(name)
        if info.flag_bits & 0x1:
            raise UnreadableList(f"{label}: the archive is locked with a password; unpack it first")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableList(f"{label}: packed in a way that is not known; unpack it first")
        if info.file_size > MEMBER_BYTES:
            raise UnreadableList(f"{label}: {info.file_size:,} bytes; the limit is {MEMBER_BYTES:,}")
        if info.file_size > max(SMALL_BYTES, info.compress_size * MEMBER_RATIO):
            raise UnreadableList(f"{label}: it would grow more than {MEMBER_RATIO} times; this is no list")
        try:
            return io.BufferedReader(_Member(self._zip.open(info), label, info.file_size), 1 << 16)
        except (*_UNPACKABLE, RuntimeError) as error:
            raise UnreadableList(f"{label}: damaged ({type(error).__name__})") from None


def label_of(name: str) -> str:
    """Return a member's name as it may be printed: its last part, without control characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter if letter.isprintable() else "�" for letter in last)[:100]


class _Member(io.RawIOBase):
    """Counts what really comes out, and turns damage into ``UnreadableList``."""

    def __init__(self, packed: IO[bytes], label: str, declared: int) -> None:
        self._packed, self._label, self._declared = packed, label, declared
        self._position = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        try:
            block = self._packed.read(len(view))
        except _UNPACKABLE as error:
            raise UnreadableList(f"{self._label}: damaged ({type(error).__name__})") from None
        self._position += len(block)
        if self._position > self._declared:
            raise UnreadableList(f"{self._label}: it holds more than it says")
        view[: len(block)] = block
        return len(block)


def _check_directory(stream: BinaryIO) -> None:
    """Look at the size of the table of contents before it is read into memory."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _END.size - 0xFFFF))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    stream.seek(0)
    if at < 0 or len(tail) - at < _END.size:
        raise UnreadableList("the archive is damaged: its end is missing; download it again")
    _, _, _, _, members, directory_bytes, _, _ = _END.unpack_from(tail, at)
    if members == 0xFFFF or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        raise UnreadableList("the archive is of the large kind (ZIP64); unpack it first")
    if members > MEMBERS or directory_bytes > DIRECTORY_BYTES:
        raise UnreadableList(f"the archive has {members:,} files; the limit is {MEMBERS:,}")
