"""Sealing a stream with a passphrase: the door to ``cryptography`` for backups.

The key comes from the passphrase by scrypt (RFC 7914). The content goes in chunks of a mebibyte, each
sealed with AES-256-GCM under a nonce that counts them and says which is the last: a chunk that was
changed, moved or cut off is noticed before any of it is believed, and memory stays small.

    magic (8) | salt (16) | log2 of scrypt's N (1) | nonce's beginning (7) | chunk | chunk … last chunk
"""

from __future__ import annotations

import io
import secrets
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from newsletter.errors import NewsletterError

MAGIC = b"NLBACK1\n"
CHUNK = 1 << 20
_TAG = 16
_SALT, _PREFIX = 16, 7
_COST = 16  # log2 of N: 64 MiB and a part of a second
_MOST_COST = 20


class CannotOpen(NewsletterError):
    """The passphrase is another one, or the file is not whole. Try the right one, or another backup."""


def _key(passphrase: str, salt: bytes, cost: int) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=1 << cost, r=8, p=1).derive(passphrase.encode()))


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\1" if is_last else b"\0")


class Sealer(io.RawIOBase):
    """What is written to it lies sealed in ``file`` once it is closed."""

    def __init__(self, file: BinaryIO, passphrase: str, *, cost: int = _COST) -> None:
        super().__init__()
        salt, self._prefix = secrets.token_bytes(_SALT), secrets.token_bytes(_PREFIX)
        self._header = MAGIC + salt + bytes([cost]) + self._prefix
        self._file, self._key = file, _key(passphrase, salt, cost)
        self._held, self._number = bytearray(), 0
        file.write(self._header)

    def writable(self) -> bool:
        """Say that it is."""
        return True

    def write(self, content: object) -> int:
        """Take content in."""
        view = memoryview(content)  # pyright: ignore[reportArgumentType] - a buffer, as RawIOBase says
        self._held += view
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), is_last=False)
            del self._held[:CHUNK]
        return view.nbytes

    def close(self) -> None:
        """Seal the rest; without it the file cannot be opened."""
        if not self.closed:
            self._seal(bytes(self._held), is_last=True)
            super().close()

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last=is_last)
        self._file.write(self._key.encrypt(nonce, chunk, self._header))
        self._number += 1


class Opener(io.RawIOBase):
    """Reads what was sealed. Raises ``CannotOpen`` before it gives anything that is not genuine."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        super().__init__()
        self._header = file.read(len(MAGIC) + _SALT + 1 + _PREFIX)
        if len(self._header) < len(MAGIC) + _SALT + 1 + _PREFIX or not self._header.startswith(MAGIC):
            raise CannotOpen("this is not a backup of newsletter, or one of a newer release")
        salt, cost = self._header[len(MAGIC) : len(MAGIC) + _SALT], self._header[len(MAGIC) + _SALT]
        if cost > _MOST_COST:
            raise CannotOpen("the beginning of the backup was changed")
        self._prefix = self._header[-_PREFIX:]
        self._file, self._key = file, _key(passphrase, salt, cost)
        self._next = file.read(CHUNK + _TAG)
        self._number, self._is_over = 0, False
        self._held = memoryview(b"")

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Give what comes next."""
        target = memoryview(buffer).cast("B")  # pyright: ignore[reportArgumentType] - a buffer
        while not self._held and not self._is_over:
            self._held = memoryview(self._open())
        count = min(len(target), len(self._held))
        target[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _open(self) -> bytes:
        chunk, self._next = self._next, self._file.read(CHUNK + _TAG)
        self._is_over = not self._next
        nonce = _nonce(self._prefix, self._number, is_last=self._is_over)
        try:
            content = self._key.decrypt(nonce, chunk, self._header)
        except (InvalidTag, ValueError) as error:
            why = (
                "the passphrase is another one, or the backup was changed"
                if self._number == 0
                else "the backup is not whole: it was changed or cut off"
            )
            raise CannotOpen(why) from error
        self._number += 1
        return content
