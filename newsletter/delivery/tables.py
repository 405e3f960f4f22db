"""The rows of the ledger. Only ``newsletter.delivery.ledger`` writes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from newsletter.delivery.states import CODES, BatchState, State
from newsletter.lanes import Lane
from subscribers import Base, BigId, Choice, UtcDateTime

REPLY_LENGTH = 500
NAME_LENGTH = 255
SENDING = "sending"  # the name of the switch that stops all editions
_STATES = {code: state for state, code in CODES.items()}


def told(words: str | None, length: int) -> str | None:
    """Return the far side's words as a column takes them: PostgreSQL refuses NUL, and length is bounded."""
    return (words or "").replace("\0", "")[:length] or None


class StateCode(TypeDecorator[State]):
    """A delivery's state as a small number: there is one row per reader per day."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: State | None, dialect: Dialect) -> int | None:
        """Write the number."""
        return None if value is None else CODES[State(value)]

    def process_result_value(self, value: Any, dialect: Dialect) -> State | None:
        """Read the state back."""
        return None if value is None else _STATES[value]


class Batch(Base):
    """A slice of an edition's deliveries for one mailing and one lane: what a worker claims.

    Its deliveries are those with its number and a subscriber between ``first`` and ``last``; other
    batches' deliveries may lie in that range too.
    """

    __tablename__ = "batch"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    edition_id: Mapped[int] = mapped_column(BigId, ForeignKey("edition.id"))
    number: Mapped[int]
    mailing_id: Mapped[int] = mapped_column(BigId, ForeignKey("mailing.id"))
    lane: Mapped[Lane] = mapped_column(Choice(Lane))
    size: Mapped[int]
    first_subscriber_id: Mapped[int] = mapped_column(BigId)
    last_subscriber_id: Mapped[int] = mapped_column(BigId)
    state: Mapped[BatchState] = mapped_column(Choice(BatchState))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(String(64))
    lease_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deferrals: Mapped[int] = mapped_column(default=0)  # walks after which copies of it had to wait
    # How far the present walk over its copies has come; what waits behind is for the next walk.
    walked_to: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    # Counted as outcomes come in, so that a sum over batches tells how an edition goes. The books
    # count deliveries.
    accepted: Mapped[int] = mapped_column(default=0, server_default="0")
    refused: Mapped[int] = mapped_column(default=0, server_default="0")
    enqueued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the engine was last told

    __table_args__ = (UniqueConstraint("edition_id", "number"), Index(None, "state", "due_at"))


class Call(Base):
    """One attempt to hand copies over: the intent, written before, and what the provider named it."""

    __tablename__ = "call"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)  # random: what providers echo
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("batch.id"))
    # What was handed over. None: the batch's, as it was before there were revisions.
    mailing_id: Mapped[int | None] = mapped_column(BigId)
    transport: Mapped[str] = mapped_column(String(16))
    copies: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    provider_id: Mapped[str | None] = mapped_column(String(255))
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the first event about the whole of it
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # it is over and left nothing in doubt
    resent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by us, after it stayed silent

    __table_args__ = (
        Index(None, "batch_id"),
        # The few that may have left something in doubt.
        Index(
            "ix_call_open_question",
            "opened_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )


class Delivery(Base):
    """One reader's copy of one edition. The key makes a second one impossible."""

    __tablename__ = "delivery"

    # No foreign key to the person: erasing one never rewrites history. None to the edition either:
    # it would be checked once per reader, and the ledger is the only writer.
    edition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    subscriber_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    batch_number: Mapped[int]
    state: Mapped[State] = mapped_column(StateCode)
    call_id: Mapped[int | None] = mapped_column(BigId)  # the last attempt
    provider_id: Mapped[str | None] = mapped_column(String(NAME_LENGTH))  # when it differs from the call's
    reply: Mapped[str | None] = mapped_column(String(REPLY_LENGTH))  # why not, in the far side's words

    __table_args__ = ({"sqlite_with_rowid": False},)


class LanePace(Base):
    """How a lane goes, over all hosts; what ``pacing`` decides from."""

    __tablename__ = "lane_pace"

    lane: Mapped[Lane] = mapped_column(Choice(Lane), primary_key=True)
    free_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the next copy may go
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    throttles: Mapped[int] = mapped_column(default=0)  # in a row
    day: Mapped[date | None] = mapped_column(Date)  # the local day of ``taken``
    taken: Mapped[int] = mapped_column(default=0)


class Switch(Base):
    """A switch for all hosts: while its row is there, what it names is off."""

    __tablename__ = "switch"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    off_at: Mapped[datetime] = mapped_column(UtcDateTime)
    because: Mapped[str] = mapped_column(String(REPLY_LENGTH))  # by whom, and why


class Notice(Base):
    """One email to one person that belongs to no edition. Same states, same sender."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(24))  # confirmation, my_link, alarm, test …
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    priority: Mapped[int] = mapped_column(SmallInteger, default=0)  # higher goes first
    newsletter: Mapped[str | None] = mapped_column(String(40))
    subscriber_id: Mapped[int | None] = mapped_column(BigId)
    address: Mapped[str | None] = mapped_column(String(320))  # for a person who is no subscriber
    mailing: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[State] = mapped_column(StateCode)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(String(64))
    lease_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deferrals: Mapped[int] = mapped_column(default=0)
    provider_id: Mapped[str | None] = mapped_column(String(255))
    reply: Mapped[str | None] = mapped_column(String(REPLY_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    call_key: Mapped[str | None] = mapped_column(String(32))  # of the last attempt: what providers echo
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the first event about that attempt

    __table_args__ = (Index(None, "state", "due_at"), Index(None, "subscriber_id"))
