"""What a mail server refuses at the door has the consequences of what comes back later.

A server that knows its readers says at once that a mailbox is gone or full, or that it does not like what we
send; then no bounce follows. Each refused copy is looked at once. Whoever was refused, tried once more and
taken is forgiven. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session

from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import State as EditionState
from newsletter.feedback.apply import apply
from newsletter.feedback.events import Event, Kind, Suppress
from newsletter.feedback.rules import Rules
from newsletter.feedback.tables import Feedback, FeedbackMark
from newsletter.feedback.troubles import Trouble
from newsletter.keys import Keys
from newsletter.replies import Meaning, read

PROVIDER = "door"
AT_ONCE = 2_000  # copies of one look
LOOKED_FOR = timedelta(days=3)  # an edition is over by then
ENDED = (EditionState.FINISHED, EditionState.CANCELLED)


def look(session: Session, *, keys: Keys, rules: Rules, now: datetime) -> list[Trouble]:
    """Let what was refused since the last look take effect; return what people must know."""
    troubles: list[Trouble] = []
    rows = session.execute(
        select(Edition.id, Edition.state, func.sum(Batch.refused))
        .join(Batch, Batch.edition_id == Edition.id)
        .where(Edition.state.in_(SENT), Edition.frozen_at > now - LOOKED_FOR)
        .group_by(Edition.id, Edition.state)
        .order_by(Edition.id)
    ).all()
    for edition_id, state, refused in rows:
        seen = f"{refused or 0}{'' if state not in ENDED else ' ended'}"
        mark = session.get(FeedbackMark, f"{PROVIDER}-{edition_id}")
        if (mark.words if mark else "0") in (seen, f"{seen} ended"):
            continue
        if state in ENDED:
            _forgive(session, edition_id)
        # What is refused while people resume the edition is counted anew, so at its end all is looked at.
        events = _refusals(session, edition_id, whole=state in ENDED, now=now)
        if events:
            applied = apply(session, events, provider=PROVIDER, keys=keys, rules=rules, now=now)
            troubles += applied.troubles
        if len(events) == AT_ONCE:
            continue  # the rest at the next look
        if mark is None:
            session.add(FeedbackMark(name=f"{PROVIDER}-{edition_id}", at=now, words=seen))
        else:
            mark.at, mark.words = now, seen
    session.flush()
    return troubles


def _refusals(session: Session, edition_id: int, *, whole: bool, now: datetime) -> Sequence[Event]:
    """Return the refused copies of an edition of which nothing is written down yet."""
    of_batch = and_(Batch.edition_id == Delivery.edition_id, Batch.number == Delivery.batch_number)
    query = (
        select(Delivery.subscriber_id, Delivery.reply, Batch.lane, Call.closed_at)
        .join(Batch, of_batch if whole else and_(of_batch, Batch.refused > 0))
        .outerjoin(Call, Call.id == Delivery.call_id)
        .outerjoin(
            Feedback,
            and_(
                Feedback.edition_id == Delivery.edition_id, Feedback.subscriber_id == Delivery.subscriber_id
            ),
        )
        .where(
            Delivery.edition_id == edition_id,
            Delivery.state == State.REFUSED,
            Feedback.kind.is_(None),
        )
        .order_by(Delivery.subscriber_id)
        .limit(AT_ONCE)
    )
    events = []
    for subscriber_id, reply, lane, closed_at in session.execute(query):
        meaning = read(reply or "", lane=lane)
        event = Event(
            Kind.BLOCKED, closed_at or now, edition_id, subscriber_id, meaning=meaning, reply=reply or None
        )
        if meaning is Meaning.HARD:
            event = event._replace(kind=Kind.BOUNCED, suppress=Suppress.HARD_BOUNCE)
        events.append(event)
    return events


def _forgive(session: Session, edition_id: int) -> None:
    """Forget what was refused of copies that were taken since: somebody had them tried once more."""
    taken_since = (
        select(Delivery.subscriber_id)
        .join(Call, Call.id == Delivery.call_id)
        .where(
            Delivery.edition_id == edition_id,
            Delivery.subscriber_id == Feedback.subscriber_id,
            Delivery.state == State.ACCEPTED,
            Call.transport != "sendgrid",  # whose clock is not ours, and who tells of it all
            Call.opened_at > Feedback.at,
        )
    )
    session.execute(
        delete(Feedback)
        .where(
            Feedback.edition_id == edition_id,
            Feedback.kind == Kind.BLOCKED,
            taken_since.exists(),
        )
        .execution_options(synchronize_session=False)
    )
