"""The evidence of consent as a document: what is exported, and what a person may ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers.consent import Consent
from subscribers.transfer.rows import Act

_COLUMNS = tuple(getattr(Consent, name) for name in Act._fields)


def acts(
    session: Session, subscriber_ids: Collection[int], *, newsletter: str | None = None
) -> dict[int, list[dict[str, Any]]]:
    """Return each person's acts, oldest first; what is not known is left out."""
    query = select(Consent.subscriber_id, Consent.newsletter, *_COLUMNS).where(
        Consent.subscriber_id.in_(subscriber_ids)
    )
    if newsletter is not None:
        query = query.where(Consent.newsletter == newsletter)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for subscriber_id, of, *values in session.execute(query.order_by(Consent.id)):
        act = Act._make(values)
        document = act._replace(event=act.event.value, at=act.at.isoformat())._asdict()
        about = {} if newsletter else {"newsletter": of}
        found[subscriber_id].append(
            about | {name: value for name, value in document.items() if value is not None}
        )
    return found
