"""Room on the disks that are written to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, ok, warn

CHECK = "room"
LEAST, FEW = 200_000_000, 1_000_000_000  # bytes


def look(patient: Patient) -> Iterator[Result]:
    """Look at the free space of each disk once."""
    settings = patient.app.settings
    places = {"database": patient.app.database.file, "backup.folder": settings.backup.folder}
    places |= {"journal.file": settings.journal.file, "keys.file": settings.keys.file}
    seen = set[int]()
    for setting, path in places.items():
        folder = _there(path)
        if folder is None or folder.stat().st_dev in seen:
            continue
        seen.add(folder.stat().st_dev)
        free = shutil.disk_usage(folder).free
        words = f"{free / 1e9:,.1f} GB"
        if free >= FEW:
            yield ok(CHECK, setting, f"{words} are free", f"剩余 {words}")
            continue
        tell = bad if free < LEAST else warn
        yield tell(
            CHECK,
            setting,
            (f"only {words} are free", f"只剩 {words}"),
            (
                "make room: an edition needs some, and a backup as much as the database",
                "请清理磁盘：发送和备份都需要空间",
            ),
        )


def _there(path: Path | None) -> Path | None:
    while path is not None and not path.exists():
        path = path.parent if path.parent != path else None
    return path
