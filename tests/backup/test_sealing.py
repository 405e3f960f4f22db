"""A sealed stream: read back whole, or not at all."""

from __future__ import annotations

import io
import random

import pytest

from newsletter.backup.sealing import CHUNK, CannotOpen, Opener, Sealer

PASSPHRASE = "correct-horse-battery"
CHEAP = 4  # log2 of scrypt's N, for tests


def sealed(content: bytes, *, passphrase: str = PASSPHRASE, pieces: int = 3) -> bytes:
    raw = io.BytesIO()
    with Sealer(raw, passphrase, cost=CHEAP) as file:
        size = max(1, len(content) // pieces)
        for start in range(0, len(content), size):
            file.write(content[start : start + size])
    return raw.getvalue()


def opened(content: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return io.BufferedReader(Opener(io.BytesIO(content), passphrase)).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])
def test_what_was_sealed_is_read_back(size: int) -> None:
    content = random.Random(size).randbytes(size)

    assert opened(sealed(content)) == content


def test_nothing_of_it_can_be_read_without_the_passphrase() -> None:
    content = "张三 zhang@example.com".encode() * 1000

    assert b"zhang" not in sealed(content)
    with pytest.raises(CannotOpen, match="passphrase is another"):
        opened(sealed(content), "another-passphrase")


@pytest.mark.parametrize("where", [9, 30, 40, CHUNK, -1])
def test_a_byte_that_was_changed_is_noticed(where: int) -> None:
    content = bytearray(sealed(bytes(2 * CHUNK)))
    content[where] ^= 1

    with pytest.raises(CannotOpen):
        opened(bytes(content))


def test_an_end_that_was_cut_off_is_noticed() -> None:
    content = sealed(bytes(2 * CHUNK))
    header, chunk = 32, CHUNK + 16

    for end in (header, header + chunk, header + chunk + 5, len(content) - 1):
        with pytest.raises(CannotOpen):
            opened(content[:end])


def test_chunks_that_changed_places_are_noticed() -> None:
    content = sealed(bytes(CHUNK) + b"\1" * CHUNK + b"\2")
    header, chunk = 32, CHUNK + 16
    first, second = content[header : header + chunk], content[header + chunk : header + 2 * chunk]

    with pytest.raises(CannotOpen):
        opened(content[:header] + second + first + content[header + 2 * chunk :])


def test_the_same_content_is_never_sealed_to_the_same_bytes() -> None:
    assert sealed(b"abc") != sealed(b"abc")


def test_what_is_no_backup_is_told_so() -> None:
    with pytest.raises(CannotOpen, match="not a backup"):
        opened(b"PK\3\4" + bytes(100))
