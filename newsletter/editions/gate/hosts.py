"""Links must lead to real sites, and to the site that their text names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import unquote

from newsletter.digests.prose import Link, plain
from newsletter.editions.gate.evidence import Evidence
from newsletter.editions.gate.finding import Remark
from newsletter.editions.gate.leftover_values import speaks_of_values
from newsletter.editions.gate.passages import story_at
from newsletter.editions.gate.reading import texts_of
from newsletter.editions.gate.sites import host_of, is_address, is_same_site, unicode_host

# Reserved so that nobody ever owns them (RFC 2606, RFC 6761), and what people and models make up.
_PLACEHOLDER_SITES = re.compile(
    r"(?:.+\.)?(?:example\.(?:com|net|org|cn|edu|com\.cn)|localhost|localdomain)"
    r"|.+\.(?:invalid|test|local|localhost|internal|lan)"
    r"|(?:.+\.)?(?:your|my|some|the|a)-?(?:site|domain|website|company|blog|host|url|link)(?:-?(?:here"
    r"|name))?\.[a-z]{2,}"
    r"|(?:www\.)?(?:url|link|domain|website|placeholder|xxx+|yyy+|abc|foo|bar|foobar|news-?link"
    r"|article-?link|source-?link|fake-?url|dummy|sample|test|example\d*)\.(?:com|cn|net|org)"
)
_PLACEHOLDER_PATHS = re.compile(
    r"/(?:undefined|null|placeholder|your-[a-z-]+|\[object(?: |%20)object\]|x{3,})/?$"
    r"|%7b%7b|\{\{|\$\{|\[[a-z_ ]+\]$",
    re.I,
)
_TLDS = frozenset(
    "com cn net org io ai dev app co me gov edu tv info xyz cc top tech news blog us uk jp de fr eu hk tw sg"
    " in ru kr au ca ch nl it es br mo my th vn ie se no fi dk at be pl site online store shop club pro link"
    " live world today media press wiki design cloud chat space im fm ly gg to sh so".split()
)
_SUFFIXES = frozenset("js ts py md json html htm txt css pdf png jpg zip csv xml yaml yml sql rs go".split())
_BARE_HOST = re.compile(
    r"(?:[\w-]{1,63}\.)+(?P<tld>[a-z]{2,}|xn--[a-z0-9-]+|[^\W\d_]{2,})(?::\d+)?(?P<path>/\S*)?"
)


def placeholder_links(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each link to a site or page that cannot exist."""
    own = host_of(evidence.own_site)
    for line, name, url in links_of(evidence):
        host = host_of(url)
        unfilled = _PLACEHOLDER_PATHS.search(url) and not _is_about(evidence, line)
        if host and host != own and (_is_placeholder(host) or unfilled):
            yield Remark(
                line=line,
                message_zh=f"“{name[:30]}”的链接是编造的或占位的（{url[:80]}）",
                message_en=f"The link of “{name[:60]}” is made up or a placeholder ({url[:80]})",
                remedy_zh="请换成真正的原文网址，或删去这一条",
                remedy_en="Write the address of the source, or delete the story",
            )


def misleading_links(evidence: Evidence) -> Iterator[Remark]:
    """Remark on each link whose text names another site than it leads to, or whose host imitates one."""
    for line, name, url in links_of(evidence):
        host = host_of(url)
        if not host:
            continue
        named = named_host(name)
        if named and not is_same_site(named, host) and named not in unquote(_query(url)):
            yield Remark(
                line=line,
                message_zh=f"链接文字写的是 {named}，实际通向 {host}",
                message_en=f"The text of a link names {named}, and it leads to {host}",
                remedy_zh="请让文字和网址指向同一个网站",
                remedy_en="Let the text and the address name the same site",
            )
        elif mixed := _mixed_script(host):
            yield Remark(
                line=line,
                message_zh=f"域名 {host} 里混着不同文字的字母（{mixed}），像是仿冒",
                message_en=f"The host {host} mixes the letters of several scripts ({mixed}), as impostors do",
                remedy_zh="请核对网址，换成真正的网站",
                remedy_en="Look at the address, and write that of the real site",
            )


def links_of(evidence: Evidence) -> list[tuple[int, str, str]]:
    """Return (line, name, address) of each link; one written twice on a line counts once."""
    links = {
        (story.url_line or story.line, story.title_text, story.url)
        for story in evidence.digest.stories
        if story.url is not None
    }
    for line, inlines in texts_of(evidence.digest):
        links |= {(i.line or line, plain(i.children), i.url) for i in inlines if isinstance(i, Link)}
    return sorted(links)


def named_host(text: str) -> str:
    """Return the host that the text of a link is, or nothing."""
    text = unicodedata.normalize("NFKC", text).strip().strip("()[]<>“”\"'")
    if re.fullmatch(r"https?://\S+", text, re.I):
        return host_of(text)
    found = _BARE_HOST.fullmatch(text)
    if not found:
        return ""
    host = unicode_host(text.split("/")[0].split(":")[0])
    # Node.js, Character.AI and Booking.com are names of things; a host is written in small letters.
    if host.startswith("www."):
        return host
    is_host = found["tld"] in _TLDS or host.count(".") > 1 or bool(found["path"])
    return host if is_host and text == text.lower() and found["tld"] not in _SUFFIXES else ""


def _is_about(evidence: Evidence, line: int) -> bool:
    """Say whether the story on ``line`` is about undefined values: its address may say so too."""
    place = story_at(evidence.digest, line)
    text = "\n".join(passage.text for passage in evidence.passages if passage.story == place)
    return speaks_of_values(text)


def _query(url: str) -> str:
    """Return the query of an address: one that counts clicks holds there where it leads to."""
    return url.partition("?")[2].lower()


def _is_placeholder(host: str) -> bool:
    if is_address(host):
        return not ip_address(host.strip("[]")).is_global
    return "." not in host or _PLACEHOLDER_SITES.fullmatch(host) is not None


def _mixed_script(host: str) -> str:
    """Return the scripts that one label of a host mixes as nobody's name does."""
    for label in host.split("."):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in label if letter.isalpha()}
        if "CYRILLIC" in scripts or "GREEK" in scripts:
            if len(scripts) > 1:
                return ", ".join(sorted(scripts)).title()
            # аррӏе.com: all Cyrillic, under a Latin top level.
            if host.rsplit(".", 1)[-1].isascii() and host.rsplit(".", 1)[-1] in (
                "com",
                "net",
                "org",
                "ai",
                "io",
            ):
                return next(iter(scripts)).title()
    return ""
