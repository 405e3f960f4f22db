"""Coming back to an address: what it said the last time is remembered, and only a change is fetched.

A source is looked at every minute of a morning. Its server answers "not modified" to most of that, and we
know since when it says what it says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy import LargeBinary, String, Text, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.clock import Clock
from newsletter.database import Database
from newsletter.fetching.fetcher import Fetched, Fetcher
from subscribers import Base, UtcDateTime

MOST_BYTES = 5_000_000  # of one page; it is a row too
FORGOTTEN_AFTER = timedelta(days=30)


class KeptPage(Base):
    """What an address said the last time, and how to ask whether it still does."""

    __tablename__ = "kept_page"

    url_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256, hex
    etag: Mapped[str] = mapped_column(Text)
    last_modified: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    final_url: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when we first saw this body


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an address says now."""

    status: int  # never 304
    url: str  # where it came from in the end
    content_type: str  # without its parameters
    charset: str
    body: bytes
    changed_at: datetime  # by its own word, else when we first saw this body
    is_dated: bool  # whether that is its own word


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Fetches pages again and again, politely. Its transactions are short: none is open while it waits."""

    fetcher: Fetcher
    database: Database
    clock: Clock

    def get(self, url: str, *, accept: str) -> Page:
        """Return what ``url`` says now. Raise ``FetchRefused`` or ``FetchFailed``."""
        url_hash = hashlib.sha256(url.encode()).hexdigest()
        with self.database.readers() as session:
            kept = session.get(KeptPage, url_hash)
        headers = {"Accept": accept}
        if kept and kept.etag:
            headers["If-None-Match"] = kept.etag
        if kept and kept.last_modified:
            headers["If-Modified-Since"] = kept.last_modified
        fetcher = replace(self.fetcher, max_bytes=min(self.fetcher.max_bytes, MOST_BYTES))
        fetched = fetcher.get(url, headers=headers)
        now = self.clock()
        if fetched.status == 304 and kept:
            return _page(kept, 200, now)
        new = _kept(url_hash, fetched, now)
        if fetched.status != 200:
            return _page(new, fetched.status, now)
        if kept and kept.body == new.body:
            new.changed_at = kept.changed_at
        if not kept or (kept.body, kept.etag, kept.last_modified) != (new.body, new.etag, new.last_modified):
            self._remember(new, now)
        return _page(new, 200, now)

    def _remember(self, page: KeptPage, now: datetime) -> None:
        try:
            with self.database.sessions.begin() as session:
                session.execute(delete(KeptPage).where(KeptPage.changed_at < now - FORGOTTEN_AFTER))
                session.merge(_copy(page))
        except IntegrityError:
            pass  # another process saw it first, and remembers it


def _copy(page: KeptPage) -> KeptPage:
    return KeptPage(**{column.key: getattr(page, column.key) for column in KeptPage.__table__.columns})


def _kept(url_hash: str, fetched: Fetched, now: datetime) -> KeptPage:
    return KeptPage(
        url_hash=url_hash,
        # What could not be sent back as a header is of no use.
        etag=_sendable(fetched.headers.get("etag", "")),
        last_modified=_sendable(fetched.headers.get("last-modified", "")),
        content_type=fetched.headers.get("content-type", ""),
        final_url=fetched.url,
        body=fetched.body,
        changed_at=now,
    )


def _sendable(value: str) -> str:
    return value if value.isascii() and value.isprintable() and len(value) <= 500 else ""


def _page(kept: KeptPage, status: int, now: datetime) -> Page:
    own_word = _moment(kept.last_modified)
    is_dated = own_word is not None and own_word <= now
    kind, _, parameters = kept.content_type.partition(";")
    return Page(
        status=status,
        url=kept.final_url,
        content_type=kind.strip().lower(),
        charset=_charset(parameters),
        body=kept.body,
        changed_at=own_word if own_word is not None and is_dated else kept.changed_at,
        is_dated=is_dated,
    )


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'").lower()
    return ""


def _moment(header: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
