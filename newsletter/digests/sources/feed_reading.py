"""RSS, Atom and JSON Feed read into entries. The one door to feedparser.

Entries come as they were written, unsafe links included: what becomes of them is the business of the same
gate and the same rendering that see every digest.
"""

from __future__ import annotations

import calendar
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urljoin

import feedparser

from newsletter.digests.html import to_markdown
from newsletter.digests.html.inline import plain
from newsletter.digests.html.tree import parse
from newsletter.errors import DigestError
from newsletter.fetching.visits import Page

_ZONE = re.compile(r"(?:Z|[A-Z]{1,5}|[+-]\d{2}:?\d{2})\s*$", re.I)
_JSON_FEED = "https://jsonfeed.org/version/"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One entry; its texts are Markdown."""

    id: str
    title: str  # plain
    url: str  # where it stands on the web; may be empty
    text: str  # all there is of it
    summary: str  # shorter where the feed has both
    published_at: datetime | None
    updated_at: datetime | None


def read_feed(page: Page, *, place: str, tz: tzinfo) -> list[FeedEntry]:
    """Return the entries in the feed's own order, or raise ``DigestError`` when it is none.

    A moment without a zone is in ``tz``.
    """
    if page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return list(_json_entries(page, place, tz))
    headers = {"content-location": page.url}
    if page.charset:
        headers["content-type"] = f"{page.content_type or 'application/xml'}; charset={page.charset}"
    # A stream, because a string or bytes would be tried as an address or a file's name first.
    parsed: Any = feedparser.parse(
        io.BytesIO(page.body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not parsed.get("version"):
        raise _no_feed(place)
    return [_entry(one, page.url, tz) for one in parsed.entries]


def _entry(one: Any, feed_url: str, tz: tzinfo) -> FeedEntry:
    url = _absolute(feed_url, one.get("link", ""))
    base = url or feed_url
    summary = _markdown(one.get("summary", ""), one.get("summary_detail", {}).get("type", ""), base)
    contents = [
        _markdown(each.get("value", ""), each.get("type", ""), base) for each in one.get("content", [])
    ]
    text = max(contents, key=len, default="") or summary
    title = one.get("title", "")
    if one.get("title_detail", {}).get("type") != "text/plain":
        title = plain(parse(title))
    return FeedEntry(
        id=one.get("id") or url or _digest(title + text),
        title=" ".join(title.split()),
        url=url,
        text=text,
        summary=summary or text,
        # A key that is missing must not be asked for: the library answers with another one, and warns.
        published_at=_moment(one, "published", tz) if "published" in one else None,
        updated_at=_moment(one, "updated", tz) if "updated" in one else None,
    )


def _moment(one: Any, key: str, tz: tzinfo) -> datetime | None:
    parsed = one.get(f"{key}_parsed") if f"{key}_parsed" in one else None
    if not parsed:
        return None
    moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    # The library takes a moment without a zone for UTC; whoever leaves it out means local time.
    return moment if _ZONE.search(one.get(key, "")) else moment.replace(tzinfo=tz).astimezone(UTC)


def _markdown(value: str, kind: str, base: str) -> str:
    return value if kind == "text/plain" else to_markdown(value, base=base)


def _absolute(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip()) if url.strip() else ""
    except ValueError:
        return url.strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _no_feed(place: str) -> DigestError:
    return DigestError(
        "is no feed", remedy="let source.feed lead to RSS, Atom or JSON Feed, not to a web page", file=place
    )


# ---- JSON Feed 1.1 ----


def _json_entries(page: Page, place: str, tz: tzinfo) -> Iterator[FeedEntry]:
    try:
        feed = json.loads(page.body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _no_feed(place) from error
    if not isinstance(feed, dict) or not str(feed.get("version", "")).startswith(_JSON_FEED):
        raise _no_feed(place)
    items = feed.get("items")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            texts = {key: value for key, value in item.items() if isinstance(value, str)}
            yield _json_entry(texts, str(item.get("id", "")), page.url, tz)


def _json_entry(item: dict[str, str], key: str, feed_url: str, tz: tzinfo) -> FeedEntry:
    url = _absolute(feed_url, item.get("external_url") or item.get("url", ""))
    html = item.get("content_html", "")
    text = to_markdown(html, base=url or feed_url) if html else item.get("content_text", "")
    title = " ".join(item.get("title", "").split())
    summary = item.get("summary", "")
    return FeedEntry(
        id=key or url or _digest(title + text),
        title=title,
        url=url,
        text=text or summary,
        summary=summary or text,
        published_at=_iso(item.get("date_published", ""), tz),
        updated_at=_iso(item.get("date_modified", ""), tz),
    )


def _iso(text: str, tz: tzinfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=tz)).astimezone(UTC)
