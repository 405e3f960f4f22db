"""What is wrong with an address of a link or an image, before anybody opens it.

Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.I)
_IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x20]+")
# Compared without blanks and brackets.
_PLACEHOLDERS = frozenset(
    "# 空 无 暂无 没有 未知 待补 待补充 链接 原文链接 网址 url link href none null nil undefined unknown n/a"
    " na tbd todo xxx ... … objectobject".split()
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an address."""

    zh: str
    en: str


EMPTY = Fault("是空的", "is empty")
PLACEHOLDER = Fault("只是占位文字", "is only a placeholder")
RELATIVE = Fault("不是完整网址", "is not a complete address")
UNSAFE = Fault("用了邮件里不允许的协议", "has a scheme that is not allowed in email")
BROKEN = Fault("不是有效网址", "is not a valid address")


def fault_of(url: str, *, schemes: frozenset[str]) -> Fault | None:
    """Return what is wrong with ``url``, or None."""
    # A blank or a line end inside a scheme does not stop a browser: java\nscript.
    address = _IGNORED_BY_BROWSERS.sub("", url)
    if not address:
        return EMPTY
    if address.strip("()（）【】[]<>{}《》").lower() in _PLACEHOLDERS:
        return PLACEHOLDER
    scheme = _SCHEME.match(address)
    if not scheme:
        return RELATIVE
    if scheme[1].lower() not in schemes:
        return UNSAFE
    if scheme[1].lower() in ("http", "https"):
        try:
            host = urlsplit(address).hostname
        except ValueError:
            return BROKEN
        return None if host and not address[scheme.end() :].lstrip("/").startswith(("?", "#")) else BROKEN
    return None
