"""Whether anybody hears of an alarm."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.doctor.patient import Patient
from newsletter.doctor.result import Result, ok, warn


def look(patient: Patient) -> Iterator[Result]:
    """Look whether there is somebody, and a dead man's switch elsewhere."""
    chosen = patient.app.settings.alarms
    if chosen.email or chosen.people or chosen.webhooks:
        yield ok("alarms", "", "somebody is told when something is wrong", "出问题时有人会收到告警")
    else:
        yield warn(
            "alarms",
            "alarms.email",
            ("nobody is told when something is wrong", "出问题时没有人会知道"),
            (
                "set alarms.email, then `newsletter alarms test`",
                "请设置 alarms.email，再运行 newsletter alarms test",
            ),
        )
    if not any(patient.app.alarms.ping_url(slug) for slug in patient.app.settings.newsletters):
        yield warn(
            "ping",
            "alarms.ping_url",
            ("if this machine dies, nobody is told", "如果这台机器整个坏了，没有人会知道"),
            (
                "set alarms.ping_url to a monitor elsewhere that misses its ping",
                "请把 alarms.ping_url 设为外部监控的心跳地址",
            ),
        )
