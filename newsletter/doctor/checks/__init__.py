"""The checks, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from newsletter.doctor.checks import (
    abroad,
    alarms,
    backups,
    calendars,
    clock,
    database,
    dkim,
    dmarc,
    files,
    mx,
    ptr,
    public_url,
    room,
    sendgrid,
    smtp,
    spf,
    work,
)
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result

Check = Callable[[Patient], Iterator[Result]]

CHECKS: Mapping[str, Check] = {
    "database": database.look,
    "worker": work.look,
    "files": files.look,
    "room": room.look,
    "clock": clock.look,
    "calendars": calendars.look,
    "backups": backups.look,
    "alarms": alarms.look,
    "public_url": public_url.look,
    "spf": spf.look,
    "dkim": dkim.look,
    "dmarc": dmarc.look,
    "mx": mx.look,
    "ptr": ptr.look,
    "smtp": smtp.look,
    "sendgrid": sendgrid.look,
    "abroad": abroad.look,
}
