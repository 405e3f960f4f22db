"""What was found at the far ends of links, kept so that the next look need not ask again so soon."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, String, Text, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.database import Database
from newsletter.editions.gate.probe import ProbeResult, Reach
from subscribers import Base, UtcDateTime

# How long a result is good for. What is bad is asked again soon: it may have been mended.
GOOD_FOR = {
    Reach.ALIVE: timedelta(hours=6),
    Reach.DEAD: timedelta(minutes=5),
    Reach.UNREACHABLE_FROM_HERE: timedelta(minutes=20),
}
FORGOTTEN_AFTER = timedelta(days=2)


class LinkProbe(Base):
    """The last result for one address."""

    __tablename__ = "link_probe"

    url_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256, hex
    reach: Mapped[str] = mapped_column(String(24))
    status: Mapped[int | None]
    detail: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)


def recall(
    session: Session, urls: Iterable[str], *, now: datetime, however_old: bool = False
) -> dict[str, ProbeResult]:
    """Return the results that are still good, or all that are kept."""
    by_hash = {_hash(url): url for url in urls}
    rows = session.scalars(select(LinkProbe).where(LinkProbe.url_hash.in_(by_hash)))
    return {
        by_hash[row.url_hash]: ProbeResult(
            reach=Reach(row.reach), status=row.status, detail=row.detail, bytes=row.bytes
        )
        for row in rows
        if however_old or now - row.looked_at < GOOD_FOR[Reach(row.reach)]
    }


def remember(database: Database, results: Mapping[str, ProbeResult], *, now: datetime) -> None:
    """Keep what was found just now, in a transaction of its own. What was not checked is no result."""
    rows = [
        LinkProbe(
            url_hash=_hash(url),
            reach=result.reach.value,
            status=result.status,
            detail=result.detail,
            bytes=result.bytes,
            looked_at=now,
        )
        for url, result in sorted(results.items())
        if result.reach in GOOD_FOR
    ]
    if not rows:
        return
    try:
        with database.sessions.begin() as session:
            session.execute(delete(LinkProbe).where(LinkProbe.looked_at < now - FORGOTTEN_AFTER))
            for row in rows:
                session.merge(row)
    except IntegrityError:
        pass  # another process looked at the same moment, and keeps what it found


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
