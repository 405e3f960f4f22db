"""The clock of this machine, against one that others keep."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, not_checked, ok, warn
from newsletter.errors import NewsletterError

CHECK = "clock"
REMEDY = ("let it be set: timedatectl set-ntp true", "开启自动对时：timedatectl set-ntp true")
MOST = 30.0  # seconds; the header counts whole ones, and the way takes some


def look(patient: Patient) -> Iterator[Result]:
    """Compare it with the Date of the provider's answer, or ask the system whether it is being set."""
    if patient.is_offline or not patient.by_sendgrid:
        yield _by_the_system()
        return
    url, begun = "https://api.sendgrid.com", time.monotonic()
    try:
        answer = patient.app.fetcher.head(url)
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except (NewsletterError, ValueError, TypeError) as error:
        yield not_checked(CHECK, url, f"nobody told us the time: {error}", "没有取到对照时间")
        return
    off = (datetime.now(UTC) - theirs).total_seconds() - (time.monotonic() - begun) / 2
    if abs(off) <= MOST:
        yield ok(CHECK, "", "the clock is right", "系统时间准确")
    else:
        yield bad(
            CHECK,
            "",
            (f"the clock is off by {off:+.0f} s", f"系统时间偏差 {off:+.0f} 秒"),
            REMEDY,
        )


def _by_the_system() -> Result:
    program = shutil.which("timedatectl")
    said = ""
    if program:
        ended = subprocess.run(
            [program, "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            check=False,
        )
        said = ended.stdout.strip()
    if said == "yes":
        return ok(CHECK, "", "the system keeps it right (NTP)", "系统已自动对时（NTP）")
    if said == "no":
        return warn(CHECK, "", ("nobody sets the clock", "系统没有自动对时"), REMEDY)
    return not_checked(
        CHECK, "", "the system does not say whether its clock is set", "系统没有说明是否自动对时"
    )
