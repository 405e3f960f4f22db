"""What a check has to know besides the digest, and how to say that nobody knows it.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from newsletter.editions.gate.evidence import Evidence


class Need(StrEnum):
    """A kind of evidence."""

    NOTHING = "nothing"
    DAY = "day"
    NOW = "now"
    LANGUAGE = "language"
    SUBJECT = "subject"
    PREHEADER = "preheader"
    SIZE = "size"
    TEXT_PART = "text_part"
    RECENT = "recent"
    PROBES = "probes"
    AUDIENCE = "audience"
    USUAL_AUDIENCE = "usual_audience"
    SENDER_DNS = "sender_dns"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """Checks that were not made, and why, in both languages of the desk, without a full stop."""

    checks: tuple[str, ...]
    because_zh: str
    because_en: str


_IS_KNOWN: dict[Need, Callable[[Evidence], bool]] = {
    Need.NOTHING: lambda evidence: True,
    Need.DAY: lambda evidence: evidence.day is not None,
    Need.NOW: lambda evidence: evidence.now is not None,
    Need.LANGUAGE: lambda evidence: evidence.language is not None,
    Need.SUBJECT: lambda evidence: evidence.subject is not None,
    Need.PREHEADER: lambda evidence: evidence.preheader is not None,
    Need.SIZE: lambda evidence: evidence.html_bytes is not None,
    Need.TEXT_PART: lambda evidence: evidence.text_part is not None,
    Need.RECENT: lambda evidence: evidence.recent is not None,
    Need.PROBES: lambda evidence: evidence.probes is not None,
    Need.AUDIENCE: lambda evidence: evidence.audience is not None,
    Need.USUAL_AUDIENCE: lambda evidence: (
        evidence.usual_audience is not None and evidence.audience is not None
    ),
    Need.SENDER_DNS: lambda evidence: evidence.sender_dns is not None,
}

# Said of evidence that is missing: (zh, en).
WORDS: dict[Need, tuple[str, str]] = {
    Need.DAY: ("不知道哪天发出", "it is not known on which day it goes out"),
    Need.NOW: ("不知道现在几点", "it is not known what time it is"),
    Need.LANGUAGE: ("不知道刊物用什么语言", "it is not known which language the newsletter has"),
    Need.SUBJECT: ("邮件主题还没有生成", "there is no subject yet"),
    Need.PREHEADER: ("预览文字还没有生成", "there is no preheader yet"),
    Need.SIZE: ("邮件还没有生成", "the email is not made yet"),
    Need.TEXT_PART: ("纯文本部分还没有生成", "there is no text part yet"),
    Need.RECENT: ("没有连接数据库，不知道最近发过什么", "no database was asked what went out of late"),
    Need.PROBES: ("没有打开过这些链接和图片", "nobody opened the links and images"),
    Need.AUDIENCE: (
        "没有连接数据库，不知道要寄给多少人",
        "no database was asked how many readers are owed it",
    ),
    Need.USUAL_AUDIENCE: ("还没有可以比较的期次", "no edition has gone out yet on a day like this"),
    Need.SENDER_DNS: (
        "没有查过发件域名的 DNS 记录（newsletter doctor 会查）",
        "nobody looked at the sender's DNS records (newsletter doctor does)",
    ),
}


def is_known(need: Need, evidence: Evidence) -> bool:
    """Say whether ``evidence`` holds what is needed."""
    return _IS_KNOWN[need](evidence)
