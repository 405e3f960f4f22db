"""The inbox: posts as they came, written down before they are answered for, and gone once applied.

``put`` is all that a web request does, in one row and one commit, whatever the post holds. The caller
owns the transaction.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.calls import touched
from newsletter.feedback.tables import FeedbackPost

LARGEST_BODY = 5 * 1024 * 1024  # bytes; providers post at most a fifth of it
_LEVEL = 1  # JSON that repeats itself: more would take longer than it saves
_PUT = insert(FeedbackPost)


class Post(NamedTuple):
    """One post, to be read."""

    id: int
    provider: str
    received_at: datetime
    body: bytes


def pack(body: bytes) -> bytes:
    """Return a body as it is kept."""
    return zlib.compress(body, _LEVEL)


def put(session: Session, provider: str, packed: bytes, *, now: datetime) -> None:
    """Write a post down; its body as ``pack`` returns it."""
    session.connection().execute(_PUT, {"provider": provider, "received_at": now, "body": packed})


def next_posts(session: Session, *, limit: int) -> Sequence[Post]:
    """Return the oldest posts that are to be applied."""
    rows = session.execute(
        select(FeedbackPost.id, FeedbackPost.provider, FeedbackPost.received_at, FeedbackPost.body)
        .where(FeedbackPost.failed_because.is_(None))
        .order_by(FeedbackPost.id)
        .limit(limit)
    )
    return [Post(id_, provider, at, zlib.decompress(body)) for id_, provider, at, body in rows]


def take_out(session: Session, ids: Collection[int]) -> bool:
    """Remove posts whose events take effect in this transaction; False: somebody else has them."""
    gone = session.execute(
        delete(FeedbackPost).where(FeedbackPost.id.in_(ids)).execution_options(synchronize_session=False)
    )
    return touched(gone) == len(ids)


def set_aside(session: Session, post_id: int, *, because: str) -> None:
    """Leave a post that cannot be applied for a person, so that it does not stop the others."""
    session.execute(
        update(FeedbackPost)
        .where(FeedbackPost.id == post_id)
        .values(failed_because=because)
        .execution_options(synchronize_session=False)
    )


def waiting(session: Session) -> tuple[int, datetime | None]:
    """Return how many posts are to be applied, and when the oldest came."""
    return session.execute(
        select(func.count(), func.min(FeedbackPost.received_at)).where(FeedbackPost.failed_because.is_(None))
    ).one()


def failed(session: Session) -> int:
    """Return how many posts were set aside."""
    query = select(func.count()).where(FeedbackPost.failed_because.is_not(None))
    return session.scalar(query.select_from(FeedbackPost)) or 0


def retry_failed(session: Session) -> int:
    """Have the posts that were set aside applied once more; return how many."""
    again = session.execute(
        update(FeedbackPost)
        .where(FeedbackPost.failed_because.is_not(None))
        .values(failed_because=None)
        .execution_options(synchronize_session=False)
    )
    return touched(again)
