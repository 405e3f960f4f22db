"""Where people read their mail: the web page of each provider, and common slips of the finger. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One provider's web mail. ``key`` names its texts (``web.mailbox.<key>``)."""

    key: str
    url: str
    domains: tuple[str, ...]


MAILBOXES = (
    Mailbox(key="qq", url="https://mail.qq.com/", domains=("qq.com", "vip.qq.com", "foxmail.com")),
    Mailbox(key="163", url="https://mail.163.com/", domains=("163.com", "vip.163.com")),
    Mailbox(key="126", url="https://mail.126.com/", domains=("126.com", "vip.126.com")),
    Mailbox(key="yeah", url="https://mail.yeah.net/", domains=("yeah.net",)),
    Mailbox(key="sina", url="https://mail.sina.com.cn/", domains=("sina.com", "sina.cn", "vip.sina.com")),
    Mailbox(key="aliyun", url="https://mail.aliyun.com/", domains=("aliyun.com",)),
    Mailbox(key="139", url="https://mail.10086.cn/", domains=("139.com",)),
    Mailbox(key="gmail", url="https://mail.google.com/", domains=("gmail.com", "googlemail.com")),
    Mailbox(
        key="outlook",
        url="https://outlook.live.com/mail/",
        domains=("outlook.com", "hotmail.com", "live.com", "live.cn", "msn.com", "outlook.cn"),
    ),
    Mailbox(key="yahoo", url="https://mail.yahoo.com/", domains=("yahoo.com", "ymail.com", "yahoo.co.jp")),
    Mailbox(key="icloud", url="https://www.icloud.com/mail/", domains=("icloud.com", "me.com", "mac.com")),
)
_BY_DOMAIN = {domain: mailbox for mailbox in MAILBOXES for domain in mailbox.domains}
# Slips of the finger that end in nobody's mailbox, or in a stranger's.
_SLIPS = {
    "gmial.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gmail.cn": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.co": "gmail.com",
    "qq.con": "qq.com",
    "qq.co": "qq.com",
    "qq.cn": "qq.com",
    "qqq.com": "qq.com",
    "163.con": "163.com",
    "163.cn": "163.com",
    "136.com": "163.com",
    "126.con": "126.com",
    "126.cn": "126.com",
    "outlok.com": "outlook.com",
    "outlook.con": "outlook.com",
    "hotmial.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "iclould.com": "icloud.com",
    "icloud.con": "icloud.com",
}


def mailbox_of(domain: str) -> Mailbox | None:
    """Return where addresses of a domain are read, if we know."""
    return _BY_DOMAIN.get(domain)


def likely_meant(domain: str) -> str | None:
    """Return the domain that was probably meant, when this one is a common slip."""
    return _SLIPS.get(domain)
