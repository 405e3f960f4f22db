"""What the far side says of many addresses at once, and what people have said since.

The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers.consent import Consent
from subscribers.states import Event
from subscribers.subscriber import Subscriber
from subscribers.suppression import Reason, Suppression, note_suppressed
from subscribers.transfer import bulk
from subscribers.transfer.settling import complaints_replace

AT_ONCE = 500


class Verdict(NamedTuple):
    """Why an address is not to be mailed again."""

    reason: Reason
    at: datetime  # when the far side said so
    note: str | None = None


def suppress_addresses(session: Session, verdicts: Mapping[bytes, Verdict]) -> int:
    """Never mail these addresses again, by hash; return how many were not yet suppressed for that reason.

    The first reason stays; a complaint replaces any other. A bounce that an admin has lifted since it
    happened says nothing any more.
    """
    lifted = _lifted(session, [digest for digest, said in verdicts.items() if said.reason is Reason.BOUNCED])
    known = _known(session, verdicts)
    new = {
        digest: said
        for digest, said in sorted(verdicts.items())
        if not (digest in lifted and lifted[digest] >= said.at)
        and (digest not in known or (said.reason is Reason.COMPLAINED and known[digest] is not said.reason))
    }
    if new:
        values = {
            "address_hash": list(new),
            "reason": [said.reason for said in new.values()],
            "note": [said.note for said in new.values()],
            "created_at": [said.at for said in new.values()],
        }
        bulk.insert(session, Suppression, values, complaints_replace)
        for digest, said in new.items():
            note_suppressed(session, digest, said.reason, said.at)
    return len(new)


def _known(session: Session, digests: Collection[bytes]) -> dict[bytes, Reason]:
    found: dict[bytes, Reason] = {}
    for some in _parts(digests):
        rows = session.execute(
            select(Suppression.address_hash, Suppression.reason).where(Suppression.address_hash.in_(some))
        )
        found.update((bytes(digest), reason) for digest, reason in rows if digest is not None)
    return found


def _lifted(session: Session, digests: Collection[bytes]) -> dict[bytes, datetime]:
    """Return when a bounce was last lifted, of those where one was."""
    found: dict[bytes, datetime] = {}
    for some in _parts(digests):
        rows = session.execute(
            select(Subscriber.address_hash, func.max(Consent.at))
            .join(Consent, Consent.subscriber_id == Subscriber.id)
            .where(Subscriber.address_hash.in_(some), Consent.event == Event.LIFTED)
            .group_by(Subscriber.address_hash)
        )
        found.update((bytes(digest), at) for digest, at in rows)
    return found


def _parts(digests: Collection[bytes]) -> list[list[bytes]]:
    every = sorted(digests)
    return [every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE)]
