"""Which mailbox provider an address belongs to: the lane it travels in.

Providers limit how fast a sender may come; a batch holds one lane only, so that one of them can
wait without the others. Pure.
"""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """The mailbox providers that are treated apart."""

    QQ = "qq"
    NETEASE = "netease"
    SINA = "sina"
    ALIYUN = "aliyun"
    GMAIL = "gmail"
    OUTLOOK = "outlook"
    YAHOO = "yahoo"
    ICLOUD = "icloud"
    OTHER = "other"


DOMAINS: dict[Lane, tuple[str, ...]] = {
    Lane.QQ: ("qq.com", "vip.qq.com", "foxmail.com"),
    Lane.NETEASE: ("163.com", "126.com", "yeah.net", "vip.163.com", "vip.126.com", "188.com"),
    Lane.SINA: ("sina.com", "sina.cn", "vip.sina.com"),
    Lane.ALIYUN: ("aliyun.com",),
    Lane.GMAIL: ("gmail.com", "googlemail.com"),
    Lane.OUTLOOK: ("outlook.com", "hotmail.com", "live.com", "live.cn", "msn.com", "outlook.cn"),
    Lane.YAHOO: ("yahoo.com", "ymail.com", "aol.com", "yahoo.co.jp"),
    Lane.ICLOUD: ("icloud.com", "me.com", "mac.com"),
}

# A batch's number says its lane; an order once given stays, new lanes are appended.
ORDER: tuple[Lane, ...] = (
    Lane.OTHER,
    Lane.QQ,
    Lane.NETEASE,
    Lane.SINA,
    Lane.ALIYUN,
    Lane.GMAIL,
    Lane.OUTLOOK,
    Lane.YAHOO,
    Lane.ICLOUD,
)
SLOTS = 32  # room for lanes in a batch's number


def lane_of(domain: str) -> Lane:
    """Return the lane of an address with this domain."""
    return next((lane for lane, domains in DOMAINS.items() if domain in domains), Lane.OTHER)
