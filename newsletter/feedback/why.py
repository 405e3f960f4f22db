"""Why did I not get it? What became of one person's copy of each edition of a day, from the rows alone.

Owed or not, and why; when it was handed over and what the far side said; what came back. The words for
it are in the catalogs (``why.<fate>``), for a reader and for whoever runs the installation. Changes
nothing; the caller opens the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import folding
from newsletter.delivery.states import State
from newsletter.delivery.tables import Call, Delivery
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Kind as EditionKind
from newsletter.editions.states import State as EditionState
from newsletter.feedback.events import Kind
from newsletter.feedback.tables import Feedback
from newsletter.replies import Meaning, read
from subscribers import Event, Reason, Subscriber, Subscription, history, suppression_of


class Fate(StrEnum):
    """What became of one edition for one person."""

    NONE = "none"  # no edition on this day
    COMING = "coming"  # it has not gone out
    UNLISTED = "unlisted"  # they are not on this list
    LATER = "later"  # they joined after it had gone out
    FORGOTTEN = "forgotten"  # its copies are folded into counts
    PENDING = "pending"
    LEFT = "left"
    SUPPRESSED = "suppressed"
    PAUSED = "paused"
    CADENCE = "cadence"
    ERASED = "erased"
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REFUSED = "refused"
    DOUBTED = "doubted"
    ACCEPTED = "accepted"  # nothing has come back
    DEFERRED = "deferred"
    DROPPED = "dropped"
    DELIVERED = "delivered"
    BLOCKED = "blocked"
    UNSUBSCRIBED = "unsubscribed"  # delivered, and then
    BOUNCED = "bounced"
    COMPLAINED = "complained"  # delivered, and then


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """One edition and one person."""

    newsletter: str
    day: date
    fate: Fate
    kind: EditionKind = EditionKind.DAILY
    serial: int = 1
    subject: str | None = None
    has_gone_out: bool = False
    is_owed: bool = False
    suppressed: Reason | None = None  # as it is now
    because: str | None = None  # withdrawn, skipped: why
    handed_over_at: datetime | None = None
    said: str | None = None  # by the far side, at the hand-over
    came_back_at: datetime | None = None
    came_back: str | None = None  # in the far side's words
    meaning: Meaning | None = None  # of a failure

    def as_json(self) -> dict[str, object]:
        """Return it for ``--json``."""
        return {
            "newsletter": self.newsletter,
            "day": self.day.isoformat(),
            "kind": self.kind.value,
            "serial": self.serial,
            "subject": self.subject,
            "fate": self.fate.value,
            "owed": self.is_owed,
            "suppressed": self.suppressed.value if self.suppressed else None,
            "because": self.because,
            "handed_over_at": _iso(self.handed_over_at),
            "said": self.said,
            "came_back_at": _iso(self.came_back_at),
            "came_back": self.came_back,
            "meaning": self.meaning.value if self.meaning else None,
        }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def tell(session: Session, newsletter: str, person: Subscriber, day: date) -> Sequence[Tale]:
    """Return what became of each edition of a day for a person; one tale at least."""
    editions = session.scalars(
        select(Edition).where(Edition.newsletter == newsletter, Edition.day == day).order_by(Edition.id)
    ).all()
    tales = [_tale(session, edition, person) for edition in editions]
    # An edition for others (the weekly one, a correction) is no news to whoever was never to get it.
    own = [
        tale
        for tale in tales
        if tale.is_owed
        or (tale.kind is not EditionKind.CORRECTION and (tale.fate is not Fate.CADENCE or len(tales) == 1))
    ]
    if own or tales:
        return own or tales[:1]
    suppression = suppression_of(session, person)
    suppressed = suppression.reason if suppression else None
    return [Tale(newsletter=newsletter, day=day, fate=Fate.NONE, suppressed=suppressed)]


def recent(session: Session, newsletter: str, person: Subscriber, *, most: int) -> Sequence[Tale]:
    """Return the newest editions that have gone out, and what became of them for a person."""
    days = session.scalars(
        select(Edition.day)
        .where(Edition.newsletter == newsletter, Edition.state.in_(SENT))
        .distinct()
        .order_by(Edition.day.desc())
        .limit(most)
    ).all()
    return [tale for day in days for tale in tell(session, newsletter, person, day)]


def _tale(session: Session, edition: Edition, person: Subscriber) -> Tale:
    suppression = suppression_of(session, person)
    about: dict[str, Any] = {
        "newsletter": edition.newsletter,
        "day": edition.day,
        "kind": edition.kind,
        "serial": edition.serial,
        "subject": edition.subject,
        "has_gone_out": edition.state in SENT,
        "suppressed": suppression.reason if suppression else None,
    }
    copy = session.get(Delivery, (edition.id, person.id))
    if copy is not None:
        return Tale(**about, is_owed=True, **_owed(session, edition, copy))
    if edition.state not in SENT:
        is_none = edition.state in (EditionState.SKIPPED, EditionState.MISSING)
        return Tale(**about, fate=Fate.NONE if is_none else Fate.COMING, because=edition.stopped_because)
    if folding.is_folded(session, edition.id):
        return Tale(**about, fate=Fate.FORGOTTEN)
    return Tale(**about, fate=_excluded(session, edition, person))


# ---- owed ----

_STATES = {
    State.WAITING: Fate.WAITING,
    State.IN_FLIGHT: Fate.WAITING,
    State.DEFERRED: Fate.WAITING,
    State.ACCEPTED: Fate.ACCEPTED,
    State.REFUSED: Fate.REFUSED,
    State.IN_DOUBT: Fate.DOUBTED,
    State.WITHDRAWN: Fate.WITHDRAWN,
    State.EXPIRED: Fate.EXPIRED,
}
_KINDS = {kind: Fate(kind.value) for kind in Kind if kind.value in set(Fate)}


def _owed(session: Session, edition: Edition, copy: Delivery) -> dict[str, Any]:
    call = session.get(Call, copy.call_id) if copy.call_id is not None else None
    found: dict[str, Any] = {"fate": _STATES[copy.state]}
    if copy.state is State.WITHDRAWN:
        return found | {"because": copy.reply}
    found |= {"said": copy.reply}
    if call is not None:
        found["handed_over_at"] = call.opened_at
    if copy.state is State.REFUSED:
        found["meaning"] = read(copy.reply or "")
    back = session.get(Feedback, (edition.id, copy.subscriber_id))
    if back is not None and copy.state in (State.ACCEPTED, State.IN_DOUBT):
        found |= {
            "fate": _KINDS[back.kind],
            "came_back_at": back.at,
            "came_back": back.reply,
            "meaning": back.meaning,
        }
    return found


# ---- not owed ----


def _excluded(session: Session, edition: Edition, person: Subscriber) -> Fate:
    """Return why a person was not owed an edition that has gone out, as far as the rows still tell."""
    listed = session.get(Subscription, (edition.newsletter, person.id))
    if listed is None:
        return Fate.UNLISTED
    frozen_at = edition.frozen_at or edition.created_at
    if listed.created_at >= frozen_at:
        return Fate.LATER
    acts = [
        act.event
        for act in history(session, person.id)
        if act.newsletter == edition.newsletter and act.at < frozen_at
    ]
    last = acts[-1] if acts else None
    if last is Event.LEFT:
        return Fate.LEFT
    if last in (Event.ASKED, Event.LIFTED):
        return Fate.PENDING
    if person.address is None:
        return Fate.ERASED
    suppression = suppression_of(session, person)
    if suppression is not None and suppression.created_at <= frozen_at:
        return Fate.SUPPRESSED
    if listed.paused_until is not None and listed.paused_until > edition.day:
        return Fate.PAUSED
    # A pause that was taken back since leaves no trace but the count.
    counted = [why for why in ("cadence", "paused", "suppressed") if edition.excluded.get(why)]
    return Fate(counted[0]) if counted else Fate.CADENCE
