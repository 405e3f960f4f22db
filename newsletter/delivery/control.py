"""What a person may do with an edition that is going out, from any process: the rows carry it.

A sender looks here before every hand-over, so nothing new begins within two seconds. The caller owns the
transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, select, update
from sqlalchemy.orm import Session

from newsletter.delivery.calls import touched
from newsletter.delivery.states import BatchState, Event, State, after, before
from newsletter.delivery.tables import REPLY_LENGTH, SENDING, Batch, Delivery, Switch, told
from newsletter.editions.edition import OPEN, Edition
from newsletter.editions.states import Happening
from newsletter.editions.states import State as EditionState
from newsletter.errors import NewsletterError
from newsletter.lanes import Lane
from newsletter.replies import Meaning, read

AT_ONCE = 1_000  # rows one statement looks at
MORE_TIME = timedelta(hours=6)  # for copies a person sends again after the edition's end


class NothingToDo(NewsletterError):
    """What was asked for cannot be done with an edition in this state. The message says why."""


# ---- stopping and going on ----


def pause(session: Session, edition: Edition, *, because: str) -> None:
    """Let nothing more of an edition begin; what is on its way ends."""
    edition.becomes(Happening.PAUSED)
    edition.stopped_because = because


def resume(session: Session, edition: Edition) -> None:
    """Let a paused edition go on."""
    edition.becomes(Happening.RESUMED)
    edition.stopped_because = None
    # Whoever resumes has seen what was refused: the limit counts anew. And the engine is told anew.
    _set(session, (Batch.edition_id == edition.id,), {"accepted": 0, "refused": 0, "enqueued_at": None})


def cancel(session: Session, edition: Edition, *, because: str) -> int:
    """End an edition for good: withdraw what was not handed over; return how many copies that is.

    What another worker has in flight at this moment ends by itself, and what it gives back is withdrawn
    by ``end_cancelled``.
    """
    edition.becomes(Happening.CANCELLED)
    edition.stopped_because = because
    return _close_waiting(session, edition, Event.WITHDRAWN, f"cancelled: {because}")


def end_cancelled(session: Session) -> None:
    """Withdraw what workers gave back of editions that were cancelled meanwhile."""
    for edition in session.scalars(
        select(Edition).where(
            Edition.state == EditionState.CANCELLED,
            exists().where(Batch.edition_id == Edition.id, Batch.state == BatchState.WAITING),
        )
    ):
        _close_waiting(session, edition, Event.WITHDRAWN, f"cancelled: {edition.stopped_because or ''}")


def switch_off(session: Session, *, because: str, now: datetime) -> None:
    """Stop all sending of editions, on every host, until ``switch_on``."""
    row = session.get(Switch, SENDING)
    if row is None:
        session.add(Switch(name=SENDING, off_at=now, because=(told(because, REPLY_LENGTH) or "")))


def switch_on(session: Session) -> bool:
    """Let sending go on; say whether it was off."""
    row = session.get(Switch, SENDING)
    if row is not None:
        session.delete(row)
        _set(session, (Batch.state == BatchState.WAITING,), {"enqueued_at": None})
    return row is not None


def switched_off(session: Session) -> Switch | None:
    """Return the switch when sending is off."""
    return session.get(Switch, SENDING)


def why_not(session: Session, batch: Batch, *, now: datetime) -> str | None:
    """Return why no copy of ``batch``, as it was claimed, may be handed over at this moment; None: it may."""
    state, until, is_off, mailing_id = session.execute(
        select(Edition.state, Edition.deliver_until, exists().where(Switch.name == SENDING), Batch.mailing_id)
        .join(Batch, Batch.edition_id == Edition.id)
        .where(Batch.id == batch.id)
    ).one()
    if is_off:
        return "sending is switched off"
    if state is not EditionState.SENDING:
        return f"the edition is {state}"
    if until is not None and until <= now:
        return "the edition has reached its end"
    if mailing_id != batch.mailing_id:
        return "the edition was revised"
    return None


# ---- the end ----


def expire(session: Session, *, now: datetime) -> int:
    """Give up what is left of editions past their end; return how many copies that is.

    What a worker holds is given up when it gives it back.
    """
    late = session.scalars(
        select(Edition).where(
            Edition.state.in_(OPEN),
            Edition.deliver_until <= now,
            exists().where(Batch.edition_id == Edition.id, Batch.state == BatchState.WAITING),
        )
    ).all()
    reply = "not handed over before the edition's end"
    return sum(_close_waiting(session, edition, Event.EXPIRED, reply) for edition in late)


def _close_waiting(session: Session, edition: Edition, event: Event, reply: str) -> int:
    """Let ``event`` happen to all that waits in batches that nobody holds, and close these."""
    # Locked first: a batch that is claimed at this moment is left to its worker.
    ids = session.execute(
        select(Batch.id, Batch.number)
        .where(Batch.edition_id == edition.id, Batch.state == BatchState.WAITING)
        .with_for_update(skip_locked=True)
    ).all()
    count = 0
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        closed = session.execute(
            update(Delivery)
            .where(
                Delivery.edition_id == edition.id,
                Delivery.batch_number.in_([number for _, number in some]),
                Delivery.state.in_(before(event)),
            )
            .values(state=after(event), reply=told(reply, REPLY_LENGTH))
            .execution_options(synchronize_session=False)
        )
        count += touched(closed)
        session.execute(
            update(Batch)
            .where(Batch.id.in_([id_ for id_, _ in some]))
            .values(state=BatchState.DONE)
            .execution_options(synchronize_session=False)
        )
    return count


# ---- refused and in doubt ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which copies a person means; what is not said is not asked."""

    meanings: frozenset[Meaning] = frozenset()  # of the refusal, as it reads now
    words: str = ""  # somewhere in the reply
    lane: Lane | None = None
    subscriber_id: int | None = None
    call_id: int | None = None  # of the last attempt


def retry(session: Session, edition: Edition, chosen: Chosen, *, now: datetime) -> int:
    """Try refused copies once more; return how many."""
    return _send_again(session, edition, chosen, State.REFUSED, Event.RETRIED, now=now)


def resend(session: Session, edition: Edition, chosen: Chosen, *, now: datetime) -> int:
    """Send copies in doubt again, at the risk that somebody has two; return how many."""
    return _send_again(session, edition, chosen, State.IN_DOUBT, Event.RESENT, now=now)


def settle(session: Session, edition: Edition, chosen: Chosen, *, because: str) -> int:
    """Take copies in doubt for accepted, because a person found out; return how many."""
    count = 0
    reply = told(f"settled by hand: {because}", REPLY_LENGTH)
    for _, ids in _matching(session, edition, chosen, State.IN_DOUBT):
        count += _change(session, edition, ids, Event.SETTLED, reply)
    return count


def count(session: Session, edition: Edition, chosen: Chosen, state: State) -> int:
    """Count the copies in a state that are meant; changes nothing."""
    return sum(len(ids) for _, ids in _matching(session, edition, chosen, state))


def _send_again(
    session: Session, edition: Edition, chosen: Chosen, state: State, event: Event, *, now: datetime
) -> int:
    if edition.state is EditionState.CANCELLED:
        raise NothingToDo("the edition was cancelled; nothing of it goes out again")
    changed = 0
    for number, ids in _matching(session, edition, chosen, state):
        batch = (Batch.edition_id == edition.id, Batch.number == number)
        # Held first: a worker that gives it back at this moment sees these copies, or is waited for.
        session.execute(select(Batch.id).where(*batch).with_for_update())
        again = _change(session, edition, ids, event, None)
        anew: dict[str, Any] = {"deferrals": 0, "walked_to": 0}
        if event is Event.RETRIED:  # what is refused again is not counted twice
            anew["refused"] = case((Batch.refused > again, Batch.refused - again), else_=0)
        _set(session, batch, anew)
        waiting = {"state": BatchState.WAITING, "due_at": now, "enqueued_at": None}
        _set(session, (*batch, Batch.state == BatchState.DONE), waiting)
        changed += again
    if changed:
        edition.becomes(Happening.JOINED)
        edition.finished_at = None
        if edition.deliver_until is not None:
            edition.deliver_until = max(edition.deliver_until, now + MORE_TIME)
    return changed


def _set(session: Session, which: Sequence[ColumnElement[bool]], values: Mapping[str, Any]) -> None:
    session.execute(update(Batch).where(*which).values(values).execution_options(synchronize_session=False))


def _matching(
    session: Session, edition: Edition, chosen: Chosen, state: State
) -> Iterator[tuple[int, list[int]]]:
    """Yield (batch number, subscribers) of the copies that are meant, a page at a time."""
    where: list[ColumnElement[bool]] = [Delivery.edition_id == edition.id, Delivery.state == state]
    if chosen.subscriber_id is not None:
        where.append(Delivery.subscriber_id == chosen.subscriber_id)
    if chosen.call_id is not None:
        where.append(Delivery.call_id == chosen.call_id)
    rows = session.execute(select(Batch.number, Batch.lane).where(Batch.edition_id == edition.id))
    lanes = {number: lane for number, lane in rows}  # noqa: C416 - rows, not pairs, to a type checker
    last = 0
    while True:
        rows = session.execute(
            select(Delivery.subscriber_id, Delivery.batch_number, Delivery.reply)
            .where(*where, Delivery.subscriber_id > last)
            .order_by(Delivery.subscriber_id)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        found: dict[int, list[int]] = {}
        for id_, number, reply in rows:
            lane = lanes[number]
            fits = chosen.lane in (None, lane) and chosen.words in (reply or "")
            if fits and (not chosen.meanings or read(reply or "", lane=lane) in chosen.meanings):
                found.setdefault(number, []).append(id_)
        yield from found.items()


def _change(session: Session, edition: Edition, ids: list[int], event: Event, reply: str | None) -> int:
    changed = session.execute(
        update(Delivery)
        .where(
            Delivery.edition_id == edition.id,
            Delivery.subscriber_id.in_(ids),
            Delivery.state.in_(before(event)),
        )
        .values(state=after(event), reply=reply)
        .execution_options(synchronize_session=False)
    )
    return touched(changed)


# ---- the threshold ----


def over_limit(session: Session, edition: Edition, *, percent: float, after_outcomes: int) -> str | None:
    """Return why an edition must be paused because too much of it is refused; None: it need not."""
    accepted, refused = session.execute(
        select(func.coalesce(func.sum(Batch.accepted), 0), func.coalesce(func.sum(Batch.refused), 0)).where(
            Batch.edition_id == edition.id
        )
    ).one()
    known = accepted + refused
    if known < after_outcomes or refused * 100 <= percent * known:
        return None
    return f"{refused:,} of {known:,} copies were refused ({refused * 100 / known:.0f} %)"
