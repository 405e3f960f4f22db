"""Whose site an address leads to, and whether two addresses are the same page.

``www.`` and other subdomains are the same site; an IDN is compared as its Unicode.

Pure.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode, urlsplit

# Names under which anybody may register; a full list of public suffixes would be 15,000 lines.
_SECOND_LEVEL = frozenset("com net org gov edu ac co or ne go mil idv".split())
_TRACKING = re.compile(
    r"utm_\w+|spm|from|f|ref|referer|referrer|source|share\w*|fbclid|gclid|msclkid|mc_[ce]id|_hs\w+", re.I
)
_SAME_OWNER = (
    frozenset(["x.com", "twitter.com", "t.co"]),
    frozenset(["youtube.com", "youtu.be"]),
    frozenset(["facebook.com", "fb.com", "fb.me"]),
    frozenset(["google.com", "goo.gl", "g.co", "blog.google"]),
    frozenset(["github.com", "github.io"]),
    frozenset(["bilibili.com", "b23.tv"]),
    frozenset(["weibo.com", "weibo.cn", "t.cn"]),
    frozenset(["huggingface.co", "hf.co"]),
    frozenset(["telegram.org", "t.me"]),
    frozenset(["linkedin.com", "lnkd.in"]),
)


def host_of(url: str) -> str:
    """Return the host of a web address in lower case and as Unicode; nothing when it has none."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".") if parts.scheme.lower() in ("http", "https") else ""
    except ValueError:
        return ""
    return unicode_host(host)


def unicode_host(host: str) -> str:
    """Return a host with its punycode labels as what people see."""
    labels = []
    for label in unicodedata.normalize("NFKC", host).lower().split("."):
        if label.startswith("xn--"):
            try:
                labels.append(label.encode("ascii").decode("idna"))
                continue
            except UnicodeError:
                pass  # no valid IDN: compared as it is written
        labels.append(label)
    return ".".join(labels)


def site_of(host: str) -> str:
    """Return the part of a host that somebody registered: example.co.uk of www.example.co.uk."""
    labels = host.split(".")
    if is_address(host) or len(labels) < 3:
        return host
    is_second_level = labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2
    return ".".join(labels[-3:] if is_second_level else labels[-2:])


def is_same_site(one: str, other: str) -> bool:
    """Say whether two hosts belong to the same people."""
    sites = {site_of(one), site_of(other)}
    return len(sites) == 1 or any(sites <= owner for owner in _SAME_OWNER)


def is_address(host: str) -> bool:
    """Say whether a host is an IP address."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def same_page(url: str) -> str:
    """Return what two addresses of one page have in common; nothing for what is no web address."""
    host = host_of(url)
    if not host:
        return ""
    parts = urlsplit(url.strip())
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name)
    ]
    host = re.sub(r"^(?:www|m|mobile|wap|amp)\.", "", host)
    try:
        port = f":{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    except ValueError:
        port = ""
    tail = f"?{urlencode(sorted(query))}" if query else ""
    return f"{host}{port}{parts.path.rstrip('/')}{tail}"


def leads_to_an_article(page: str) -> bool:
    """Say whether a page, as ``same_page`` writes it, is more than the front door of a site."""
    return "/" in page or "?" in page
