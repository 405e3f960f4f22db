"""Time zones and holidays: tables that run out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter import holidays
from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, bad, ok, warn

AHEAD = timedelta(days=30)


def look(patient: Patient) -> Iterator[Result]:
    """Look at both for every newsletter."""
    for slug, newsletter in patient.app.settings.newsletters.items():
        zone = newsletter.schedule.zone
        try:
            ZoneInfo(zone)
            yield ok("time_zone", slug, f"{zone} is known", f"时区 {zone} 可用")
        except (ZoneInfoNotFoundError, OSError):
            yield bad(
                "time_zone",
                slug,
                (f"{zone} is not known here", f"系统没有时区 {zone}"),
                ("install tzdata", "安装 tzdata"),
            )
        if not newsletter.schedule.holidays:
            continue
        until = holidays.known_until()
        if until >= (patient.now + AHEAD).date():
            yield ok("holidays", slug, f"holidays are known until {until}", f"节假日数据到 {until}")
        else:
            yield warn(
                "holidays",
                slug,
                (f"holidays are known only until {until}", f"节假日数据只到 {until}"),
                (
                    "upgrade: pip install --upgrade chinesecalendar, once the government has announced them",
                    "国务院公布放假安排后升级：pip install --upgrade chinesecalendar",
                ),
            )
