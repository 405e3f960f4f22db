"""What is in doubt, for the person who is to decide: each call with all that is known of it, and each notice.

A person looks at the far side's own records (SendGrid's Activity, the relay's log) and says what became of a
call: it was accepted, or it is sent again, at the risk that somebody has two. The caller owns the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import control, evidence, notices
from newsletter.delivery.control import Chosen, NothingToDo
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.decision import What, write_down
from newsletter.editions.edition import Edition
from newsletter.editions.states import Kind
from newsletter.feedback import doubt
from newsletter.feedback.doubt import Patience
from newsletter.lanes import Lane
from subscribers import Subscriber, mask

NOTICES_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulCall:
    """A call whose end nobody knows, and the evidence."""

    id: int
    key: str  # its name, as the provider's records show it (``nl_call``)
    newsletter: str
    day: date
    kind: Kind
    edition_id: int
    lane: Lane
    transport: str
    copies: int
    in_doubt: int
    began_at: datetime
    ended_at: datetime | None  # None: its worker died
    reply: str | None  # what is known of the answer
    later_calls: int  # that were accepted
    later_accepted: int  # copies of those
    later_heard: int  # of how many of them something came back
    why_not_resent: str | None  # None: it is about to be

    @property
    def name(self) -> str:
        """How a person calls it."""
        return f"c{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulNotice:
    """A notice whose end nobody knows."""

    id: int
    purpose: str
    newsletter: str | None
    to: str | None  # masked
    created_at: datetime
    reply: str | None

    @property
    def name(self) -> str:
        """How a person calls it."""
        return f"n{self.id}"


def calls(session: Session, patience: Patience, *, now: datetime) -> Sequence[DoubtfulCall]:
    """Return every call that left copies in doubt, the oldest first."""
    return [_told(session, question, patience, now=now) for question in evidence.doubtful(session)]


def in_doubt_notices(session: Session) -> Sequence[DoubtfulNotice]:
    """Return the notices in doubt, the oldest first."""
    found = []
    for notice in notices.in_doubt(session, limit=NOTICES_SHOWN):
        person = session.get(Subscriber, notice.subscriber_id) if notice.subscriber_id is not None else None
        address = person.address if person else notice.address
        found.append(
            DoubtfulNotice(
                id=notice.id,
                purpose=notice.purpose,
                newsletter=notice.newsletter,
                to=mask(address) if address else None,
                created_at=notice.created_at,
                reply=notice.reply,
            )
        )
    return found


def accept(session: Session, name: str, *, who: str, because: str, now: datetime) -> int:
    """Take what a call or a notice left in doubt for accepted; return how many mails that is.

    Raises ``NothingToDo``.
    """
    what, number = _named(name)
    if what == "n":
        notices.settle(session, number, because=because)
        return 1
    edition = _edition_of(session, number)
    count = _some(control.settle(session, edition, Chosen(call_id=number), because=because), name)
    write_down(session, edition, What.SETTLED, who=who, because=f"{name}: {because}", now=now)
    return count


def resend(session: Session, name: str, *, who: str, now: datetime) -> int:
    """Send what a call or a notice left in doubt again; return how many mails that is.

    Raises ``NothingToDo``.
    """
    what, number = _named(name)
    if what == "n":
        notices.resend(session, number, now=now)
        return 1
    edition = _edition_of(session, number)
    count = _some(control.resend(session, edition, Chosen(call_id=number), now=now), name)
    write_down(session, edition, What.RESENT, who=who, because=f"{name}: {count:,} copies", now=now)
    return count


def _named(name: str) -> tuple[str, int]:
    what, digits = name[:1].lower(), name[1:]
    if what not in ("c", "n") or not digits.isdecimal():
        raise NothingToDo(
            f"{name!r} names nothing in doubt; `newsletter doubt` lists names such as c17 and n5"
        )
    return what, int(digits)


def _edition_of(session: Session, call_id: int) -> Edition:
    edition_id = session.scalar(
        select(Batch.edition_id).join(Call, Call.batch_id == Batch.id).where(Call.id == call_id)
    )
    if edition_id is None:
        raise NothingToDo(f"there is no call c{call_id}; `newsletter doubt` lists those in doubt")
    return session.get_one(Edition, edition_id, with_for_update=True, populate_existing=True)


def _some(count: int, name: str) -> int:
    if not count:
        raise NothingToDo(f"{name}: nothing of it is in doubt any more")
    return count


def _told(
    session: Session, question: evidence.Question, patience: Patience, *, now: datetime
) -> DoubtfulCall:
    call, batch = question.call, question.batch
    edition = session.get_one(Edition, batch.edition_id)
    silence = doubt.silence_of(session, question, now=now)
    reply = session.scalar(
        select(Delivery.reply).where(
            Delivery.edition_id == edition.id, Delivery.subscriber_id == question.subscriber_ids[0]
        )
    )
    return DoubtfulCall(
        id=call.id,
        key=call.key,
        newsletter=edition.newsletter,
        day=edition.day,
        kind=edition.kind,
        edition_id=edition.id,
        lane=batch.lane,
        transport=call.transport,
        copies=call.copies,
        in_doubt=len(question.subscriber_ids),
        began_at=call.opened_at,
        ended_at=call.closed_at,
        reply=reply,
        later_calls=len(silence.neighbours),
        later_accepted=sum(one.accepted for one in silence.neighbours),
        later_heard=sum(one.heard for one in silence.neighbours),
        why_not_resent=doubt.why_not(silence, patience, now=now),
    )
