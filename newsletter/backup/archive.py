"""The archive inside a backup: a compressed tar, manifest first, read and written as a stream."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from newsletter.backup.manifest import NAME, Manifest, UnreadableBackup, read
from newsletter.backup.sealing import Opener, Sealer

_AT_ONCE = 1 << 20
_LONGEST_MANIFEST = 10_000_000


def write(target: Path, manifest: Manifest, files: Mapping[str, Path], passphrase: str) -> None:
    """Write a backup: the manifest, then ``files`` by their names in it. The file is synced."""
    with open(target, "xb", opener=_private) as raw:
        with (
            Sealer(raw, passphrase) as sealed,
            gzip.GzipFile(filename="", fileobj=sealed, mode="wb", compresslevel=3) as packed,
            tarfile.open(fileobj=packed, mode="w|") as tar,
        ):
            text = manifest.to_json().encode()
            _add(tar, NAME, io.BytesIO(text), len(text))
            for member in manifest.members:
                with files[member.name].open("rb") as file:
                    _add(tar, member.name, file, member.size)
        raw.flush()
        os.fsync(raw.fileno())


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    tar.addfile(header, content)


@contextmanager
def opened(source: Path, passphrase: str) -> Iterator[tuple[Manifest, tarfile.TarFile]]:
    """Yield a backup's manifest and the rest of it. Raises ``CannotOpen`` or ``UnreadableBackup``."""
    with source.open("rb") as raw:
        stream = cast(BinaryIO, io.BufferedReader(Opener(raw, passphrase), buffer_size=_AT_ONCE))
        try:
            with tarfile.open(fileobj=stream, mode="r|gz") as tar:
                first = tar.next()
                content = tar.extractfile(first) if first else None
                if first is None or first.name != NAME or first.size > _LONGEST_MANIFEST or content is None:
                    raise UnreadableBackup("the backup does not begin with its own description")
                yield read(content.read().decode()), tar
        except (tarfile.TarError, EOFError, UnicodeDecodeError) as error:
            raise UnreadableBackup(f"the archive in the backup cannot be read ({error})") from error


def extract(manifest: Manifest, tar: tarfile.TarFile, folder: Path) -> Mapping[str, Path]:
    """Write the files of a backup into ``folder``, return them by name; their hashes must be right."""
    wanted = {member.name: member for member in manifest.members}
    found: dict[str, Path] = {}
    while header := tar.next():
        member, content = wanted.get(header.name), tar.extractfile(header)
        if member is None or content is None or header.name in found:
            raise UnreadableBackup(f"the backup holds {header.name!r}, which it does not speak of")
        path = folder / f"{len(found)}"  # a name of ours: nothing in the archive says where it goes
        if _copy(content, path) != member.sha256:
            raise UnreadableBackup(f"{header.name} in the backup is not what was written there")
        found[header.name] = path
    if missing := wanted.keys() - found.keys():
        raise UnreadableBackup(f"the backup lacks {', '.join(sorted(missing))}")
    return found


def _copy(content: IO[bytes], path: Path) -> str:
    seen = hashlib.sha256()
    with open(path, "xb", opener=_private) as file:
        while some := content.read(_AT_ONCE):
            seen.update(some)
            file.write(some)
        file.flush()
        os.fsync(file.fileno())
    return seen.hexdigest()


def sha256_of(path: Path) -> str:
    """Return the hash of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
