"""Files that must be private, and there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, ok
from newsletter.errors import ConfigError

CHECK = "files"


def look(patient: Patient) -> Iterator[Result]:
    """Look at their modes."""
    settings = patient.app.settings
    try:
        _ = patient.app.keys
    except ConfigError as error:
        yield bad(
            CHECK,
            str(settings.keys.file),
            (str(error), "密钥文件缺失、不完整或权限过宽"),
            ("restore it from your copy", "请从保存的副本恢复密钥文件，并执行 chmod 600"),
        )
    private = [settings.database.url.removeprefix("sqlite:///")] if patient.app.database.is_sqlite else []
    private += [str(each.key) for each in settings.transport.smtp.dkim]
    private += [str(settings.config_file)] if settings.config_file else []
    private += [str(settings.backup.passphrase_file)] if settings.backup.passphrase_file else []
    open_to_others = [name for name in private if _is_open(Path(name))]
    for name in open_to_others:
        yield bad(
            CHECK,
            name,
            ("others on this machine may read it", "本机的其他用户也能读到它"),
            (f"chmod 600 {name}", f"执行 chmod 600 {name}"),
        )
    if not open_to_others:
        yield ok(CHECK, "", "keys, database and settings are private", "密钥、数据库和配置文件只有自己可读")


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False
