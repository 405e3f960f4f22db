"""Whether there is a backup that is new, and a journal."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from newsletter.backup.nightly import last_good
from newsletter.backup.passphrase import passphrase_of
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, not_checked, ok, warn
from newsletter.errors import ConfigError, NewsletterError

CHECK = "backup"


def look(patient: Patient) -> Iterator[Result]:
    """Look at both."""
    yield from _backup(patient)
    yield from _journal(patient)


def _backup(patient: Patient) -> Iterator[Result]:
    settings = patient.app.settings.backup
    if settings.folder is None:
        yield warn(
            CHECK,
            "backup.folder",
            ("no backups are made by itself", "没有设置自动备份"),
            ("set [backup]; docs/backup.md", "请设置 [backup]，见 docs/backup.md"),
        )
        return
    try:
        passphrase_of(settings)
    except ConfigError as error:
        yield bad(
            CHECK,
            "passphrase",
            (str(error), "备份口令未设置或不可用"),
            ("see docs/backup.md", "见 docs/backup.md"),
        )
        return
    try:
        with patient.app.database.readers() as session:
            newest = last_good(session)
    except SQLAlchemyError:
        yield not_checked(CHECK, "", "the database does not tell", "数据库没有应答")
        return
    if newest is None:
        yield warn(
            CHECK, "", ("there is none yet", "还没有备份"), ("newsletter backup", "运行 newsletter backup")
        )
        return
    age = patient.now - newest.started_at
    hours = age.total_seconds() / 3600
    if age > settings.alarm_after:
        yield bad(
            CHECK,
            "",
            (f"the newest is {hours:.0f} hours old", f"最近一份已是 {hours:.0f} 小时前"),
            ("newsletter backup says what stands in the way", "运行 newsletter backup 查看原因"),
        )
    else:
        yield ok(CHECK, "", f"the newest is {hours:.0f} hours old", f"最近一份是 {hours:.0f} 小时前的")


def _journal(patient: Patient) -> Iterator[Result]:
    journal = patient.app.journal
    if journal is None:
        yield warn(
            "journal",
            "journal.file",
            (
                "there is no journal: after a restore, whoever left since the backup is mailed again",
                "没有退订台账：恢复备份后，之后退订的读者会再次收到邮件",
            ),
            (
                "set journal.file, on another disk; docs/backup.md",
                "请设置 journal.file（放在另一块磁盘），见 docs/backup.md",
            ),
        )
        return
    if not journal.path.exists():
        yield ok("journal", str(journal.path), "nothing had to be written yet", "还没有需要记录的内容")
        return
    try:
        count = sum(1 for _ in journal.entries())
    except (OSError, NewsletterError) as error:
        yield bad(
            "journal",
            str(journal.path),
            (str(error), "退订台账损坏或读不到"),
            ("newsletter journal verify", "运行 newsletter journal verify"),
        )
        return
    yield ok("journal", str(journal.path), f"{count:,} entries, unbroken", f"{count:,} 条记录，完整")
