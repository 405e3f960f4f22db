"""Forgetting a person: what identifies them goes, and that they are not to be mailed stays.

What is kept, and why it may be, is in ``docs/decisions/0003-erasure.md``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, null, update
from sqlalchemy.orm import Session

from subscribers.addresses import Address, AddressHasher
from subscribers.consent import Consent
from subscribers.lasting import Fact, Lasting, remember
from subscribers.preferences import AddressChange
from subscribers.states import Event, Status
from subscribers.store import Evidence, find, happen, subscriptions
from subscribers.subscriber import Cadence, Subscriber
from subscribers.suppression import Suppression

ORIGIN = "erasure"


def erase(session: Session, hasher: AddressHasher, address: Address, *, now: datetime) -> bool:
    """Forget whoever is behind ``address``; False when nobody is known by it.

    They leave every list. Twice is the same as once. Nothing is refused: a person may always be
    forgotten, and a suppression of their address holds afterwards, too.
    """
    person = find(session, hasher, address)
    if person is None:
        return False
    forget(session, person, now=now)
    return True


def forget(session: Session, person: Subscriber, *, now: datetime) -> None:
    """Forget a person; see ``erase``."""
    remember(
        session, Fact(what=Lasting.ERASED, at=now, about={"id": person.id, "hash": person.address_hash.hex()})
    )
    for listed in subscriptions(session, person.id):
        if listed.status is not Status.LEFT:
            happen(session, listed, Event.LEFT, evidence=Evidence(origin=ORIGIN), now=now)
        listed.tags, listed.paused_until, listed.cadence = [], None, Cadence.DAILY
    # The one place where evidence is changed: when, what and by which wording stay; by whom goes.
    session.execute(
        update(Consent)
        .where(Consent.subscriber_id == person.id)
        .values(ip=None, user_agent=None, language=None, details=null())
    )
    session.execute(delete(AddressChange).where(AddressChange.subscriber_id == person.id))
    # A note may hold what a mailbox provider said, or an admin wrote, about them.
    session.execute(
        update(Suppression).where(Suppression.address_hash == person.address_hash).values(note=None)
    )
    person.address = person.domain = person.language = None
    person.attributes = {}
    person.erased_at = person.erased_at or now
    session.flush()
