"""Copies in doubt and what was heard: settled where an event speaks, left alone where none does.

Silence proves nothing, so nothing is resent because of it, unless the installation has opted in. Then a
call that nobody has heard of is resent once, when everything speaks for its never having arrived: it had
enough copies that an event would have come by chance, all calls around it that were accepted were heard of
nearly to the last copy, promptly, all of that is applied, the account is well, and half an hour has passed.
The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from newsletter.delivery import control, evidence
from newsletter.delivery.calls import in_batch
from newsletter.delivery.control import Chosen
from newsletter.delivery.evidence import Question
from newsletter.delivery.states import State
from newsletter.delivery.tables import Batch, Call, Delivery
from newsletter.editions.edition import Edition
from newsletter.editions.states import State as EditionState
from newsletter.feedback import accounts, inbox
from newsletter.feedback.tables import Feedback
from newsletter.feedback.troubles import Sort, Trouble

AT_ONCE = 500
NEIGHBOURS = 40  # calls that are asked, on either side of what is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """When silence is enough. ``resends`` is what an installation has opted in to."""

    resends: bool = False
    fewest_copies: int = 100
    wait: timedelta = timedelta(minutes=30)
    heard_percent: float = 99
    prompt: timedelta = timedelta(minutes=10)  # an event of another call that took longer was held up


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A call that was accepted after the silent one was made."""

    accepted: int  # copies
    heard: int  # copies
    ended_at: datetime
    heard_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A call of which nothing was heard, and what is known around it."""

    copies: int
    in_doubt: int
    since: datetime
    neighbours: Sequence[Neighbour]
    is_account_well: bool
    is_all_applied: bool
    was_resent: bool  # it, or another call of its batch
    may_go_out: bool  # its edition


def why_not(silence: Silence, patience: Patience, *, now: datetime) -> str | None:
    """Return why a silent call is not resent; None: everything speaks for its never having arrived."""
    known = [one for one in silence.neighbours if now - one.ended_at >= patience.prompt]
    reasons = (
        (not patience.resends, "nobody has opted in"),
        (silence.was_resent, "it was resent once"),
        (silence.in_doubt < silence.copies, "a part of it is known"),
        (silence.copies < patience.fewest_copies, "it had too few copies for silence to say anything"),
        (now - silence.since < patience.wait, "it is too early"),
        (not silence.is_account_well, "the account is not well, or sending is switched off"),
        (not silence.is_all_applied, "not all feedback is applied"),
        (not silence.may_go_out, "its edition is over, or paused"),
        (not known, "no later call says that events come"),
        (not all(_is_heard(one, patience) for one in known), "events of later calls are missing or held up"),
    )
    return next((why for is_so, why in reasons if is_so), None)


def _is_heard(one: Neighbour, patience: Patience) -> bool:
    return (
        one.heard_at is not None
        and one.heard_at - one.ended_at <= patience.prompt
        and one.heard * 100 >= patience.heard_percent * one.accepted
    )


def look(session: Session, patience: Patience, *, now: datetime) -> list[Trouble]:
    """Settle what single events have shown, and resend what is silent where that is wanted."""
    troubles: list[Trouble] = []
    for question in evidence.questions(session, now=now):
        heard = _heard_of(session, question.batch.edition_id, question.subscriber_ids)
        if heard:
            evidence.settle_copies(session, question.batch, heard)
        elif patience.resends:
            silence = silence_of(session, question, now=now)
            if why_not(silence, patience, now=now) is None:
                troubles.append(_resend(session, question, now=now))
    return troubles


def _heard_of(session: Session, edition_id: int, ids: Iterable[int]) -> list[int]:
    """Return those of these readers whose copy an event has spoken of."""
    every, found = sorted(ids), list[int]()
    for start in range(0, len(every), AT_ONCE):
        found += session.scalars(
            select(Feedback.subscriber_id).where(
                Feedback.edition_id == edition_id,
                Feedback.subscriber_id.in_(every[start : start + AT_ONCE]),
            )
        )
    return found


def silence_of(session: Session, question: Question, *, now: datetime) -> Silence:
    """Return what is known around a call of which nothing was heard."""
    call, batch = question.call, question.batch
    edition = session.get_one(Edition, batch.edition_id)
    again = select(Call.id).where(Call.batch_id == batch.id, Call.resent_at.is_not(None)).limit(1)
    waiting, _ = inbox.waiting(session)
    is_over = edition.deliver_until is not None and edition.deliver_until <= now
    return Silence(
        copies=call.copies,
        in_doubt=len(question.subscriber_ids),
        since=call.closed_at or call.opened_at,
        neighbours=_neighbours(session, call),
        is_account_well=(control.switched_off(session) is None and accounts.is_well(session, call.transport)),
        is_all_applied=waiting == 0 and inbox.failed(session) == 0,
        was_resent=session.scalar(again) is not None,
        may_go_out=edition.state in (EditionState.SENDING, EditionState.FINISHED) and not is_over,
    )


def _neighbours(session: Session, silent: Call) -> list[Neighbour]:
    """Return what is known of calls that were made at the time of the silent one and later.

    The nearest and the newest: events that wait with a provider are those of the time of the silence.
    """
    later = (
        select(Call, Batch)
        .join(Batch, Batch.id == Call.batch_id)
        .where(
            Call.transport == silent.transport,
            Call.id != silent.id,
            Call.opened_at >= silent.opened_at,
            Call.closed_at.is_not(None),
        )
    )
    nearest = session.execute(later.order_by(Call.opened_at, Call.id).limit(NEIGHBOURS)).all()
    newest = session.execute(later.order_by(Call.opened_at.desc(), Call.id.desc()).limit(NEIGHBOURS))
    found: list[Neighbour] = []
    for call, batch in {call.id: (call, batch) for call, batch in [*nearest, *newest]}.values():
        accepted, heard = session.execute(
            select(func.count(), func.count(Feedback.kind))
            .select_from(Delivery)
            .outerjoin(
                Feedback,
                and_(
                    Feedback.edition_id == Delivery.edition_id,
                    Feedback.subscriber_id == Delivery.subscriber_id,
                ),
            )
            .where(*in_batch(batch), Delivery.call_id == call.id, Delivery.state == State.ACCEPTED)
        ).one()
        if accepted:
            ended_at = call.closed_at or call.opened_at
            found.append(Neighbour(accepted=accepted, heard=heard, ended_at=ended_at, heard_at=call.heard_at))
    return found


def _resend(session: Session, question: Question, *, now: datetime) -> Trouble:
    """Send the copies of a call once more, within the time its edition has."""
    edition = session.get_one(Edition, question.batch.edition_id, with_for_update=True)
    until = edition.deliver_until
    count = control.resend(session, edition, Chosen(call_id=question.call.id), now=now)
    edition.deliver_until = until
    question.call.resent_at = question.call.settled_at = now
    session.flush()
    words = f"{count:,} copies of a call of which nothing was heard are sent once more"
    return Trouble(sort=Sort.SILENT, words=words, edition_id=edition.id, facts={"copies": count})
