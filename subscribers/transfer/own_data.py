"""All that is held about one person, as one document they can be given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers.addresses import Address, AddressHasher
from subscribers.preferences import AddressChange
from subscribers.store import find, subscriptions
from subscribers.suppression import Suppression
from subscribers.transfer.evidence import acts


def own_data(session: Session, hasher: AddressHasher, address: Address) -> dict[str, Any]:
    """Return what is held about whoever is behind ``address``, ready for JSON.

    Also of somebody who is unknown: then it says so, and whether their address is never mailed.
    """
    person = find(session, hasher, address)
    document: dict[str, Any] = {
        "address": address.value,
        "known": person is not None,
        "never_mailed": _suppressions(session, hasher.digest(address), address.domain),
    }
    if person is None:
        return document
    return document | {
        "person": {
            "id": person.id,
            "address": person.address,
            "language": person.language,
            "attributes": person.attributes,
            "created_at": _iso(person.created_at),
            "erased_at": _iso(person.erased_at),
        },
        "subscriptions": [
            {
                "newsletter": listed.newsletter,
                "status": listed.status.value,
                "cadence": listed.cadence.value,
                "paused_until": listed.paused_until.isoformat() if listed.paused_until else None,
                "tags": list(listed.tags),
                "created_at": _iso(listed.created_at),
                "confirmed_at": _iso(listed.confirmed_at),
                "left_at": _iso(listed.left_at),
            }
            for listed in subscriptions(session, person.id)
        ],
        "consent": acts(session, [person.id]).get(person.id, []),
        "changes_of_address": [
            {"to": change.address, "requested_at": _iso(change.requested_at), "done_at": _iso(change.done_at)}
            for change in session.scalars(
                select(AddressChange)
                .where(AddressChange.subscriber_id == person.id)
                .order_by(AddressChange.id)
            )
        ],
    }


def _suppressions(session: Session, digest: bytes, domain: str) -> list[dict[str, Any]]:
    found = session.scalars(
        select(Suppression)
        .where((Suppression.address_hash == digest) | (Suppression.domain == domain))
        .order_by(Suppression.id)
    )
    return [
        {
            "what": "domain" if one.domain else "address",
            "reason": one.reason.value,
            "note": one.note,
            "since": _iso(one.created_at),
        }
        for one in found
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
