"""Links: which may stand in an email, and a name for each that no other target has.

A screen reader lists links without their sentences: thirty of them called 原文链接 are useless.
Where one name leads to different targets, each of those links says its host as well.

Pure: works on the sanitised HTML of ``newsletter.rendering.content``, whose tags are well formed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import SplitResult, quote, urlsplit

_LINK = re.compile(r"<a\b((?:[^<>\"]|\"[^\"]*\")*)>(.*?)</a>", re.DOTALL)
_HREF = re.compile(r"\bhref=\"([^\"]*)\"")
_ALT = re.compile(r"<img\b[^>]*?\balt=\"([^\"]*)\"(?:[^<>\"]|\"[^\"]*\")*>")
_TAG = re.compile(r"<(?:[^<>\"]|\"[^\"]*\")*>")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_MAILTO = re.compile(r"[^@\s<>]+@[A-Za-z0-9.-]+")
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}\ud800-\udfff]")
_RESERVED = "/?:@!$&'()*+,;=%-._~[]"


def safe_url(url: str) -> str | None:
    """Return ``url`` in ASCII as it may stand in an email, or None when it may not.

    Only absolute http, https and mailto addresses may; one that carries a user name hides its host.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if _UNSAFE.search(url):
        return None
    if parts.scheme == "mailto":
        return _quoted(url) if _MAILTO.fullmatch(parts.path) else None
    host = _ascii_host(parts)
    if parts.scheme not in {"http", "https"} or host is None or "@" in parts.netloc:
        return None
    netloc = host if port is None else f"{host}:{port}"
    return _quoted(parts._replace(netloc=netloc).geturl())


def host_of(url: str) -> str:
    """Return the host of a safe URL as a person names it, without ``www.``."""
    parts = urlsplit(url)
    host = parts.path.rpartition("@")[2] if parts.scheme == "mailto" else parts.hostname or ""
    return host.removeprefix("www.")


def unlink_unsafe(fragment: str) -> str:
    """Unwrap every link that sanitising left without a target; its text stays."""
    return _LINK.sub(lambda link: link[0] if _HREF.search(link[1]) else link[2], fragment)


class LinkNames:
    """The links of one email and the name each goes by.

    ``reserved`` are the names that the template itself uses, with their targets; they keep theirs.
    ``with_host`` writes what is added to a name: ``（example.com）``.
    """

    def __init__(
        self, fragments: Iterable[str], *, reserved: Mapping[str, str], with_host: Callable[[str], str]
    ) -> None:
        self._with_host = with_host
        targets: dict[str, list[str]] = {_key(name): [target] for name, target in reserved.items()}
        for fragment in fragments:
            for link in _LINK.finditer(fragment):
                known = targets.setdefault(_key(_name(link)), [])
                if _target(link) not in known:
                    known.append(_target(link))
        kept = {_key(name): target for name, target in reserved.items()}
        taken = {name for name, known in targets.items() if name}
        self._additions: dict[tuple[str, str], str] = {}
        for name, known in targets.items():
            for target in known:
                if (len(known) > 1 and kept.get(name) != target) or not name:
                    addition = self._free(name, host_of(target), taken)
                    taken.add(_key(name + addition))
                    self._additions[name, target] = addition

    def write(self, fragment: str) -> str:
        """Return ``fragment`` with its links told apart."""
        return _LINK.sub(self._write_link, fragment) if self._additions else fragment

    def _write_link(self, link: re.Match[str]) -> str:
        addition = self._additions.get((_key(_name(link)), _target(link)))
        if addition is None:
            return link[0]
        return f"<a{link[1]}>{link[2]}{html.escape(addition)}</a>"

    def _free(self, name: str, host: str, taken: set[str]) -> str:
        number = 1
        while True:
            shown = host if number == 1 else f"{host} {number}"
            addition = self._with_host(shown) if name else shown
            if _key(name + addition) not in taken:
                return addition
            number += 1


def _quoted(url: str) -> str:
    scheme, colon, rest = url.partition(":")
    address, hash_mark, fragment = rest.partition("#")
    return scheme + colon + quote(address, _RESERVED) + hash_mark + quote(fragment, _RESERVED)


def _ascii_host(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return host if _HOST.fullmatch(host) and "." in host and ".." not in host else None


def _target(link: re.Match[str]) -> str:
    href = _HREF.search(link[1])
    return html.unescape(href[1]) if href else ""


def _name(link: re.Match[str]) -> str:
    return html.unescape(_TAG.sub("", _ALT.sub(r"\1", link[2])))


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
