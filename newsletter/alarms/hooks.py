"""The outbox of webhooks and pings: written with what they tell of, taken under a lease, posted once.

A post that was accepted is never made again. One whose worker died, or whose answer was lost, is made
again: an alarm is better heard twice than not at all, and its ``id`` says that it is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter.alarms.cause import Cause
from newsletter.alarms.tables import REPLY_LENGTH, Alarm, Hook, HookState

PING = "ping:"  # before the newsletter whose good morning is told
EVENT = "event:"  # before the webhook that hears what readers and editions do; alarms go first
MOST_ATTEMPTS, MOST_OF_EVENTS = 8, 24
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
LONGEST_OF_EVENTS = timedelta(hours=3)  # so that they are tried for more than two days


def put(
    session: Session,
    *,
    key: str,
    target: str,
    content: Mapping[str, Any],
    now: datetime,
    alarm_id: int | None = None,
) -> bool:
    """Write down what is to be posted; False when the occasion has its post."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    written = session.scalars(
        dialect.insert(Hook)
        .values(
            key=key,
            alarm_id=alarm_id,
            target=target,
            content=dict(content),
            state=HookState.WAITING,
            attempts=0,
            due_at=now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Hook.key])
        .returning(Hook.id)
    )
    return written.first() is not None


def is_due(session: Session, *, now: datetime, only: Cause | None = None) -> bool:
    """Say whether ``take`` would find anything. Reads only."""
    return session.scalar(select(Hook.id).where(_due(now, only)).limit(1)) is not None


def take(
    session: Session, *, owner: str, now: datetime, lease: timedelta, only: Cause | None = None
) -> Hook | None:
    """Lease the next post that is due to ``owner``, also one whose worker died; None when there is none.

    ``only`` admits what is about alarms of one cause.
    """
    is_due = _due(now, only)
    due = select(Hook.id).where(is_due).order_by(Hook.target.startswith(EVENT), Hook.due_at, Hook.id).limit(1)
    return session.scalars(
        update(Hook)
        .where(Hook.id == due.with_for_update(skip_locked=True).scalar_subquery(), is_due)
        .values(state=HookState.POSTING, owner=owner, lease_ends_at=now + lease, attempts=Hook.attempts + 1)
        .returning(Hook)
        .execution_options(populate_existing=True)
    ).one_or_none()


def accepted(session: Session, hook: Hook, *, reply: str, now: datetime) -> None:
    """Write that a post was accepted. A late word of a worker that lost its lease is believed."""
    session.execute(
        update(Hook)
        .where(Hook.id == hook.id)
        .values(state=HookState.ACCEPTED, reply=_told(reply), lease_ends_at=None, ended_at=now)
    )


def refused(session: Session, hook: Hook, *, reply: str, now: datetime, is_final: bool = False) -> bool:
    """Write that a post failed; say whether it will be tried again."""
    is_event = hook.target.startswith(EVENT)
    is_over = is_final or hook.attempts >= (MOST_OF_EVENTS if is_event else MOST_ATTEMPTS)
    longest = LONGEST_OF_EVENTS if is_event else LONGEST_PAUSE
    session.execute(
        update(Hook)
        # Only while it is still ours: another worker may have had it accepted meanwhile.
        .where(Hook.id == hook.id, Hook.state == HookState.POSTING, Hook.owner == hook.owner)
        .values(
            state=HookState.FAILED if is_over else HookState.WAITING,
            reply=_told(reply),
            lease_ends_at=None,
            due_at=now + pause_after(hook.attempts, longest=longest),
            ended_at=now if is_over else None,
        )
    )
    return not is_over


def pause_after(attempts: int, *, longest: timedelta = LONGEST_PAUSE) -> timedelta:
    """Return how long to wait after so many attempts: 5 s, 15 s, 45 s … the longest pause."""
    return min(FIRST_PAUSE * 3 ** (attempts - 1), longest)


def of_alarms(session: Session, alarm_ids: Sequence[int]) -> Sequence[Hook]:
    """Return what was to be posted about some alarms, oldest first."""
    return session.scalars(select(Hook).where(Hook.alarm_id.in_(alarm_ids)).order_by(Hook.id)).all()


def failed_since(session: Session, since: datetime) -> Sequence[Hook]:
    """Return what was given up since then, oldest first; of events see ``of_events``."""
    return session.scalars(
        select(Hook)
        .where(Hook.state == HookState.FAILED, Hook.ended_at >= since, ~Hook.target.startswith(EVENT))
        .order_by(Hook.id)
    ).all()


def of_events(session: Session, name: str) -> tuple[Mapping[HookState, int], Hook | None]:
    """Return how many events a webhook has in each state, and the one that was answered last."""
    of_it = Hook.target == EVENT + name
    counts = session.execute(select(Hook.state, func.count()).where(of_it).group_by(Hook.state))
    last = select(Hook).where(of_it, Hook.reply.is_not(None)).order_by(Hook.id.desc()).limit(1)
    return dict(iter(counts)), session.scalars(last).first()


def forget_events(session: Session, *, before: datetime) -> None:
    """Remove the events that were told, or given up, before a moment."""
    session.execute(delete(Hook).where(Hook.target.startswith(EVENT), Hook.ended_at < before))


def _due(now: datetime, only: Cause | None) -> ColumnElement[bool]:
    is_due = or_(
        and_(Hook.state == HookState.WAITING, Hook.due_at <= now),
        and_(Hook.state == HookState.POSTING, Hook.lease_ends_at <= now),
    )
    if only is None:
        return is_due
    return and_(is_due, Hook.alarm_id.in_(select(Alarm.id).where(Alarm.cause == only)))


def _told(reply: str) -> str | None:
    return reply.replace("\0", "")[:REPLY_LENGTH] or None
