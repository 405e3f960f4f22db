"""Lists of editions for programs: an Atom feed for readers, a sitemap for search engines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from xml.etree import ElementTree

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST_ADDRESSES = 50_000  # in one sitemap
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One edition in a feed; ``html`` is sanitised already."""

    url: str
    title: str
    summary: str
    html: str
    published_at: datetime
    updated_at: datetime


def atom(
    *, url: str, home: str, title: str, subtitle: str, language: str, entries: Iterable[Entry], now: datetime
) -> bytes:
    """Return an Atom feed."""
    ElementTree.register_namespace("", ATOM)
    entries = tuple(entries)
    feed = ElementTree.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": language})
    updated = max((entry.updated_at for entry in entries), default=now)
    _say(feed, "id", url)
    _say(feed, "title", title)
    if subtitle:
        _say(feed, "subtitle", subtitle)
    _say(feed, "updated", _moment(updated))
    _say(_say(feed, "author"), "name", title)
    _say(feed, "link", rel="self", type="application/atom+xml", href=url)
    _say(feed, "link", rel="alternate", type="text/html", href=home)
    for each in entries:
        entry = _say(feed, "entry")
        _say(entry, "id", each.url)
        _say(entry, "title", each.title)
        _say(entry, "link", rel="alternate", type="text/html", href=each.url)
        _say(entry, "published", _moment(each.published_at))
        _say(entry, "updated", _moment(each.updated_at))
        _say(entry, "summary", each.summary)
        _say(entry, "content", each.html, type="html")
    return _written(feed)


def sitemap(addresses: Iterable[tuple[str, date | None]]) -> bytes:
    """Return a sitemap of addresses and the days they last changed."""
    ElementTree.register_namespace("", SITEMAP)
    listing = ElementTree.Element(f"{{{SITEMAP}}}urlset")
    for number, (address, day) in enumerate(addresses):
        if number == MOST_ADDRESSES:
            break
        entry = ElementTree.SubElement(listing, f"{{{SITEMAP}}}url")
        ElementTree.SubElement(entry, f"{{{SITEMAP}}}loc").text = address
        if day:
            ElementTree.SubElement(entry, f"{{{SITEMAP}}}lastmod").text = day.isoformat()
    return _written(listing)


def _say(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = _NOT_XML.sub("\ufffd", text) or None
    return element


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(root: ElementTree.Element) -> bytes:
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
