"""Moving out: a newsletter's people as rows of our own CSV, which ``import`` takes in without loss.

Somebody who is never mailed is exported as bounced, complained, refused or blocked, whatever else they
are, so that no other system mails them. Erased people are not exported, and hashes never are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from subscribers.searching import Sought
from subscribers.subscriber import Subscriber, Subscription
from subscribers.suppression import Suppression
from subscribers.transfer.cells import guard_cell
from subscribers.transfer.evidence import acts
from subscribers.transfer.formats import HEADER
from subscribers.transfer.rows import Standing

PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFilter:
    """Whom to export; by default everybody."""

    standings: frozenset[Standing] = field(default_factory=frozenset[Standing])
    tag: str | None = None
    domain: str | None = None  # normalised, as it stands behind the @
    sought: Sought | None = None  # a segment

    def admits(self, standing: Standing, tags: Sequence[str]) -> bool:
        """Say whether somebody is wanted; the database has seen to the domain and the segment."""
        wanted = not self.standings or standing in self.standings
        return wanted and (self.tag is None or self.tag in tags)


def export_people(session: Session, newsletter: str, which: ExportFilter) -> Iterator[Sequence[str]]:
    """Yield the header and one row per person, by id. No cell is a formula to a spreadsheet.

    A page at a time is in memory; people who come while it runs may or may not be in it.
    """
    yield HEADER
    after = 0
    while page := _page(session, newsletter, which, after):
        after = page[-1].id
        wanted = [(row, _standing(row)) for row in page]
        wanted = [(row, standing) for row, standing in wanted if which.admits(standing, row.tags)]
        evidence = acts(session, [row.id for row, _ in wanted], newsletter=newsletter)
        for row, standing in wanted:
            yield [guard_cell(cell) for cell in _cells(row, standing, evidence.get(row.id, []))]


def _page(session: Session, newsletter: str, which: ExportFilter, after: int) -> Sequence[Any]:
    by_address, by_domain = aliased(Suppression), aliased(Suppression)
    query = (
        select(
            Subscriber.id,
            Subscriber.address,
            Subscriber.language,
            Subscriber.attributes,
            Subscription.status,
            Subscription.cadence,
            Subscription.paused_until,
            Subscription.tags,
            Subscription.created_at,
            Subscription.confirmed_at,
            Subscription.left_at,
            by_address.reason,
            by_address.created_at.label("suppressed_at"),
            by_address.note,
            by_domain.reason.label("domain_reason"),
            by_domain.created_at.label("domain_suppressed_at"),
        )
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .outerjoin(by_address, by_address.address_hash == Subscriber.address_hash)
        .outerjoin(by_domain, by_domain.domain == Subscriber.domain)
        .where(
            Subscription.newsletter == newsletter,
            Subscription.subscriber_id > after,
            Subscriber.address.is_not(None),
        )
        .order_by(Subscription.subscriber_id)
        .limit(PAGE)
    )
    if which.domain:
        query = query.where(Subscriber.domain == which.domain)
    if which.sought:
        query = query.where(which.sought.sql)
    return session.execute(query).all()


def _standing(row: Any) -> Standing:
    return Standing(row.reason or row.domain_reason or row.status)


def _cells(row: Any, standing: Standing, evidence: Sequence[object]) -> Iterator[str]:
    yield row.address
    yield standing.value
    yield row.cadence.value
    yield row.paused_until.isoformat() if row.paused_until else ""
    yield row.language or ""
    yield _json(row.tags)
    yield _json(row.attributes)
    yield _iso(row.created_at)
    yield _iso(row.confirmed_at)
    yield _iso(row.left_at)
    yield _iso(row.suppressed_at or row.domain_suppressed_at)
    yield row.note or ""
    yield _json(evidence)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
