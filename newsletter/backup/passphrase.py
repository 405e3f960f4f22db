"""The passphrase that seals backups."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from newsletter.config.keeping import SHORTEST_PASSPHRASE, BackupSettings
from newsletter.errors import ConfigError

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that look like others
_GROUPS, _OF = 6, 5  # 30 letters: about 150 bits


def passphrase_of(settings: BackupSettings) -> str:
    """Return the passphrase, or raise ``ConfigError`` with what to do."""
    value, setting = settings.passphrase.get_secret_value(), "backup.passphrase"
    if settings.passphrase_file is not None:
        setting = "backup.passphrase_file"
        try:
            value = settings.passphrase_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
            raise ConfigError(f"{setting}: cannot read {settings.passphrase_file}: {why}") from None
        if settings.passphrase_file.stat().st_mode & 0o077:
            raise ConfigError(
                f"{setting}: {settings.passphrase_file} may be read by others; run "
                f"`chmod 600 {settings.passphrase_file}`"
            )
    if not value:
        raise ConfigError(
            "backup.passphrase is not set, and backups hold the keys and everybody's address: set it, or "
            "backup.passphrase_file (`newsletter backup --new-passphrase FILE` makes one)"
        )
    if len(value) < SHORTEST_PASSPHRASE:
        raise ConfigError(f"{setting}: must have {SHORTEST_PASSPHRASE} letters or more")
    return value


def new_passphrase(path: Path) -> str:
    """Write a new passphrase to a file that is not there yet, and return it."""
    value = "-".join("".join(secrets.choice(_LETTERS) for _ in range(_OF)) for _ in range(_GROUPS))
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} is already there; a passphrase is never overwritten") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    return value
