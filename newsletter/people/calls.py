"""Calls that name an ``Idempotency-Key``: each is answered once, and the answer is kept for a day.

A row is written before a call is answered. Where the process dies in between, the key is free again after
ten minutes: the call may then act a second time, which the caller must be able to bear, as without a key.
A call that took longer than that has lost its key, and neither keeps an answer nor frees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from newsletter.people import secret
from newsletter.people.tables import ApiCall

KEPT_FOR = timedelta(days=1)
ANSWERED_WITHIN = timedelta(minutes=10)


class Turn(StrEnum):
    """What becomes of a call."""

    MINE = "mine"  # answer it, and keep the answer
    KEPT = "kept"  # it was answered: the same again
    BUSY = "busy"  # it is being answered
    OTHER = "other"  # the key was used for another call


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was decided, with the answer where there is one."""

    turn: Turn
    status: int = 0
    answer: bytes = b""


def begin(session: Session, caller: str, key: str, call: bytes, *, now: datetime) -> Kept:
    """Take a key for a call, or return what became of the call that has it."""
    at = (caller, secret.digest(key))
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    taken = session.scalars(
        dialect.insert(ApiCall)
        .values(
            caller=caller,
            key_hash=at[1],
            call_hash=secret.digest_of(call),
            began_at=now,
            ends_at=now + KEPT_FOR,
        )
        .on_conflict_do_nothing(index_elements=[ApiCall.caller, ApiCall.key_hash])
        .returning(ApiCall.caller)
    ).first()
    if taken is not None:
        return Kept(turn=Turn.MINE)
    row = session.get_one(ApiCall, at, with_for_update=True)
    is_stuck = row.status is None and now - row.began_at >= ANSWERED_WITHIN
    if row.ends_at <= now or (is_stuck and row.call_hash == secret.digest_of(call)):
        row.call_hash, row.status, row.answer = secret.digest_of(call), None, None
        row.began_at, row.ends_at = now, now + KEPT_FOR
        return Kept(turn=Turn.MINE)
    if row.call_hash != secret.digest_of(call):
        return Kept(turn=Turn.OTHER)
    if row.status is None:
        return Kept(turn=Turn.BUSY)
    return Kept(turn=Turn.KEPT, status=row.status, answer=row.answer or b"")


def keep(session: Session, caller: str, key: str, *, began_at: datetime, status: int, answer: bytes) -> None:
    """Keep the answer to a call that began then."""
    session.execute(update(ApiCall).where(*_is(caller, key, began_at)).values(status=status, answer=answer))


def release(session: Session, caller: str, key: str, *, began_at: datetime) -> None:
    """Let a key be free again: its call failed, and another try may do better."""
    session.execute(delete(ApiCall).where(*_is(caller, key, began_at)))


def _is(caller: str, key: str, began_at: datetime) -> tuple[ColumnElement[bool], ...]:
    return ApiCall.caller == caller, ApiCall.key_hash == secret.digest(key), ApiCall.began_at == began_at


def forget(session: Session, *, now: datetime) -> None:
    """Remove the answers whose day is over."""
    session.execute(delete(ApiCall).where(ApiCall.ends_at <= now))
